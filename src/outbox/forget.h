/* forget.h - all that the outbox has of one user goes, on request: events,
 * deliveries, attempts, calls, what is known of the user at Intercom, and the
 * name in what operators typed.
 *
 * First a look, in stretches; then erasing, a page a step, each a transaction
 * of its own, with what waits first, so that nothing more is sent. Then what
 * deleted rows left in the file has to be overwritten (wipe.h), and only then
 * it is over. An operation tells that somebody was forgotten, and not who; it
 * has no end before that. The ids of the events stay as tombstones. The store's
 * thread. */
#ifndef OUTBOX_FORGET_H
#define OUTBOX_FORGET_H

#include "base/err.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FORGET_PAGE = 200,     /* deliveries that a step erases */
    FORGET_STRETCH = 1000, /* events that a step looks at */
    FORGET_STATES = 6,
    FORGET_MOST_OTHERS = 20, /* ids told */
};

/* Set the first three, leave the rest 0. */
struct forget {
    const char *user; /* app_user_id; borrowed */
    const char *who;  /* the operator; borrowed */
    int64_t now_ms;   /* wall clock */

    const char *lane; /* the user's own; "" where the id can't have one */
    /* What a look has found. */
    struct {
        char state[16];
        int64_t count;
    } states[FORGET_STATES]; /* of the user's deliveries */
    size_t state_count;
    int64_t found;         /* deliveries of the user's own */
    int64_t attempts;      /* … and theirs */
    bool is_known;         /* a row of outbox_user */
    int64_t unfinished_id; /* a forgetting that has not ended; 0: none */
    int64_t *loose;        /* owned: events without a user that name this one */
    size_t loose_count, loose_capacity;
    int64_t others[FORGET_MOST_OTHERS]; /* events of others that do */
    int64_t other_count;
    int64_t looked_id, newest_id; /* how far the look is */
    bool has_looked;

    /* What has been done. */
    int64_t erased;
    int64_t sending_id;   /* being sent: it has to end first; 0: none */
    int64_t operation_id; /* 0: none yet */
    bool done;
};

/* Begin: count the user's deliveries. */
MUST_CHECK bool forget_begin(struct store *store, struct forget *forget,
                             struct err *err);

/* Look at the next stretch, until has_looked. Changes nothing. */
MUST_CHECK bool forget_look(struct store *store, struct forget *forget,
                            struct err *err);

/* Erase the next page. While one is being sent by a relay that runs, its id is
 * in sending_id and nothing else is left to do: call again a little later.
 * done: no row has it any more. */
MUST_CHECK bool forget_step(struct store *store, struct forget *forget,
                            struct err *err);

/* The operation of a forgetting whose end is not noted: it was interrupted, or
 * is under way. 0: there is none. */
MUST_CHECK bool forget_read_unfinished(struct store *store, int64_t *id,
                                       struct err *err);

/* All that was erased is overwritten, too: note it for every forgetting that
 * had not ended. */
MUST_CHECK bool forget_end(struct store *store, int64_t now_ms,
                           struct err *err);

void forget_free(struct forget *forget);

#endif
