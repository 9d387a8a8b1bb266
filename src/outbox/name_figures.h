/* name_figures.h - what a screen tells of the names sent to Intercom, beside
 * the names themselves (outbox.h) and whom a change touches (operation.h). */
#ifndef OUTBOX_NAME_FIGURES_H
#define OUTBOX_NAME_FIGURES_H

#include "base/err.h"
#include "event/catalog.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

struct name_figures {
    int64_t version;    /* 1: the defaults; every change adds one, and so does
                           taking one back */
    char who[64];       /* made the last change; "": there was none */
    int64_t changed_ms; /* valid with who */
    int64_t sent[KIND_COUNT]; /* delivered in the last 24 h, to the minute */
};
MUST_CHECK bool name_figures_read(struct store *store, int64_t now_ms,
                                  struct name_figures *figures,
                                  struct err *err);

/* The failed ones by kind, counted in slices: begin with all 0. */
struct name_failures {
    int64_t failed[KIND_COUNT]; /* [KIND_NONE]: without a data event */
    int64_t after_id;           /* counted up to this one */
};
enum { NAME_FAILURES_SLICE = 2000 };
/* Count the next slice. *more is false when all are counted. */
MUST_CHECK bool name_failures_count(struct store *store,
                                    struct name_failures *failures, bool *more,
                                    struct err *err);

/* The newest change of a kind's name that is not taken back: the one that
 * operation_undo() takes back to the version before. Fails with ERR_NOT_FOUND.
 */
MUST_CHECK bool name_figures_find_change(struct store *store,
                                         enum event_kind kind, int64_t *id,
                                         struct err *err);

#endif
