/* weather.h - what goes wrong with calls to the simulated Intercom: how the
 * times are, and what that makes of one call. */
#ifndef SIM_WEATHER_H
#define SIM_WEATHER_H

#include "base/random.h"
#include "delivery/http.h"

#include <stdbool.h>
#include <stdint.h>

enum weather_state {
    WEATHER_FINE,      /* nothing at all */
    WEATHER_CALM,      /* a fault now and then */
    WEATHER_STORM,     /* faults of every kind, a third of the calls */
    WEATHER_SLOW,      /* answers take long, some too long */
    WEATHER_OUTAGE,    /* nothing gets through */
    WEATHER_OFFLINE,   /* no connection at all */
    WEATHER_POISON,    /* the events of some users never get through */
    WEATHER_LOST,      /* … are answered "User Not Found" */
    WEATHER_FORBIDDEN, /* 402 and 403 */
    WEATHER_PORTAL,    /* a web page for everything */
    WEATHER_ELSEWHERE, /* redirects, or 404 from a wrong host */
    WEATHER_CERTIFICATE,
    WEATHER_VERSION, /* the version is not known any more */
    WEATHER_COUNT,
};

/* The word for a trace. */
const char *weather_word(enum weather_state state);

/* True if no delivery gets through: nothing may fail then. */
bool weather_stops_all(enum weather_state state);

enum weather_act {
    WEATHER_ACTS,        /* Intercom does what is asked, and answers */
    WEATHER_ACTS_UNSAID, /* it does, and something else is answered */
    WEATHER_REFUSES,     /* it does nothing */
};

/* What becomes of a call. */
struct weather_fate {
    enum weather_act act;
    bool acts_at_end; /* not when the request comes */
    enum http_end end;
    enum http_trouble trouble;
    int status; /* 0: Intercom's own answer */
    bool is_html;
    bool is_cut_short;     /* the answer's body ends too early */
    int64_t retry_after_s; /* 0: none */
    int64_t takes_ms;
};

/* What one call is about. */
struct weather_call {
    bool is_event;
    bool is_me; /* GET /me, or about data attributes */
    bool of_marked_user;
    int64_t timeout_ms; /* of the client */
};

void weather_draw(enum weather_state state, const struct weather_call *call,
                  struct random *random, struct weather_fate *fate);

#endif
