#include "relay/relay_part.h"

bool relay_has_due(const struct relay *relay)
{
    return relay->more_is_due ||
           (relay->outlook.next_due_ms != OUTBOX_NO_TIME &&
            relay->outlook.next_due_ms <= relay_now_ms(relay));
}

/* Nothing is getting through, for so long that it is no use to wait on: what is
 * due stays due, so that --drain would never end. */
static bool waits_in_vain(const struct relay *relay)
{
    const struct destination *destination = &relay->destination;
    return destination->breaker_since_ms != 0 &&
           relay_now_ms(relay) - destination->breaker_since_ms >=
               relay->policy.drain_wait_ms;
}

static bool is_drained(const struct relay *relay)
{
    const struct destination *destination = &relay->destination;
    int64_t horizon_ms = relay_now_ms(relay) + relay->policy.drain_wait_ms;
    if (!relay->policy.drain || !relay_is_idle(relay) || !relay->adopted_all ||
        relay->look || relay->outlook.has_operation)
        return false;
    if (destination->is_paused)
        return true;
    if (destination->hold_reason != NULL)
        return relay_now_ms(relay) - destination->held_since_ms >=
               relay->policy.drain_wait_ms;
    if (waits_in_vain(relay))
        return true;
    return relay->outlook.sending == 0 && !relay->more_is_due &&
           (relay->outlook.next_due_ms == OUTBOX_NO_TIME ||
            relay->outlook.next_due_ms > horizon_ms);
}

bool relay_is_done(const struct relay *relay)
{
    if (!relay->is_stopping)
        return is_drained(relay);
    /* Past the deadline what could not be recorded is unknown at the next
     * start: better than a process that can't be stopped. */
    return relay_is_idle(relay) ||
           (relay->was_cut && relay->sending.under_way == 0 &&
            relay->rest.failed);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long until there is something to claim, and leave to, or GET /me to ask;
 * INT64_MAX: an answer or someone else has to come first. */
static int64_t time_until_claim(struct relay *relay, int64_t now)
{
    int64_t leave_ms = destination_next_ms(&relay->destination, now);
    if (leave_ms == INT64_MAX)
        return INT64_MAX;
    if (destination_asks_get_me(&relay->destination))
        return relay->sending.upkeep.job == UPKEEP_IDLE ? leave_ms - now
                                                        : INT64_MAX;
    int64_t due_ms = relay->more_is_due ? now : relay->outlook.next_due_ms;
    if (relay->sending.under_way >= relay->policy.connections ||
        due_ms == OUTBOX_NO_TIME)
        return INT64_MAX;
    return (due_ms > leave_ms ? due_ms : leave_ms) - now;
}

int64_t relay_time_to_wait(struct relay *relay)
{
    int64_t now = relay_now_ms(relay);
    int64_t monotonic = relay_monotonic_ms(relay);
    int64_t rest_ms = rest_time_left(&relay->rest, monotonic);
    if (rest_ms > 0)
        return rest_ms;
    if (relay->sending.ended.count > 0)
        return sending_time_to_record(&relay->sending);
    if (relay->look || !relay->adopted_all || relay->turn.has_operation)
        return 0;

    int64_t wait_ms =
        earlier(relay->look_again_ms, sending_next_ms(&relay->sending)) -
        monotonic;
    if (relay->is_stopping)
        return earlier(wait_ms, relay->deadline_ms - monotonic);
    wait_ms =
        earlier(wait_ms, keeping_time_to_page(&relay->keeping, monotonic));
    if (relay->policy.drain)
        wait_ms = earlier(wait_ms, 1000);
    return earlier(wait_ms, time_until_claim(relay, now));
}
