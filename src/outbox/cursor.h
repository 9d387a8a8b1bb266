/* cursor.h - the deliveries that a filter chooses, a slice at a time.
 *
 * A cursor goes through the deliveries in order, by key, and looks at
 * CURSOR_SLICE of them a step: some milliseconds, a read of its own each, so
 * that a screen can show how far it is and a key can stop it. Ids, users, the
 * states failed, sending, skipped and discarded, reasons and codes other than
 * of success have a way in of their own: their first page comes with the first
 * step. Deliveries that change on the way are found or not, none twice.
 *
 *     cursor_begin(&cursor, &filter, CURSOR_BY_ID, true, now_ms);
 *     while (!cursor.done && count < wanted) {
 *         if (!cursor_step(store, &cursor, ids + count, wanted - count,
 *                          &found, err))
 *             return false;
 *         count += found;
 *     }
 *
 * For the page before a row, begin one the other way and go behind that row.
 * Plain data, nothing to free; a copy goes on from the same place. The store's
 * thread. */
#ifndef OUTBOX_CURSOR_H
#define OUTBOX_CURSOR_H

#include "base/err.h"
#include "outbox/filter.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { CURSOR_SLICE = 2000 };

/* Those by user and by reason go through the failed ones only; within one
 * user or reason the order is by id. */
enum cursor_order { CURSOR_BY_ID, CURSOR_BY_USER, CURSOR_BY_REASON };

struct cursor {
    struct filter filter;
    enum cursor_order order;
    bool is_downwards; /* newest first; Z to A */
    int64_t now_ms;    /* ages are counted from it */
    bool done;         /* there are no more */
    int64_t looked;    /* rows looked at so far */
    int64_t found;     /* rows found so far */
    /* where it stands: behind this row */
    bool has_place;
    int64_t id;
    char key[FILTER_USER_BYTES]; /* its user or reason */
    /* for cursor_share() */
    int64_t start_id, end_id;
    int64_t failed;
};

/* Start at one end: downwards at the newest id (or the last user or reason),
 * else at the other. filter is copied. */
void cursor_begin(struct cursor *cursor, const struct filter *filter,
                  enum cursor_order order, bool is_downwards, int64_t now_ms);

/* Go on behind this delivery instead, which need not match; by id, it need not
 * even be there. Else fails with ERR_NOT_FOUND. */
MUST_CHECK bool cursor_go_behind(struct store *store, struct cursor *cursor,
                                 int64_t id, struct err *err);

/* Look at the next slice; *count of the ids that it found are in ids, limit at
 * most, and the cursor stands behind the last of them or at the slice's end.
 * Nothing found does not mean done. ids NULL: count them only, in found. */
MUST_CHECK bool cursor_step(struct store *store, struct cursor *cursor,
                            int64_t *ids, int limit, int *count,
                            struct err *err);

/* How far it is, in thousandths: an estimate. */
int cursor_share(const struct cursor *cursor);

/* Where the counters know how many a filter chooses (a state, or all), say so
 * at once: *is_known, *count. Else count them with cursor_step(). */
MUST_CHECK bool cursor_count(struct store *store, const struct filter *filter,
                             bool *is_known, int64_t *count, struct err *err);

#endif
