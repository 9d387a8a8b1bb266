/* destination.h - whether Intercom can be sent to now, and how much.
 *
 * Puts together what stops or slows the sending as a whole: a hold and its
 * probes, an operator's pause, a 429, the quota, the breaker, the slow start
 * (design, "Verdicts"). Owns no socket and no clock: pure but for being one
 * relay's state. */
#ifndef RELAY_DESTINATION_H
#define RELAY_DESTINATION_H

#include "base/random.h"
#include "delivery/breaker.h"
#include "delivery/pacer.h"
#include "delivery/verdict.h"

#include <stdbool.h>
#include <stdint.h>

struct destination {
    struct pacer pacer;
    struct breaker breaker;
    bool is_paused; /* by an operator, as the outbox says */
    /* the hold; reason NULL: none */
    const char *hold_reason;
    char hold_text[340]; /* what happened and how to mend it */
    enum verdict_probe probe;
    int64_t held_since_ms; /* wall clock */
    int64_t probe_ms;      /* wall clock: when the next probe may go */
    int probes;            /* made in this hold */
    bool probe_under_way;
    bool hold_changed; /* to be recorded */
    /* The breaker, as others are told of it. */
    bool breaker_changed;     /* to be recorded */
    int64_t breaker_since_ms; /* wall clock; 0: closed */
    int64_t breaker_probe_ms; /* wall clock: when the next probe may go */
    char breaker_text[160];   /* what failed last */
    /* the last quota that was read */
    bool quota_changed; /* to be recorded */
    int64_t quota_limit;
    int64_t quota_left;
    int64_t quota_reset_ms;
    /* How long sending has been possible: not held, not paused, and something
     * getting through. Deliveries that keep failing age by it. */
    int64_t open_ms;
    int64_t ticked_ms; /* monotonic; 0: never */
    /* Since when nothing but failures in transit came back (wall clock); 0:
     * something gets through. */
    int64_t failing_since_ms;
    int64_t asked_me_ms;  /* while failing: the last GET /me */
    struct random random; /* jitter */
};

void destination_init(struct destination *destination, uint64_t seed);

/* What may be started now. */
struct destination_leave {
    int deliveries; /* 0 … room */
    bool is_probe;  /* the one delivery is a probe of a hold */
    /* Ask GET /me now: the hold's probe; or, while nothing but failures is
     * seen, whether anything gets through at all. */
    bool get_me;
};
void destination_ask_leave(struct destination *destination, int64_t now_ms,
                           int under_way, int room,
                           struct destination_leave *leave);

/* Time has passed. */
void destination_tick(struct destination *destination, int64_t monotonic_ms);

/* When destination_ask_leave() may give more; INT64_MAX: only an answer or an
 * operator changes that. */
int64_t destination_next_ms(struct destination *destination, int64_t now_ms);

/* True while nothing but a probe may be sent: what has been claimed and is not
 * on its way is to be taken back. */
bool destination_is_stopped(const struct destination *destination,
                            int64_t now_ms);

/* A call starts; its answer came. */
void destination_start_call(struct destination *destination, int64_t now_ms);
void destination_take_answer(struct destination *destination,
                             const struct http_answer *answer, int64_t now_ms);

/* A delivery's chain ended with this verdict. */
struct destination_result {
    const char *lane;
    const struct verdict *verdict;
    bool is_probe;
};
void destination_take_result(struct destination *destination,
                             const struct destination_result *result,
                             int64_t now_ms);

/* True while held by something that is probed by GET /me: the relay's own call,
 * for which no delivery has to be due. */
bool destination_asks_get_me(const struct destination *destination);

/* The probe is about to go (GET /me, or a claimed delivery). */
void destination_start_probe(struct destination *destination);
/* What caused the hold may be mended: the next probe may go at once. */
void destination_probe_now(struct destination *destination, int64_t now_ms);
/* The answer to GET /me, judged. */
void destination_take_me(struct destination *destination,
                         const struct verdict *verdict, int64_t now_ms);

#endif
