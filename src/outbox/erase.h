/* erase.h - a delivery leaves the outbox, for src/outbox: with its event,
 * attempts and calls, and a tombstone for the event's id in their place. */
#ifndef OUTBOX_ERASE_H
#define OUTBOX_ERASE_H

#include "base/err.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

/* A delivery as it was found. */
struct erase {
    int64_t id;
    char state[16];
    char kind[32]; /* "" without one */
    int64_t arrived_ms;
};

/* Erase it in the open transaction, if it is still in that state, and settled
 * before settled_before_ms (OUTBOX_NO_TIME: whenever); *erased says if it was.
 * Counters follow. The lane's step is the caller's, if it was not settled. */
MUST_CHECK bool erase_delivery(struct store *store, const struct erase *found,
                               int64_t settled_before_ms, int64_t now_ms,
                               bool *erased, struct err *err);

#endif
