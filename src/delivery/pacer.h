/* pacer.h - how many calls may start now, from the X-RateLimit-* headers.
 *
 * Spreads the quota over its window, so that there is no 429 in steady state
 * and at least 95 % of the quota is used. Without the headers nothing is
 * paced. A server clock that differs from ours does no harm: Date and the
 * windows themselves tell by how much. Pure: the time comes from the caller.
 * Source: facts on Intercom, "Rate limits".
 *
 * Why it never overdraws: what the server had left at its smallest count of a
 * window, less all calls under way, is never more than what it has left now;
 * and a new window is only counted on when the old one is over by the latest
 * time it can end. */
#ifndef DELIVERY_PACER_H
#define DELIVERY_PACER_H

#include "delivery/http.h"
#include "delivery/server_clock.h"

#include <stdbool.h>
#include <stdint.h>

struct pacer {
    bool is_known;         /* headers have been seen */
    int64_t limit;         /* calls a window */
    int64_t left;          /* of this window, calls under way taken off; >= 0 */
    int64_t reset_ms;      /* end of the window at the latest, our wall clock */
    int64_t window_ms;     /* its length: learned, 10 s at first */
    int64_t in_flight;     /* calls started and not answered */
    int64_t wait_until_ms; /* a 429 said so; 0: nothing */
    double allowance; /* calls that may start now; negative: unasked ones did */
    int64_t filled_ms; /* when allowance was brought up to date */
    /* what the server said */
    int64_t remaining;     /* the least of this window */
    int64_t their_reset_s; /* end of this window, the server's clock */
    int64_t told_reset_s;  /* the newest that an answer had */
    struct server_clock clock;
    double latency_ms; /* of a call, smoothed */
    /* others that use the same quota */
    int64_t answered;     /* our calls counted in this window */
    double others_per_ms; /* their calls, smoothed over windows */
    int without_headers;  /* answers in a row */
};

/* Nothing known, nothing paced. */
void pacer_init(struct pacer *pacer);

/* A call starts. One that follows another in its chain need not be asked for,
 * if pacer_allowed_deliveries() was asked for the chain. */
void pacer_start_call(struct pacer *pacer, int64_t now_ms);

/* Its answer came (also none: end != HTTP_ANSWERED). */
void pacer_take_answer(struct pacer *pacer, const struct http_answer *answer,
                       int64_t now_ms);

/* A 429 or the like: no call starts before this time. The later one counts. */
void pacer_wait_until(struct pacer *pacer, int64_t until_ms);

/* How many calls may start now: 0 to most. */
int pacer_allowed(struct pacer *pacer, int64_t now_ms, int most);

/* When pacer_allowed() will be at least 1, as far as that is known; now_ms if
 * it is. Always later than now_ms if it is 0. */
int64_t pacer_next_ms(struct pacer *pacer, int64_t now_ms);

/* The same two for deliveries, whose first call is asked for and the others
 * are not: for each call under way, and each that starts, two more are kept
 * back that may follow it. */
int pacer_allowed_deliveries(struct pacer *pacer, int64_t now_ms, int most);
int64_t pacer_next_delivery_ms(struct pacer *pacer, int64_t now_ms);

#endif
