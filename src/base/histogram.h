/* histogram.h - how often values fell into which range.
 *
 * Whole numbers of some unit (milliseconds, events) against a constant table
 * of bounds. Counted by any thread and read by any other, without a lock: a
 * reader may see a value counted in its range and not yet in the sum. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_MOST_BOUNDS = 24 };

struct histogram {
    const int64_t *bounds; /* ascending; borrowed, at most the most */
    size_t bound_count;
    /* Each of its own range: over the bound before, up to this one. The last
     * one has no upper end. */
    _Atomic int64_t counts[HISTOGRAM_MOST_BOUNDS + 1];
    _Atomic int64_t sum;
};

/* Empty it. The bounds must live as long as the histogram. */
void histogram_init(struct histogram *histogram, const int64_t *bounds,
                    size_t bound_count);

/* Count one value; a negative one as 0 (a clock jumped). */
void histogram_add(struct histogram *histogram, int64_t value);

#endif
