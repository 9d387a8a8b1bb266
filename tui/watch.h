/* watch.h - the operation that line 23 of every screen tells of: the one that
 * is applied now, else the newest retry of which deliveries still wait to be
 * sent. */
#ifndef TUI_WATCH_H
#define TUI_WATCH_H

#include "base/err.h"
#include "outbox/operation.h"
#include "outbox/store.h"
#include "tui/canvas.h"
#include "tui/outcomes.h"

#include <stdbool.h>
#include <stdint.h>

struct watch {
    bool has_row;
    struct operation_row row; /* owned; valid if has_row */
    bool is_running;          /* it is being applied; else it is a retry that
                                 is done, and its deliveries are sent */
    struct outcomes outcomes; /* of such a retry */
    int64_t over_id;          /* of a retry of which nothing waits any more */
    int64_t next_ms, took_ms; /* when to count again; how long it took */
};

void watch_free(struct watch *watch);

/* Choose it anew; now_ms is wall clock. */
MUST_CHECK bool watch_load(struct watch *watch, struct store *store,
                           int64_t now_ms, struct err *err);
/* Count a slice. *more: call again. */
MUST_CHECK bool watch_work(struct watch *watch, struct store *store,
                           int64_t now_ms, bool *more, struct err *err);

/* Tell of it. False: there is nothing to tell. */
bool watch_draw(const struct watch *watch, struct canvas *canvas, int line);

#endif
