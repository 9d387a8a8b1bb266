/* names_edit.h - the lower pane of screen 3: a name as it is typed, a real
 * event before and after, whom it touches, what to be careful about.
 *
 * Part of names_view.h, which calls it; the question itself is prompt.h's. */
#ifndef TUI_NAMES_EDIT_H
#define TUI_NAMES_EDIT_H

#include "base/buf.h"
#include "base/err.h"
#include "event/names.h"
#include "outbox/name_preview.h"
#include "outbox/operation.h"
#include "outbox/store.h"
#include "tui/canvas.h"

#include <stdbool.h>
#include <stdint.h>

struct model;

struct names_edit {
    enum event_kind kind; /* KIND_NONE: none is edited */
    bool is_asked;        /* the question is open; else it opens with load */
    int64_t sample_id;    /* the delivery that it is about; 0: any */
    struct operation_name_effect effect;   /* valid if has_effect */
    struct operation_name_effect counting; /* if is_counting */
    bool has_effect, is_counting;
    struct name_preview preview; /* delivery_id 0: not read */
    struct names wished;         /* valid if refusal is "" */
    char refusal[sizeof(((struct err *)0)->text)];
    struct buf before, after; /* the event with the names of now and then */
    struct buf warnings;      /* a line each */
};

void names_edit_init(struct names_edit *edit);
void names_edit_free(struct names_edit *edit);

/* Edit this kind's name: the question opens with the next names_edit_load(). */
void names_edit_begin(struct model *model, enum event_kind kind,
                      int64_t sample_id);
bool names_edit_is_open(const struct model *model);

/* The names have been read (again). */
void names_edit_load(struct model *model);
/* Count the next slice of whom it touches; read the event. */
MUST_CHECK bool names_edit_work(struct model *model, struct store *store,
                                bool *more, struct err *err);

/* The lines that the pane would like to have. */
int names_edit_lines(const struct model *model);
/* Draw it into so many lines: what matters least is left out first. */
void names_edit_draw(const struct model *model, struct canvas *canvas, int line,
                     int lines);

#endif
