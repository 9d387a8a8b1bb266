/* backoff.h - when to try again. Pure arithmetic: no clock, no I/O. */
#ifndef DELIVERY_BACKOFF_H
#define DELIVERY_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t base_ms; /* ceiling of the first wait; > 0 */
    int64_t cap_ms;  /* no wait is longer than this; >= base_ms */
};

/* Return how many milliseconds to wait after the given failed attempt
 * (1 = the first; less counts as 1). The ceiling doubles with each attempt up
 * to cap_ms, and the wait is drawn evenly from [0, ceiling], so that
 * deliveries which failed together do not return together. random must be
 * uniform over all 32-bit values. Never less than floor_ms, which is what the
 * server asked for (0: nothing asked). Cannot fail. */
int64_t backoff_ms(const struct backoff *policy, int attempt, uint32_t random,
                   int64_t floor_ms);

#endif
