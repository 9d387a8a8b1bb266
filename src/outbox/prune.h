/* prune.h - what settled long ago leaves the outbox, and so does what would
 * else grow without end: old tombstones, counters by the minute, what finished
 * operations found, plans that nobody started.
 *
 * A walk goes through the deliveries in id order, a page a step; each step is
 * a short transaction of its own, or only a look where there is nothing to do.
 * Delivered, skipped and discarded ones go; failed ones never. The event's id
 * stays as a tombstone, so that a late repeat is still known. The store's
 * thread. */
#ifndef OUTBOX_PRUNE_H
#define OUTBOX_PRUNE_H

#include "base/clock.h"
#include "base/err.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PRUNE_PAGE = 200,  /* deliveries that one step erases at most */
    PRUNE_LOOK = 2000, /* deliveries that one step looks at */
};

/* How long a tombstone is kept: longer than anybody repeats a webhook. */
#define PRUNE_TOMBSTONES_MS (400 * INT64_C(86400000))
/* Counters by the minute. */
#define PRUNE_MINUTES_MS (14 * INT64_C(86400000))
/* A plan that was neither started nor given up: its process was killed. */
#define PRUNE_PLANS_MS (INT64_C(86400000))

/* What a walk is about, and how far it is. Set the first part, leave the rest
 * 0; read it freely. */
struct prune {
    int64_t now_ms;    /* wall clock */
    int64_t before_ms; /* what settled before this goes; OUTBOX_NO_TIME: only
                          the leftovers of other tables */
    int64_t page_ms;   /* a step ends after this long; 0: no limit */
    const char *who;   /* an operator's: recorded as an operation. NULL: not */
    const char *words; /* … with these words. Both borrowed */
    bool dry_run;      /* count only */

    int64_t after_id;  /* all up to here have been looked at */
    int64_t resume_id; /* … and this is where a later walk may go on */
    bool looked_at_all;
    int64_t operation_id;                  /* 0: none yet */
    int64_t delivered, skipped, discarded; /* pruned */
    int64_t failed;                        /* as old, and left */
    int64_t leftovers;                     /* rows of other tables */
    bool done;
};

/* Go one page further. Fails as store_begin() does; then nothing of this page
 * happened, and the walk can go on later. */
MUST_CHECK bool prune_step(struct store *store, struct prune *prune,
                           const struct clock *clock, struct err *err);

#endif
