/* fake_clock.h - time that passes only when a test says so. */
#ifndef SUPPORT_FAKE_CLOCK_H
#define SUPPORT_FAKE_CLOCK_H

#include "base/clock.h"

#include <stdint.h>

struct fake_clock {
    struct clock clock; /* the seam */
    int64_t wall_ms;
    int64_t monotonic_ms;
};

/* 2026-08-24 10:00:00 UTC, an hour after the machine started. */
void fake_clock_init(struct fake_clock *clock);

/* Let time pass; by_ms >= 0. To set the wall clock alone, write wall_ms. */
void fake_clock_advance(struct fake_clock *clock, int64_t by_ms);

#endif
