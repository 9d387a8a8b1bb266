#include "delivery/breaker.h"

#include "delivery/backoff.h"

#include <assert.h>

/* Between probes while open. Never at once: what failed a moment ago fails
 * again. */
static const struct backoff probe_policy = {.base_ms = 2000, .cap_ms = 60000};
static const int64_t SHORTEST_PROBE_MS = 1000;

static const int64_t DOUBLING_MS = 1000;
enum { MOST_DOUBLINGS = 20 };

/* FNV-1a: lanes are only compared. */
static uint64_t hash_lane(const char *lane)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *lane != '\0'; lane++)
        hash = (hash ^ (unsigned char)*lane) * UINT64_C(1099511628211);
    return hash;
}

static bool knows_lane(const struct breaker *breaker, uint64_t hash)
{
    for (int i = 0; i < breaker->failures; i++) {
        if (breaker->lanes[i] == hash)
            return true;
    }
    return false;
}

static void plan_probe(struct breaker *breaker, int64_t now_ms, uint32_t random)
{
    breaker->probe_ms = now_ms + backoff_ms(&probe_policy, breaker->probes + 1,
                                            random, SHORTEST_PROBE_MS);
}

static void open_breaker(struct breaker *breaker, int64_t now_ms,
                         uint32_t random)
{
    *breaker = (struct breaker){.is_open = true};
    plan_probe(breaker, now_ms, random);
}

/* A failure while open is the probe's, or that of a delivery which was under
 * way when it opened: that one says nothing new. */
static void take_failure_while_open(struct breaker *breaker, int64_t now_ms,
                                    uint32_t random)
{
    breaker->waits_for_result = false;
    if (!breaker->probe_under_way)
        return;
    breaker->probe_under_way = false;
    breaker->probes++;
    plan_probe(breaker, now_ms, random);
}

void breaker_init(struct breaker *breaker)
{
    *breaker = (struct breaker){0};
}

void breaker_take_result(struct breaker *breaker, const char *lane,
                         bool got_through, int64_t now_ms, uint32_t random)
{
    if (got_through) {
        breaker->failures = 0;
        if (breaker->is_open)
            breaker_start_slowly(breaker, now_ms);
        return;
    }
    if (breaker->is_open) {
        take_failure_while_open(breaker, now_ms, random);
        return;
    }
    uint64_t hash = hash_lane(lane);
    if (knows_lane(breaker, hash))
        return;
    breaker->lanes[breaker->failures++] = hash;
    if (breaker->failures == BREAKER_LANES)
        open_breaker(breaker, now_ms, random);
}

void breaker_start_slowly(struct breaker *breaker, int64_t now_ms)
{
    *breaker = (struct breaker){
        .starts_slowly = true,
        .slow_start_ms = now_ms,
    };
}

/* How often the number has doubled since the slow start began. */
static int64_t doublings(const struct breaker *breaker, int64_t now_ms)
{
    return (now_ms - breaker->slow_start_ms) / DOUBLING_MS;
}

static int allowed_while_open(struct breaker *breaker, int64_t now_ms,
                              int under_way)
{
    if (breaker->probe_ms > now_ms + probe_policy.cap_ms)
        breaker->probe_ms = now_ms; /* the clock was set back */
    if (now_ms < breaker->probe_ms)
        return 0;
    breaker->waits_for_result = under_way > 0;
    if (under_way > 0)
        return 0;
    breaker->probe_under_way = true;
    return 1;
}

int breaker_allowed(struct breaker *breaker, int64_t now_ms, int under_way,
                    int most)
{
    assert(under_way >= 0);
    if (most <= 0)
        return 0;
    if (breaker->is_open)
        return allowed_while_open(breaker, now_ms, under_way);
    if (!breaker->starts_slowly)
        return most;
    if (now_ms < breaker->slow_start_ms) /* the clock was set back */
        breaker->slow_start_ms = now_ms;
    int64_t times = doublings(breaker, now_ms);
    if (times >= MOST_DOUBLINGS || 1 << times >= under_way + most) {
        breaker->starts_slowly = false;
        return most;
    }
    int room = (1 << times) - under_way;
    return room < 0 ? 0 : room;
}

int64_t breaker_next_ms(const struct breaker *breaker, int64_t now_ms)
{
    if (breaker->is_open) {
        if (breaker->waits_for_result)
            return INT64_MAX;
        return breaker->probe_ms > now_ms ? breaker->probe_ms : now_ms;
    }
    if (!breaker->starts_slowly || now_ms < breaker->slow_start_ms)
        return now_ms;
    return breaker->slow_start_ms +
           (doublings(breaker, now_ms) + 1) * DOUBLING_MS;
}
