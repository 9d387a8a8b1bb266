/* turn.h - one transaction of the relay: outcomes of what has ended, the state
 * of the destination, and new claims with their attempts (design, "One commit
 * a turn of the loop"). */
#ifndef RELAY_TURN_H
#define RELAY_TURN_H

#include "base/clock.h"
#include "base/err.h"
#include "base/random.h"
#include "outbox/store.h"
#include "relay/destination.h"
#include "relay/queue.h"
#include "relay/relay.h"

#include <stdbool.h>
#include <stdint.h>

/* What every turn of a relay works on; all borrowed. */
struct turn_context {
    struct store *store;
    const struct clock *clock;
    const struct relay_policy *policy;
    struct destination *destination;
    struct random *random; /* jitter */
    struct queue *ended;   /* to be recorded */
    int64_t epoch;
    int64_t trusted_since_ms; /* as in struct plan_context */
    int64_t recorded_ms;      /* monotonic: quota and the like */
    int64_t quiet_most_ms;    /* no user is quiet for longer */
    bool clock_went_back;     /* what waits is to be pulled back */
    bool has_operation;       /* one is running: a page a turn */
};

/* What one transaction does. It counts only once it is committed. */
struct turn {
    struct destination_leave leave;
    struct queue claimed; /* to be started */
    int handled;          /* claims looked at */
    bool more_is_due;
    bool recorded; /* quota and the like */
    int64_t delivered;
    int64_t failed;
    int64_t skipped;
};

void turn_init(struct turn *turn);

/* True if there is something to record, claims aside. */
bool turn_has_work(const struct turn_context *context);

/* Record, claim within turn->leave, commit. False: nothing has happened;
 * context->ended is as it was and turn->claimed is empty. True: turn->claimed
 * is to be started; what has ended is recorded (and still in its queue). */
MUST_CHECK bool turn_commit(struct turn_context *context, struct turn *turn,
                            struct err *err);

#endif
