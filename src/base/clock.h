/* clock.h - what time it is: one of the relay's three seams, so that it can
 * run under simulated time. Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
    void *context;
    /* UTC milliseconds since 1970. Can jump, both ways. */
    int64_t (*wall_ms)(void *context);
    /* Milliseconds since some start. Never goes back. */
    int64_t (*monotonic_ms)(void *context);
};

/* The system's clocks. Borrowed, lives for ever. */
const struct clock *clock_system(void);

int64_t clock_wall_ms(const struct clock *clock);
int64_t clock_monotonic_ms(const struct clock *clock);

#endif
