/* deliveries_count.h - how many deliveries a filter chooses: counted in slices,
 * and again when that is cheap. Plain data; the main thread. */
#ifndef TUI_DELIVERIES_COUNT_H
#define TUI_DELIVERIES_COUNT_H

#include "base/err.h"
#include "outbox/cursor.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nothing was counted. */
struct deliveries_count {
    struct cursor cursor; /* while is_counting */
    bool is_counting;
    bool is_known; /* matching is of this filter, if not of this moment */
    int64_t matching;
    int64_t took_ms, next_ms; /* wall clock */
};

/* Begin to count, unless it is being done, or was a moment ago: a count that
 * took long is not made again so soon. */
void deliveries_count_begin(struct deliveries_count *count,
                            const struct filter *filter, int64_t now_ms);

/* Count a slice, while is_counting. The number shown grows with it the first
 * time; later the one before stays until there is a new one. */
MUST_CHECK bool deliveries_count_slice(struct deliveries_count *count,
                                       struct store *store, int64_t now_ms,
                                       struct err *err);

/* Stop, and do not begin again by itself. */
void deliveries_count_stop(struct deliveries_count *count);

#endif
