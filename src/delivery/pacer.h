/* pacer.h - how many calls may start now, from the X-RateLimit-* headers.
 *
 * Spreads the quota over its window, so that there is no 429 in steady state
 * and at least 95 % of the quota is used. Without the headers nothing is
 * paced. A server clock that differs from ours does no harm: the Date header
 * tells by how much. Pure: the time comes from the caller. Source: facts on
 * Intercom, "Rate limits". */
#ifndef DELIVERY_PACER_H
#define DELIVERY_PACER_H

#include "delivery/http.h"

#include <stdbool.h>
#include <stdint.h>

struct pacer {
    bool is_known;    /* headers have been seen */
    int64_t limit;    /* calls a window */
    int64_t left;     /* of this window, calls under way taken off */
    int64_t reset_ms; /* end of the window, our wall clock */
    int64_t window_ms;
    int64_t in_flight;     /* calls started and not answered */
    int64_t wait_until_ms; /* a 429 said so; 0: nothing */
    double allowance;      /* calls that may start now */
    int64_t filled_ms;     /* when allowance was brought up to date */
};

/* Nothing known, nothing paced. */
void pacer_init(struct pacer *pacer);

/* A call starts. */
void pacer_start_call(struct pacer *pacer, int64_t now_ms);

/* Its answer came (also none: end != HTTP_ANSWERED). */
void pacer_take_answer(struct pacer *pacer, const struct http_answer *answer,
                       int64_t now_ms);

/* A 429 or the like: no call starts before this time. The later one counts. */
void pacer_wait_until(struct pacer *pacer, int64_t until_ms);

/* How many calls may start now: 0 … most. */
int pacer_allowed(struct pacer *pacer, int64_t now_ms, int most);

/* When pacer_allowed() will be at least 1; now_ms if it is. */
int64_t pacer_next_ms(struct pacer *pacer, int64_t now_ms);

#endif
