#include "sim/ledger.h"

#include <stddef.h>

static const int64_t MOST_AHEAD_MS = INT64_C(25) * 60 * 60 * 1000;

struct ledger_event *ledger_find(struct ledger *ledger, int64_t id)
{
    if (id <= 0 || id >= LEDGER_MOST_IDS || ledger->event_of[id] == 0)
        return NULL;
    return &ledger->events[ledger->event_of[id]];
}

static int64_t time_of(const struct ledger_event *event, int64_t arrived_ms)
{
    if (event->timestamp_ms == 0 ||
        event->timestamp_ms > arrived_ms + MOST_AHEAD_MS)
        return arrived_ms;
    return event->timestamp_ms;
}

bool ledger_is_newer(const struct ledger_event *a, int64_t a_arrived_ms,
                     const struct ledger_event *b, int64_t b_arrived_ms)
{
    int64_t a_ms = time_of(a, a_arrived_ms);
    int64_t b_ms = time_of(b, b_arrived_ms);
    return a_ms != b_ms ? a_ms > b_ms : a->id > b->id;
}
