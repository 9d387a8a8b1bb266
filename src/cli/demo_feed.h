/* demo_feed.h - the application of a live demo: what its users buy, renew and
 * cancel while somebody watches. Made up, always the same from the beginning. A
 * thread of its own with a store of its own; start and stop from one thread. */
#ifndef CLI_DEMO_FEED_H
#define CLI_DEMO_FEED_H

#include "base/buf.h"
#include "base/err.h"
#include "outbox/store.h"

#include <stdint.h>

enum { DEMO_FEED_USERS = 60 };

/* Add the webhook body of event number (from 0), as it would come now. */
void demo_feed_write_event(int64_t number, int64_t now_ms, struct buf *out);

/* Put events number from … from + count - 1 into the outbox: one transaction.
 */
MUST_CHECK bool demo_feed_put(struct store *store, int64_t from, int64_t count,
                              int64_t now_ms, struct err *err);

struct demo_feed; /* owned by who started it */

/* From here on put one event every interval_ms, the first of them number from.
 * What a busy or full file refuses is put later. */
MUST_CHECK bool demo_feed_start(const char *database, int64_t from,
                                int interval_ms, struct demo_feed **feed,
                                struct err *err);
/* End the thread and free it. NULL is fine. */
void demo_feed_stop(struct demo_feed *feed);

#endif
