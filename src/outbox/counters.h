/* counters.h - what a transaction changes of the counters, for src/outbox.
 *
 * Gathered in memory and written once, at the commit: a turn that ends a
 * hundred deliveries updates a handful of rows. */
#ifndef OUTBOX_COUNTERS_H
#define OUTBOX_COUNTERS_H

#include "base/err.h"
#include "outbox/connection.h"

#include <stdint.h>

/* Add to outbox_count: a state, "delivered_ever" or "delivered_calls". */
void counters_add(struct store *store, const char *name, int64_t delta);

/* Add to outbox_backlog: a pending delivery of this kind ("" without one) that
 * arrived then. */
void counters_add_backlog(struct store *store, int64_t arrived_ms,
                          const char *kind, int64_t delta);

/* Add one to outbox_minute. */
void counters_add_minute(struct store *store, int64_t now_ms, const char *kind,
                         const char *outcome);

/* Write all of it into the open transaction, and forget it. */
MUST_CHECK bool counters_flush(struct store *store, struct err *err);

/* Forget it: the transaction is given up. */
void counters_clear(struct store *store);

void counters_free(struct counters *counters);

#endif
