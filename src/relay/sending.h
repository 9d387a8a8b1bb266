/* sending.h - the calls under way: the chains of deliveries, and the
 * destination's own (probe, attributes).
 *
 * Takes flights whose attempts are committed, makes their calls, takes the
 * answers, and puts what has ended into a queue to be recorded. Knows nothing
 * of the store. One relay's; its thread. */
#ifndef RELAY_SENDING_H
#define RELAY_SENDING_H

#include "base/clock.h"
#include "delivery/http.h"
#include "relay/destination.h"
#include "relay/metrics.h"
#include "relay/queue.h"
#include "relay/upkeep.h"

#include <stdbool.h>
#include <stdint.h>

struct sending {
    const struct clock *clock;       /* borrowed */
    const struct http *http;         /* borrowed */
    struct destination *destination; /* borrowed */
    /* Read the token again, its file may have changed (true: it has); NULL:
     * nothing to read. */
    bool (*refresh_token)(void *context);
    void *refresh_context;
    struct metrics *metrics; /* borrowed; NULL: nobody watches */
    struct upkeep upkeep;
    bool attributes_to_check; /* once, when nothing else is asked */
    /* What was confirmed before is not trusted (wall clock), as in struct
     * plan_context: the token has changed. */
    int64_t trusted_since_ms;
    int connections;      /* calls that can be under way at once */
    int ahead;            /* flights that may wait for one of them */
    int quick;            /* answers as quick as a commit, since the last */
    bool were_idle;       /* nothing was under way during the last one */
    bool were_slow;       /* an answer since the last one was not quick */
    int64_t moved_ms;     /* monotonic: when a call ended, or none waited */
    bool is_stopped;      /* the destination is, as far as we have seen */
    int under_way;        /* flights with a chain that has not ended */
    struct queue delayed; /* … their next call is put off for a moment */
    struct queue waiting; /* … for the attributes to be created */
    struct queue ended;   /* to be recorded */
    int64_t ended_ms;     /* monotonic: when the first of them came */
    int64_t calls;        /* made so far */
};

/* clock, http, destination, connections, metrics and the token's reader are set
 * by the caller; the rest becomes empty. */
void sending_init(struct sending *sending);

/* Cut the calls under way and free all. Their outcomes are lost here, and
 * unknown at the next start. */
void sending_free(struct sending *sending);

/* Make the first call of a flight; takes it over. */
void sending_start(struct sending *sending, struct flight *flight);

/* Make the calls that were put off until now, and take all answers that came:
 * chains go on or end. */
void sending_go_on(struct sending *sending);

/* The same when a turn has just been committed. The connections whose answers
 * came meanwhile had nothing to do then, nor had any if all had come before, as
 * quickly: from how many they were follows how many deliveries the next turn
 * claims ahead of a free connection, so that they have. Where answers are slow
 * that is none; where they are quick it is many, and each commit has the more
 * to carry. When answers become slow, what waits for a connection is taken
 * back. */
void sending_after_commit(struct sending *sending);

/* How long what has ended can wait to be recorded with others, since a commit
 * costs the same for few; 0: it can't, or nothing has ended. Only while calls
 * wait for a connection, so that no connection does. */
int64_t sending_time_to_record(const struct sending *sending);

/* How many flights may be started now; < 0: none. Fewer while somebody else
 * writes to the outbox. */
int sending_room(const struct sending *sending, bool is_beside_others);

/* Ask GET /me (get_me: the destination wants it), or whatever else is to be
 * asked; nothing while an own call is under way. */
void sending_keep_up(struct sending *sending, bool get_me);

/* There is a new token: probe a hold, trust nothing confirmed before. */
void sending_take_new_token(struct sending *sending);

/* Cut every call, and end every flight: by its answer "stopped". */
void sending_cut(struct sending *sending);

/* When a call that was put off is to be made, or what waits for a connection to
 * be taken back (monotonic); INT64_MAX: never. */
int64_t sending_next_ms(const struct sending *sending);

#endif
