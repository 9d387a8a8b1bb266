#include "relay/destination.h"

#include "base/text.h"
#include "delivery/backoff.h"

#include <stdio.h>
#include <string.h>

/* The first probe comes after this, without jitter: an operator who mends the
 * token watches for it. Later ones grow up to the second. */
static const int64_t FIRST_PROBE_MS = 30 * 1000;
static const int64_t MOST_PROBE_MS = 5 * 60 * 1000;

/* While only failures are seen. */
static const int64_t ASK_ME_EVERY_MS = 60 * 1000;

static int64_t probe_interval_ms(int probes)
{
    int64_t interval_ms = FIRST_PROBE_MS;
    for (int i = 0; i < probes && interval_ms < MOST_PROBE_MS; i++)
        interval_ms *= 2;
    return interval_ms < MOST_PROBE_MS ? interval_ms : MOST_PROBE_MS;
}

static bool is_held(const struct destination *destination)
{
    return destination->hold_reason != NULL;
}

/* Our clock was set back: no time of a hold may be so far ahead. */
static void follow_clock(struct destination *destination, int64_t now_ms)
{
    if (destination->held_since_ms > now_ms)
        destination->held_since_ms = now_ms;
    if (destination->probe_ms <= now_ms + MOST_PROBE_MS)
        return;
    destination->probe_ms = now_ms + probe_interval_ms(destination->probes);
    destination->hold_changed = true;
}

static void describe_hold(struct destination *destination,
                          const struct verdict *verdict)
{
    const char *dash = verdict->mend[0] == '\0' ? "" : ". ";
    (void)snprintf(destination->hold_text, sizeof(destination->hold_text),
                   "%s%s%s", verdict->result, dash, verdict->mend);
}

/* Hold, or hold on: several answers of calls that were under way together
 * count once, a failed probe makes the next one later. */
static void hold(struct destination *destination, const struct verdict *verdict,
                 bool was_probe, int64_t now_ms)
{
    bool is_new = !is_held(destination);
    if (is_new) {
        destination->held_since_ms = now_ms;
        destination->probes = 0;
        destination->probe_under_way = false; /* none of this hold */
    } else if (was_probe) {
        destination->probes++;
    } else {
        return;
    }
    destination->hold_reason = verdict->reason;
    destination->probe = verdict->probe;
    destination->probe_ms = now_ms + probe_interval_ms(destination->probes);
    describe_hold(destination, verdict);
    destination->hold_changed = true;
}

/* What others are told of the breaker follows what it does. */
static void notice_breaker(struct destination *destination, const char *result,
                           int64_t now_ms)
{
    const struct breaker *breaker = &destination->breaker;
    bool was_open = destination->breaker_since_ms != 0;
    if (was_open == breaker->is_open &&
        (!was_open || destination->breaker_probe_ms == breaker->probe_ms))
        return;
    if (!breaker->is_open)
        destination->breaker_since_ms = 0;
    else if (!was_open)
        destination->breaker_since_ms = now_ms;
    destination->breaker_probe_ms = breaker->probe_ms;
    text_copy(destination->breaker_text, sizeof(destination->breaker_text),
              breaker->is_open ? result : "");
    destination->breaker_changed = true;
}

static void lift_hold(struct destination *destination, int64_t now_ms)
{
    destination->hold_reason = NULL;
    destination->hold_text[0] = '\0';
    destination->hold_changed = true;
    breaker_start_slowly(&destination->breaker, now_ms);
    notice_breaker(destination, "", now_ms);
}

/* The probe failed for another reason than the hold's. */
static void put_probe_off(struct destination *destination, int64_t now_ms)
{
    destination->probes++;
    destination->probe_ms = now_ms + probe_interval_ms(destination->probes);
    destination->hold_changed = true;
}

void destination_init(struct destination *destination, uint64_t seed)
{
    *destination = (struct destination){.random = {.state = seed}};
    pacer_init(&destination->pacer);
    breaker_init(&destination->breaker);
}

/* Anything but 408, 425 and 5xx is getting through (design, "Verdicts"). */
static bool gets_through(const struct http_answer *answer)
{
    return answer->end == HTTP_ANSWERED && answer->status != 408 &&
           answer->status != 425 && answer->status < 500;
}

static void notice_failing(struct destination *destination,
                           const struct http_answer *answer, int64_t now_ms)
{
    if (gets_through(answer)) {
        destination->failing_since_ms = 0;
    } else if (destination->failing_since_ms == 0 &&
               answer->trouble != HTTP_STOPPED &&
               answer->trouble != HTTP_RECALLED) {
        destination->failing_since_ms = now_ms;
        destination->asked_me_ms = now_ms;
    }
}

/* One poisoned delivery may be all that there is: the failures alone do not
 * tell whether Intercom is out of reach. */
static bool is_time_to_ask_me(const struct destination *destination,
                              int64_t now_ms)
{
    return destination->failing_since_ms != 0 &&
           !destination->probe_under_way &&
           (now_ms - destination->asked_me_ms >= ASK_ME_EVERY_MS ||
            now_ms < destination->asked_me_ms);
}

void destination_tick(struct destination *destination, int64_t monotonic_ms)
{
    bool is_open = !is_held(destination) && !destination->is_paused &&
                   destination->failing_since_ms == 0;
    if (is_open && destination->ticked_ms != 0)
        destination->open_ms += monotonic_ms - destination->ticked_ms;
    destination->ticked_ms = monotonic_ms;
}

/* One delivery, or GET /me, to see whether the hold is over. */
static void ask_leave_to_probe(struct destination *destination, int64_t now_ms,
                               int room, struct destination_leave *leave)
{
    follow_clock(destination, now_ms);
    if (destination->probe_under_way || now_ms < destination->probe_ms)
        return;
    leave->get_me = destination_asks_get_me(destination);
    leave->is_probe = !leave->get_me;
    if (leave->is_probe && room > 0 && !destination->is_paused)
        leave->deliveries =
            pacer_allowed_deliveries(&destination->pacer, now_ms, 1);
}

void destination_ask_leave(struct destination *destination, int64_t now_ms,
                           int under_way, int room,
                           struct destination_leave *leave)
{
    *leave = (struct destination_leave){0};
    if (is_held(destination)) {
        ask_leave_to_probe(destination, now_ms, room, leave);
        return;
    }
    leave->get_me = is_time_to_ask_me(destination, now_ms);
    if (leave->get_me)
        destination->asked_me_ms = now_ms;
    if (destination->is_paused || room <= 0)
        return;
    int allowed =
        breaker_allowed(&destination->breaker, now_ms, under_way, room);
    leave->deliveries =
        pacer_allowed_deliveries(&destination->pacer, now_ms, allowed);
}

static int64_t next_probe_ms(struct destination *destination, int64_t now_ms)
{
    if (destination->probe_under_way)
        return INT64_MAX;
    if (destination_asks_get_me(destination))
        return destination->probe_ms;
    if (destination->is_paused)
        return INT64_MAX;
    int64_t paced_ms = pacer_next_delivery_ms(&destination->pacer, now_ms);
    return paced_ms > destination->probe_ms ? paced_ms : destination->probe_ms;
}

int64_t destination_next_ms(struct destination *destination, int64_t now_ms)
{
    if (is_held(destination))
        return next_probe_ms(destination, now_ms);
    if (destination->is_paused)
        return INT64_MAX;
    int64_t paced_ms = pacer_next_delivery_ms(&destination->pacer, now_ms);
    int64_t broken_ms = breaker_next_ms(&destination->breaker, now_ms);
    return paced_ms > broken_ms ? paced_ms : broken_ms;
}

bool destination_is_stopped(const struct destination *destination,
                            int64_t now_ms)
{
    return is_held(destination) || destination->is_paused ||
           destination->breaker.is_open ||
           now_ms < destination->pacer.wait_until_ms;
}

void destination_start_call(struct destination *destination, int64_t now_ms)
{
    pacer_start_call(&destination->pacer, now_ms);
}

void destination_take_answer(struct destination *destination,
                             const struct http_answer *answer, int64_t now_ms)
{
    pacer_take_answer(&destination->pacer, answer, now_ms);
    notice_failing(destination, answer, now_ms);
    if (answer->end != HTTP_ANSWERED || answer->quota_limit == HTTP_NONE)
        return;
    destination->quota_limit = answer->quota_limit;
    destination->quota_left = answer->quota_left;
    destination->quota_reset_ms = answer->quota_reset_s == HTTP_NONE
                                      ? HTTP_NONE
                                      : answer->quota_reset_s * 1000;
    destination->quota_changed = true;
}

void destination_take_result(struct destination *destination,
                             const struct destination_result *result,
                             int64_t now_ms)
{
    const struct verdict *verdict = result->verdict;
    if (!verdict->tells_nothing) {
        breaker_take_result(&destination->breaker, result->lane,
                            !verdict->in_transit, now_ms,
                            random_next(&destination->random));
        notice_breaker(destination, verdict->result, now_ms);
    }
    if (result->is_probe)
        destination->probe_under_way = false;
    switch (verdict->action) {
    case VERDICT_HOLD:
        hold(destination, verdict, result->is_probe, now_ms);
        return;
    case VERDICT_WAIT:
        pacer_wait_until(&destination->pacer, verdict->wait_until_ms);
        break;
    case VERDICT_GO_ON:
        if (result->is_probe && is_held(destination)) {
            lift_hold(destination, now_ms);
            return;
        }
        break;
    default:
        break;
    }
    if (result->is_probe && is_held(destination))
        put_probe_off(destination, now_ms);
}

bool destination_asks_get_me(const struct destination *destination)
{
    return is_held(destination) && destination->probe == PROBE_GET_ME;
}

void destination_start_probe(struct destination *destination)
{
    destination->probe_under_way = true;
}

void destination_probe_now(struct destination *destination, int64_t now_ms)
{
    if (is_held(destination) && destination->probe_ms > now_ms)
        destination->probe_ms = now_ms;
}

void destination_take_me(struct destination *destination,
                         const struct verdict *verdict, int64_t now_ms)
{
    bool is_held_now = is_held(destination);
    if (is_held_now && !destination_asks_get_me(destination))
        return; /* asked before the hold, which a delivery has to lift */
    destination->probe_under_way = false;
    if (verdict->action == VERDICT_HOLD)
        hold(destination, verdict, is_held_now, now_ms);
    else if (is_held_now && verdict->action == VERDICT_GO_ON)
        lift_hold(destination, now_ms);
    else if (is_held_now)
        put_probe_off(destination, now_ms);
}
