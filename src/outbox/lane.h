/* lane.h - the step that keeps one user's deliveries in order, for src/outbox.
 *
 * A lane has at most one row that is sending or has a due time (design,
 * "Lanes"); a lane in which something waits has one. Whoever changes a lane
 * calls lane_clear_due() before and lane_make_due() after, in the same
 * transaction. A change that takes the due time from the head itself, or is
 * made while the head is sending, needs only the second.
 *
 * A row that becomes pending otherwise than by its INSERT, or comes in with an
 * id that is not the largest of its lane, has put_back = 1 from then on. */
#ifndef OUTBOX_LANE_H
#define OUTBOX_LANE_H

#include "base/err.h"
#include "outbox/store.h"

#include <stdint.h>

/* Take the due time from the lane's head, before the lane changes. *from_id is
 * for lane_make_due(). */
MUST_CHECK bool lane_clear_due(struct store *store, const char *lane,
                               int64_t *from_id, struct err *err);

/* Make the lane's head due at its own not-before time: the row with an unknown
 * outcome if there is one, else the lowest pending id; none while one is being
 * sent. from_id is where the lane stands: the head that was, which may still be
 * pending. */
MUST_CHECK bool lane_make_due(struct store *store, const char *lane,
                              int64_t from_id, struct err *err);

/* A head that has just settled. */
struct lane_settled {
    const char *lane; /* borrowed */
    int64_t id;
    int64_t user_id; /* the lane's row in outbox_user; 0: it is not known */
};

/* The same, quicker, in lanes whose heads have just settled: each of its own.
 */
MUST_CHECK bool lane_make_next_due(struct store *store,
                                   const struct lane_settled *settled,
                                   int count, struct err *err);

#endif
