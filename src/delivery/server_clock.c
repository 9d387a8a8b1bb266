#include "delivery/server_clock.h"

/* Clocks drift apart by up to 100 parts in a million: 1 ms in 10 s. */
static const int64_t MS_PER_DRIFTED_MS = 10 * 1000;

void server_clock_init(struct server_clock *clock)
{
    *clock = (struct server_clock){0};
}

static void widen(struct server_clock *clock, int64_t now_ms)
{
    int64_t drift_ms = (now_ms - clock->learned_ms) / MS_PER_DRIFTED_MS;
    if (drift_ms <= 0)
        return;
    clock->least_ms -= drift_ms;
    clock->most_ms += drift_ms;
    clock->learned_ms += drift_ms * MS_PER_DRIFTED_MS;
}

void server_clock_learn(struct server_clock *clock,
                        const struct server_glimpse *glimpse)
{
    int64_t least_ms = glimpse->from_ms - glimpse->came_ms;
    int64_t most_ms = glimpse->until_ms - glimpse->sent_ms;
    widen(clock, glimpse->came_ms);
    bool contradicts = least_ms > clock->most_ms || most_ms < clock->least_ms;
    if (!clock->is_known || contradicts) {
        *clock = (struct server_clock){
            .is_known = true,
            .least_ms = least_ms,
            .most_ms = most_ms,
            .learned_ms = glimpse->came_ms,
        };
        return;
    }
    clock->least_ms = least_ms > clock->least_ms ? least_ms : clock->least_ms;
    clock->most_ms = most_ms < clock->most_ms ? most_ms : clock->most_ms;
}
