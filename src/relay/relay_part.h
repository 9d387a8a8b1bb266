/* relay_part.h - the inside of a relay, for src/relay/relay*.c. */
#ifndef RELAY_RELAY_PART_H
#define RELAY_RELAY_PART_H

#include "base/random.h"
#include "outbox/outbox.h"
#include "relay/destination.h"
#include "relay/keeping.h"
#include "relay/relay.h"
#include "relay/rest.h"
#include "relay/sending.h"
#include "relay/turn.h"

#include <stdbool.h>
#include <stdint.h>

struct relay {
    struct relay_policy policy;
    struct relay_seams seams;
    int64_t epoch;
    struct destination destination;
    struct sending sending;
    struct random random;
    struct outbox_outlook outlook;
    int64_t resumes; /* as seen last */
    bool resumes_are_known;
    bool adopted_all;
    bool look;             /* the outbox may have changed */
    bool more_is_due;      /* the last claim filled its room */
    int64_t look_again_ms; /* monotonic */
    struct rest rest;
    struct turn_context turn;
    int64_t wall_ahead_ms; /* the wall clock less the monotonic one */
    struct keeping keeping;
    bool is_stopping;
    bool was_cut;
    int64_t deadline_ms; /* monotonic, with is_stopping */
    struct relay_report report;
};

static inline int64_t relay_now_ms(const struct relay *relay)
{
    return clock_wall_ms(relay->seams.clock);
}

static inline int64_t relay_monotonic_ms(const struct relay *relay)
{
    return clock_monotonic_ms(relay->seams.clock);
}

/* --- what comes next: relay_next.c ---------------------------------------- */

/* A head is due, as far as is known. */
bool relay_has_due(const struct relay *relay);

/* Drained, or stopped with nothing under way. */
bool relay_is_done(const struct relay *relay);

/* How long nothing will be due, in ms; < 0: it is already. Answers end the wait
 * by themselves. */
int64_t relay_time_to_wait(struct relay *relay);

#endif
