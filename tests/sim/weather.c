#include "sim/weather.h"

#include <stddef.h>

const char *weather_word(enum weather_state state)
{
    static const char *const words[WEATHER_COUNT] = {
        [WEATHER_FINE] = "fine",
        [WEATHER_CALM] = "calm",
        [WEATHER_STORM] = "storm",
        [WEATHER_SLOW] = "slow",
        [WEATHER_OUTAGE] = "outage",
        [WEATHER_OFFLINE] = "offline",
        [WEATHER_POISON] = "poison",
        [WEATHER_LOST] = "lost",
        [WEATHER_FORBIDDEN] = "forbidden",
        [WEATHER_PORTAL] = "portal",
        [WEATHER_ELSEWHERE] = "elsewhere",
        [WEATHER_CERTIFICATE] = "certificate",
        [WEATHER_VERSION] = "version",
    };
    return words[state];
}

bool weather_stops_all(enum weather_state state)
{
    return state == WEATHER_OUTAGE || state == WEATHER_OFFLINE ||
           (state >= WEATHER_FORBIDDEN && state < WEATHER_COUNT);
}

static bool happens(struct random *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

/* --- single faults -------------------------------------------------------- */

static void answer_status(struct weather_fate *fate, struct random *random,
                          const int *statuses, uint32_t count)
{
    fate->status = statuses[random_below(random, count)];
    fate->act = WEATHER_REFUSES;
}

/* Every status that can be about one call. What says that something is wrong
 * at their end may come although it was done. */
static void draw_status(struct weather_fate *fate, struct random *random)
{
    static const int refusals[] = {400, 404, 409, 410, 413, 415, 422, 418, 451};
    static const int passing[] = {408, 425, 500, 502, 503, 504, 520, 599};
    static const int stopping[] = {301, 302, 402, 403, 401, 429};
    uint32_t which = random_below(random, 10);
    if (which < 3) {
        answer_status(fate, random, refusals, 9);
    } else if (which < 9) {
        answer_status(fate, random, passing, 8);
        if (happens(random, 40))
            fate->act = WEATHER_ACTS_UNSAID;
        fate->is_html = happens(random, 30);
        if (happens(random, 10))
            fate->retry_after_s = 1 + random_below(random, 120);
    } else {
        answer_status(fate, random, stopping, 6);
        if (fate->status == 429 && happens(random, 50))
            fate->retry_after_s = 1 + random_below(random, 30);
    }
}

static void fail_to_connect(struct weather_fate *fate, struct random *random)
{
    static const enum http_trouble troubles[] = {HTTP_NO_ADDRESS, HTTP_REFUSED,
                                                 HTTP_HANDSHAKE};
    fate->act = WEATHER_REFUSES;
    fate->end = HTTP_NOT_SENT;
    fate->trouble = troubles[random_below(random, 3)];
}

/* The peer closes the connection: before or after it has acted. */
static void reset(struct weather_fate *fate, struct random *random)
{
    fate->act = happens(random, 50) ? WEATHER_ACTS_UNSAID : WEATHER_REFUSES;
    fate->end = HTTP_UNKNOWN;
    fate->trouble = HTTP_RESET;
}

/* No answer within the client's time. */
static void stall(struct weather_fate *fate, const struct weather_call *call,
                  struct random *random)
{
    fate->act = happens(random, 50) ? WEATHER_ACTS_UNSAID : WEATHER_REFUSES;
    fate->acts_at_end = true;
    fate->end = HTTP_UNKNOWN;
    fate->trouble = HTTP_TIMED_OUT;
    fate->takes_ms = call->timeout_ms;
}

static void answer_page(struct weather_fate *fate, int status)
{
    fate->act = WEATHER_REFUSES;
    fate->status = status;
    fate->is_html = true;
}

static void draw_fault(struct weather_fate *fate,
                       const struct weather_call *call, struct random *random)
{
    switch (random_below(random, 10)) {
    case 0:
    case 1:
    case 2:
    case 3:
        draw_status(fate, random);
        break;
    case 4:
        fail_to_connect(fate, random);
        break;
    case 5:
    case 6:
        reset(fate, random);
        break;
    case 7:
        stall(fate, call, random);
        break;
    case 8:
        fate->is_cut_short = true;
        break;
    default:
        fate->takes_ms = 1 + random_below(random, (uint32_t)call->timeout_ms);
        break;
    }
}

/* --- how the times are ---------------------------------------------------- */

static void draw_outage(struct weather_fate *fate,
                        const struct weather_call *call, struct random *random)
{
    static const int statuses[] = {500, 502, 503, 504, 408};
    switch (random_below(random, 4)) {
    case 0:
        stall(fate, call, random);
        break;
    case 1:
        reset(fate, random);
        break;
    case 2:
        fail_to_connect(fate, random);
        break;
    default:
        answer_status(fate, random, statuses, 5);
        fate->is_html = happens(random, 50);
        break;
    }
}

static void draw_hold(enum weather_state state, struct weather_fate *fate,
                      struct random *random)
{
    static const int forbidden[] = {402, 403};
    static const int elsewhere[] = {301, 302, 307};
    switch (state) {
    case WEATHER_FORBIDDEN:
        answer_status(fate, random, forbidden, 2);
        break;
    case WEATHER_ELSEWHERE:
        answer_status(fate, random, elsewhere, 3);
        break;
    case WEATHER_PORTAL:
        answer_page(fate, 200);
        break;
    case WEATHER_CERTIFICATE:
        fate->act = WEATHER_REFUSES;
        fate->end = HTTP_NOT_SENT;
        fate->trouble = HTTP_CERTIFICATE;
        break;
    default:
        break;
    }
}

static void draw_mark(enum weather_state state, struct weather_fate *fate,
                      const struct weather_call *call, struct random *random)
{
    static const int poison[] = {500, 503, 408};
    static const int missing[] = {404};
    if (!call->of_marked_user || !call->is_event)
        return;
    if (state == WEATHER_LOST)
        answer_status(fate, random, missing, 1);
    else
        answer_status(fate, random, poison, 3);
}

void weather_draw(enum weather_state state, const struct weather_call *call,
                  struct random *random, struct weather_fate *fate)
{
    *fate = (struct weather_fate){
        .end = HTTP_ANSWERED,
        .takes_ms = 5 + random_below(random, 300),
        .acts_at_end = happens(random, 50),
    };
    switch (state) {
    case WEATHER_CALM:
        if (happens(random, 3))
            draw_fault(fate, call, random);
        break;
    case WEATHER_STORM:
        if (happens(random, 33))
            draw_fault(fate, call, random);
        break;
    case WEATHER_SLOW:
        fate->takes_ms = random_below(random, (uint32_t)call->timeout_ms);
        if (happens(random, 20))
            stall(fate, call, random);
        break;
    case WEATHER_OUTAGE:
        draw_outage(fate, call, random);
        break;
    case WEATHER_OFFLINE:
        fail_to_connect(fate, random);
        break;
    case WEATHER_POISON:
    case WEATHER_LOST:
        draw_mark(state, fate, call, random);
        break;
    default:
        draw_hold(state, fate, random);
        break;
    }
}
