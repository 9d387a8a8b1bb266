/* list.h - the one list: rows of which one is under the cursor, seen through a
 * window, however many there are.
 *
 * Of a long list only the rows near the window are held; it reads on by key,
 * both ways, in slices, through callbacks. Reading again never moves the
 * reader's line: the window stays at its top row, and the cursor on its own
 * row, wherever that is now. list_move() only moves and notes what has to be
 * read; list_work() reads. Of a short list whose rows are held elsewhere
 * (kind NULL) it is only the cursor. One owner, one thread. */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include "base/err.h"
#include "outbox/store.h"
#include "tui/canvas.h"
#include "tui/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIST_MOST_READ = 400 }; /* rows that are asked for at once */

/* A look at the source of a long list. */
struct list_read {
    bool is_start;    /* a new look; else go on where the last slice ended */
    const void *from; /* a row; NULL: the end where the list begins, or (with
                       * backwards) the other one */
    bool backwards;   /* rows before it, the nearest first; else after it */
    bool inclusive;   /* and itself, if it is still there */
    int limit;
    void *rows;   /* set: room for limit */
    int count;    /* set: how many */
    bool is_done; /* set: there are no more. Else, with fewer than limit, the
                   * slice is used up: call again */
};

struct list_kind {
    size_t row_bytes;
    /* Read a slice: some milliseconds at most. */
    bool (*read)(void *context, struct store *store, struct list_read *read,
                 struct err *err);
    /* True if both are the same thing, perhaps changed meanwhile. */
    bool (*is_same)(const void *a, const void *b);
    void (*free_row)(void *row); /* what it owns */
};

/* What has to be read. */
enum list_load {
    LIST_LOAD_NOTHING,
    LIST_LOAD_AGAIN, /* the window, from its top row */
    LIST_LOAD_FIRST, /* from the beginning */
    LIST_LOAD_LAST,  /* from the end */
    LIST_LOAD_AFTER, /* behind the last row held */
    LIST_LOAD_BEFORE,
};

struct list {
    const struct list_kind *kind; /* NULL: the rows are elsewhere */
    void *rows;                   /* owned; with a kind */
    int count;                    /* rows held */
    int cursor, top;              /* rows; 0 without any */
    int height;                   /* lines of the window */
    bool is_first_held, is_last_held;
    /* What is under way. */
    enum list_load load;
    int step;          /* rows to move on by, as they come */
    int window_step;   /* … and the window with the cursor */
    int left;          /* rows that are still wanted */
    bool is_started;   /* a slice was read */
    bool is_before;    /* AGAIN has read forwards and now reads back */
    struct list_rows { /* what came so far and is not shown yet; owned */
        void *rows;
        int count;
    } after, before; /* before: the nearest first */
};

void list_init(struct list *list, const struct list_kind *kind);
void list_free(struct list *list);

/* The window has so many lines now. */
void list_set_height(struct list *list, int height);

/* Without a kind: there are so many rows now, and the cursor's row is this one
 * (-1: it is gone, the cursor stays in its place). */
void list_set_count(struct list *list, int count, int cursor);

/* Move as the action says. False: it is not about moving. */
bool list_move(struct list *list, enum action action);
/* Move to the row that is shown in this line of the window. False: there is
 * none. *again is true if the cursor was there already. */
bool list_click(struct list *list, int line, bool *again);
/* Take what is about the list: a move, or a click in this line of the window.
 * False: the view has to act on *action; a click on the cursor's own row is
 * ACTION_OPEN now. */
bool list_take_action(struct list *list, enum action *action, int line);

/* Read the window again, or (reset) forget all rows and begin at the first. */
void list_refresh(struct list *list);
void list_reset(struct list *list);

/* Something has to be read, or is being read. */
bool list_is_loading(const struct list *list);
/* Read a slice. *more: call again. */
MUST_CHECK bool list_work(struct list *list, void *context, struct store *store,
                          bool *more, struct err *err);
/* Stop reading; what was found so far stays. */
void list_stop(struct list *list);

/* The row under the cursor; NULL: there is none. With a kind. */
const void *list_cursor_row(const struct list *list);
const void *list_row(const struct list *list, int index);

/* Draw the window from this line of the canvas on: draw_row() for each row, and
 * the cursor. */
void list_draw(const struct list *list, struct canvas *canvas, int line,
               void (*draw_row)(const void *context, int index,
                                struct canvas *canvas, int line),
               const void *context);

#endif
