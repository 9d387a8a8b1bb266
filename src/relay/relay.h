/* relay.h - the loop: claims due deliveries, sends them, records what came.
 *
 * The only place where the pure floors meet the world, through three seams:
 * clock, http, store. One thread runs a relay; src/relay/thread.h gives it one
 * of its own. Kept promises: all five of the design. */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "base/clock.h"
#include "base/err.h"
#include "delivery/http.h"
#include "outbox/store.h"
#include "relay/metrics.h"

#include <stdbool.h>
#include <stdint.h>

struct relay; /* owned by who made it */

struct relay_policy {
    int connections;           /* calls under way at once; > 0 */
    int64_t timeout_ms;        /* of one request */
    int64_t give_up_ms;        /* age of tries at which a delivery fails */
    bool check_attributes;     /* at start: do the four attributes exist? */
    bool send_sandbox_events;  /* --sandbox-events send */
    bool skip_anonymous_users; /* --anonymous-users skip */
    bool drain;                /* end when there is nothing to do */
    int64_t drain_wait_ms;     /* … within this time */
    int64_t keep_ms;           /* settled ones (relay/keeping.h); 0: for ever */
    uint64_t seed;             /* of the jitter */
};

/* The outside world. All borrowed for the relay's life. */
struct relay_seams {
    const struct clock *clock;
    const struct http *http;
    struct store *store;
    /* Read the token again before a probe, its file may have changed (true: it
     * has); NULL: nothing to read. */
    bool (*refresh_token)(void *context);
    void *refresh_context;
    struct metrics *metrics; /* NULL: nobody watches */
};

/* What a run came to. */
struct relay_report {
    int64_t epoch;
    int64_t recovered; /* unknown outcomes of an older epoch */
    int64_t adopted;
    int64_t delivered;
    int64_t failed;
    int64_t skipped;
    int64_t attempts;
    int64_t calls;
    int64_t pending_left;
    bool held_or_paused;       /* at the end */
    bool nothing_gets_through; /* at the end: the breaker is open */
};

/* Begin an epoch on the store and make the relay. The caller holds the lock of
 * the file. Fails as outbox_begin_epoch() does. */
MUST_CHECK bool relay_new(const struct relay_policy *policy,
                          const struct relay_seams *seams, const char *api_url,
                          struct relay **relay, struct err *err);

enum relay_state {
    RELAY_GOES_ON,
    RELAY_IS_DONE,   /* drained, or stopped and nothing under way */
    RELAY_HAS_FAILED /* superseded, the store broken or moved: err says */
};

/* One turn: take finished calls, record, claim, start. *wait_ms is how long
 * nothing will be due (0: turn again at once); the caller waits with
 * http->wait(). */
MUST_CHECK enum relay_state relay_turn(struct relay *relay, int64_t *wait_ms,
                                       struct err *err);

/* See whether others have written to the outbox; if so the next turn looks
 * for what is due. Cheap. True: they have. */
bool relay_notice_changes(struct relay *relay);

/* Look at the outbox, and whether it is still in its place, at the next turn.
 */
void relay_look(struct relay *relay);

/* There is a new token: what stopped the sending may be mended, so a hold is
 * probed now; and it may be for another workspace, so what was confirmed there
 * is written again. */
void relay_take_new_token(struct relay *relay);

/* True while no delivery is under way. */
bool relay_is_idle(const struct relay *relay);

/* Claim nothing more; what is under way may end until the deadline (monotonic
 * ms), then it is cut and recorded as unknown. */
void relay_stop(struct relay *relay, int64_t deadline_ms);

/* The figures so far. */
void relay_read_report(const struct relay *relay, struct relay_report *report);

/* Free it, ending the epoch in good order if the store allows. NULL is fine. */
void relay_free(struct relay *relay);

#endif
