/* metrics.h - what a relay has done since it started, for who watches it.
 *
 * The relay's thread counts, any other writes it out. Figures that outlive the
 * process are in the outbox (views.h). */
#ifndef RELAY_METRICS_H
#define RELAY_METRICS_H

#include "base/buf.h"
#include "base/histogram.h"
#include "delivery/http.h"

#include <stdatomic.h>
#include <stdint.h>

enum {
    METRICS_OUTCOME_COUNT = 5, /* of attempts (design, "Words") */
    METRICS_STATE_COUNT = 3,   /* that a relay settles deliveries into */
    METRICS_MOST_STATUS = 599,
};

struct metrics {
    _Atomic int64_t attempts[METRICS_OUTCOME_COUNT];
    _Atomic int64_t settled[METRICS_STATE_COUNT];
    /* By HTTP status; those without an answer by how they ended. */
    _Atomic int64_t calls[METRICS_MOST_STATUS + 1];
    _Atomic int64_t calls_not_sent;
    _Atomic int64_t calls_unknown;
    struct histogram delivered_ms; /* commit to delivered */
    struct histogram call_ms;
};

void metrics_init(struct metrics *metrics);

/* A call ended. NULL metrics: nobody watches; so in all of these. */
void metrics_count_call(struct metrics *metrics,
                        const struct http_answer *answer);

/* An attempt ended, and its end is committed. waited_ms: since the event was
 * committed, if it is delivered now. */
void metrics_count_attempt(struct metrics *metrics, const char *outcome,
                           int64_t waited_ms);

/* So many deliveries have settled into this state, and it is committed. */
void metrics_count_settled(struct metrics *metrics, const char *state,
                           int64_t count);

/* Append all of it in Prometheus's text format; a struct metrics. */
void metrics_write(void *context, struct buf *out);

#endif
