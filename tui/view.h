/* view.h - what a screen is: a few functions over the model.
 *
 * Each view has a file of its own, VIEW.h with its state (plain data, so that
 * tests fill it) and VIEW.c; view.c has the one table of them. load() and
 * work() read the database into the model; update() changes the model alone;
 * draw() reads the model alone. */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "base/err.h"
#include "outbox/store.h"
#include "tui/canvas.h"
#include "tui/keys.h"

#include <stdbool.h>

struct model;

enum screen {
    SCREEN_OVERVIEW, /* the first four have tabs, in this order */
    SCREEN_DELIVERIES,
    SCREEN_NAMES,
    SCREEN_OPERATIONS,
    SCREEN_TABS, /* how many */
    SCREEN_DELIVERY = SCREEN_TABS,
    SCREEN_BODY,
    SCREEN_ITEMS,
    SCREEN_HELP,
    SCREEN_COUNT
};

struct view {
    const char *title; /* of the tab; of help's section */
    enum keys_place place;
    /* Make the view's state (model->VIEW) and free it. */
    void (*make)(struct model *model);
    void (*free)(struct model *model);
    /* Read what is shown: called before the first draw, after the database has
     * changed, after a key that set model->wants_load, when the size changed.
     * Quick; what may take longer is left to work(). */
    bool (*load)(struct model *model, struct store *store, struct err *err);
    /* Do some milliseconds of longer work. *more: call again. NULL: none. */
    bool (*work)(struct model *model, struct store *store, bool *more,
                 struct err *err);
    /* Do what the key means here. Keys that mean the same everywhere, and those
     * that mean nothing here, do not come. */
    void (*update)(struct model *model, enum action action);
    /* Lines 2 … 22 (and 23 without a message) are the view's; frame.h. */
    void (*draw)(const struct model *model, struct canvas *canvas);
    /* The hint for the message line when there is no message; NULL: none. */
    const char *(*hint)(const struct model *model);
};

const struct view *view_of(enum screen screen);

#endif
