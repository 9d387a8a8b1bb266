#include "support/fake_clock.h"

#include <assert.h>

static int64_t wall_ms(void *context)
{
    return ((struct fake_clock *)context)->wall_ms;
}

static int64_t monotonic_ms(void *context)
{
    return ((struct fake_clock *)context)->monotonic_ms;
}

void fake_clock_init(struct fake_clock *clock)
{
    *clock = (struct fake_clock){
        .clock = {.context = clock,
                  .wall_ms = wall_ms,
                  .monotonic_ms = monotonic_ms},
        .wall_ms = INT64_C(1787565600000),
        .monotonic_ms = INT64_C(3600000),
    };
}

void fake_clock_advance(struct fake_clock *clock, int64_t by_ms)
{
    assert(by_ms >= 0);
    clock->wall_ms += by_ms;
    clock->monotonic_ms += by_ms;
}
