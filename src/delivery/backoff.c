#include "delivery/backoff.h"

#include <assert.h>

static int64_t ceiling_ms(const struct backoff *policy, int attempt)
{
    int64_t ceiling = policy->base_ms;
    for (int i = 1; i < attempt && ceiling < policy->cap_ms; i++)
        ceiling = ceiling > policy->cap_ms / 2 ? policy->cap_ms : ceiling * 2;
    return ceiling;
}

/* Evenly from [0, ceiling]. In two halves, so that no product overflows. */
static int64_t draw(int64_t ceiling, uint32_t random)
{
    uint64_t span = (uint64_t)ceiling + 1;
    uint64_t high = (span >> 32) * random;
    uint64_t low = ((span & UINT32_MAX) * random) >> 32;
    return (int64_t)(high + low);
}

int64_t backoff_ms(const struct backoff *policy, int attempt, uint32_t random,
                   int64_t floor_ms)
{
    assert(policy->base_ms > 0 && policy->cap_ms >= policy->base_ms);
    int64_t wait_ms = draw(ceiling_ms(policy, attempt), random);
    return wait_ms > floor_ms ? wait_ms : floor_ms;
}
