#include "base/histogram.h"

#include <assert.h>

void histogram_init(struct histogram *histogram, const int64_t *bounds,
                    size_t bound_count)
{
    assert(bound_count <= HISTOGRAM_MOST_BOUNDS);
    histogram->bounds = bounds;
    histogram->bound_count = bound_count;
    for (size_t i = 0; i <= HISTOGRAM_MOST_BOUNDS; i++)
        atomic_init(&histogram->counts[i], 0);
    atomic_init(&histogram->sum, 0);
}

void histogram_add(struct histogram *histogram, int64_t value)
{
    size_t range = 0;
    if (value < 0)
        value = 0;
    while (range < histogram->bound_count && value > histogram->bounds[range])
        range++;
    atomic_fetch_add_explicit(&histogram->counts[range], 1,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum, value, memory_order_relaxed);
}
