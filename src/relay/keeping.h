/* keeping.h - what settled longer ago than --keep leaves the outbox by itself,
 * beside the sending: a short page now and then (outbox/prune.h), and where
 * the file allows it, room that it will not need again goes back.
 *
 * Pages take a tenth of the time at most. Between walks it asks for no wake-up
 * of its own: a new one begins when the relay is awake anyway. */
#ifndef RELAY_KEEPING_H
#define RELAY_KEEPING_H

#include "base/clock.h"
#include "base/err.h"
#include "outbox/prune.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

enum keeping_task {
    KEEPING_RESTS,
    KEEPING_PRUNES,
    KEEPING_GIVES_BACK,
};

struct keeping {
    int64_t keep_ms; /* 0: for ever; counters and the like are pruned still */
    enum keeping_task task;
    struct prune walk;
    int64_t next_ms;       /* monotonic: no page or walk before */
    int64_t whole_walk_ms; /* monotonic: the next walk from the first id */
};

/* The first walk may begin at once. */
void keeping_init(struct keeping *keeping, int64_t keep_ms);

/* How long from now (monotonic) until the next page; INT64_MAX: no wake-up is
 * needed for it. */
int64_t keeping_time_to_page(const struct keeping *keeping, int64_t now_ms);

/* Do the next page if it is time; *wrote says if it took the write lock. Its
 * transaction is its own. Fails as prune_step() does: the page is tried again
 * a minute later. */
MUST_CHECK bool keeping_work(struct keeping *keeping, struct store *store,
                             const struct clock *clock, bool *wrote,
                             struct err *err);

#endif
