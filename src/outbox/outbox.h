/* outbox.h - the writing side: events in, claims out, outcomes recorded.
 *
 * Producers use outbox_put(), or the same INSERT from any language. The rest
 * is the relay's, and all of it happens inside a turn: outbox_begin_turn() …
 * store_commit() is one transaction of one epoch (design, "One commit a
 * turn of the loop"). A failed call inside a turn leaves the turn to be rolled
 * back whole with store_rollback(). Borrowed texts need to live only during
 * the call. The store's thread. */
#ifndef OUTBOX_OUTBOX_H
#define OUTBOX_OUTBOX_H

#include "base/err.h"
#include "event/names.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No time: a due time, a timestamp or the like that is not there. */
#define OUTBOX_NO_TIME INT64_MIN

/* Add one event, in the caller's transaction if one is open. *is_new is false
 * if its event.id is already there, or was and is pruned. Fails with
 * ERR_INVALID and the words of the trigger ("outbox: event.id is missing"): it
 * alone is refused, the transaction stays usable. */
MUST_CHECK bool outbox_put(struct store *store, const char *payload,
                           size_t length, bool *is_new, struct err *err);

/* The names as set by operators; defaults where there is no row. */
MUST_CHECK bool outbox_read_names(struct store *store, struct names *names,
                                  struct err *err);

/* --- the relay's epoch --------------------------------------------------- */

struct outbox_epoch_options {
    int64_t now_ms;
    int64_t timeout_ms;  /* of one request */
    const char *api_url; /* borrowed */
};

struct outbox_recovery {
    int64_t epoch;      /* ours */
    int64_t unknown;    /* deliveries that an older epoch left sending */
    int64_t open_ms;    /* how long sending has been possible so far */
    int64_t timeout_ms; /* of one request of the epoch before */
};

/* Begin a new epoch: number it, write who we are (pid, host), and make all
 * that an older one left sending an attempt with outcome unknown (it costs no
 * try), first of its lane, due when a request that may still be on its way is
 * over (what promises 2 and 3 assume): one timeout, the older relay's, after
 * min(now, start of the attempt + twelve timeouts). A transaction of its own.
 * Only the holder of the lock calls this. */
MUST_CHECK bool outbox_begin_epoch(struct store *store,
                                   const struct outbox_epoch_options *options,
                                   struct outbox_recovery *recovery,
                                   struct err *err);

/* The relay ends in good order. A transaction of its own. */
MUST_CHECK bool outbox_end_epoch(struct store *store, int64_t epoch,
                                 int64_t now_ms, struct err *err);

struct outbox_adoption {
    int64_t now_ms;  /* adopted ones count as arrived now */
    int limit;       /* look at so many events at most; > 0 */
    int64_t adopted; /* set: how many had no delivery and have one now */
    bool done;       /* set: all events have been looked at */
};

/* Give deliveries to events that have none (inserted with triggers off, or
 * restored): the next page of events in id order, going on where the last call
 * stopped, whichever process made it. Of events that have one it reads the
 * deliveries alone. A transaction of its own. */
MUST_CHECK bool outbox_adopt(struct store *store,
                             struct outbox_adoption *adoption, struct err *err);

/* Count all counters anew, put what its lane would never come to back in line,
 * and let outbox_adopt() begin at the first event again. A transaction of its
 * own; it reads every delivery. */
MUST_CHECK bool outbox_recount(struct store *store, struct err *err);

/* --- a turn -------------------------------------------------------------- */

/* Begin a transaction as this epoch. Fails with ERR_SUPERSEDED if a newer
 * epoch has begun: this relay must stop; with ERR_BUSY and the like. */
MUST_CHECK bool outbox_begin_turn(struct store *store, int64_t epoch,
                                  struct err *err);

/* A delivery can have no more: the number of the last one is all bits that the
 * key of outbox_attempt has for it. */
enum { OUTBOX_MOST_ATTEMPTS = (1 << 20) - 1 };

/* One due head of a lane. Texts are owned; outbox_claim_free(). */
struct outbox_claim {
    int64_t id;
    char *lane;
    char kind[32]; /* the word; "" without one */
    char *payload;
    size_t payload_length;
    int64_t arrived_ms;
    int attempts;              /* so far; OUTBOX_MOST_ATTEMPTS at most */
    int tries;                 /* so far */
    int64_t first_try_open_ms; /* open_ms then; OUTBOX_NO_TIME: none yet */
    int64_t missing_open_ms;   /* the same, of Intercom not having a contact */
    bool unknown;              /* an attempt's outcome is unknown */
    bool bound;                /* the bytes below are to be used */
    char *attributes;          /* of the last attempts; NULL: none */
    char *event_body;          /* of the last attempts; NULL: none */
    /* what is known of the user */
    int64_t user_id;           /* of the row in outbox_user; 0: there is none */
    int64_t last_user_id;      /* the largest in outbox_user */
    bool follows;              /* it waited behind another of the user's */
    char *contact_id;          /* NULL: not known */
    int64_t sent_timestamp_ms; /* newest sent; OUTBOX_NO_TIME: none */
    int64_t sent_id;
    char *sent_attributes;          /* NULL: none */
    int64_t confirmed_timestamp_ms; /* newest confirmed; or OUTBOX_NO_TIME */
    int64_t confirmed_id;
    int64_t confirmed_ms;
    int64_t confirmed_epoch;
    char *sent_events; /* the last ones (event/merge.h); NULL: none */
    /* A request of the user that was cut may be on its way until then: no call
     * before. OUTBOX_NO_TIME: none is. */
    int64_t quiet_until_ms;
    int64_t operation_id; /* whose retry it is; 0: no operator's */
};

/* Read up to limit due heads: fresh ones (due at 0) in id order, retries
 * (due at a time) in due order, alternating, so that neither starves the
 * other; and those that an operator's retry put back (due at 1), at most every
 * fourth while others wait. Changes nothing: for each, call
 * outbox_start_attempts(), outbox_settle() or outbox_put_off() in the same
 * turn, else it comes again. claims has room for limit. */
MUST_CHECK bool outbox_find_due(struct store *store, int64_t now_ms, int limit,
                                struct outbox_claim *claims, int *count,
                                struct err *err);
void outbox_claim_free(struct outbox_claim *claim);

/* A due head waits until then, and its user has no call before. */
MUST_CHECK bool outbox_put_off(struct store *store,
                               const struct outbox_claim *claim,
                               int64_t until_ms, int64_t now_ms,
                               struct err *err);

/* The clock was set back: no head waits longer than it was to when its time was
 * set. In a turn. outbox_begin_epoch() does so, too. */
MUST_CHECK bool outbox_pull_back(struct store *store, int64_t now_ms,
                                 struct err *err);

/* An attempt about to be made. */
struct outbox_start {
    const struct outbox_claim *claim;
    int64_t now_ms;
    const char *attributes; /* as rendered; NULL: no attributes call */
    const char *event_body; /* as rendered; NULL: no data event */
    /* The attributes are the user's newest: recorded as newest sent. */
    bool is_newest;
    int64_t timestamp_ms; /* of the event, with is_newest */
    /* With is_newest: the same attributes are confirmed already and are not
     * written again (attributes is NULL). Newest confirmed moves along to this
     * event; its confirmed_ms stays, and sent_attributes too. */
    bool is_confirmed;
};

/* The deliveries become sending by this epoch, and for each an attempt (number
 * claim->attempts + 1) is recorded with its bytes, once while they stay the
 * same as claim's. Fails with ERR_INVALID if one is no due head (any more). */
MUST_CHECK bool outbox_start_attempts(struct store *store, int64_t epoch,
                                      const struct outbox_start *starts,
                                      int count, struct err *err);

/* A pending head leaves for good without an attempt: state "skipped" with a
 * reason, or "failed" with invalid_event. The lane moves on. */
struct outbox_settlement {
    const char *state;
    const char *reason;
    const char *result; /* in words */
    int64_t now_ms;
};
MUST_CHECK bool outbox_settle(struct store *store,
                              const struct outbox_claim *claim,
                              const struct outbox_settlement *settlement,
                              struct err *err);

struct outbox_call {
    char request[160]; /* "POST /events" */
    int64_t started_ms;
    int64_t took_ms;
    int status;          /* 0: no answer */
    char request_id[80]; /* "": none */
    char *result;        /* without an answer: what happened; NULL; owned */
    char *answer;        /* other than 2xx; NULL; owned by whoever filled it */
    size_t answer_length;
};

/* How an attempt ended. Texts are borrowed. */
struct outbox_end {
    const struct outbox_claim *claim;
    int number; /* of the attempt */
    int64_t now_ms;
    const char *outcome;      /* delivered, retry, failed, held, unknown */
    const char *state;        /* delivered with that outcome only; failed,
                                 pending */
    const char *reason;       /* NULL: none */
    const char *result;       /* in words */
    int status;               /* the last HTTP status; 0: none */
    int64_t not_before_ms;    /* with pending */
    int64_t quiet_until_ms;   /* no call of the user before; OUTBOX_NO_TIME */
    bool costs_try;           /* never, if it is delivered */
    int64_t open_ms;          /* how long sending has been possible so far */
    bool event_may_have_left; /* the bytes are bound from now on */
    const struct outbox_call *calls;
    size_t call_count;
    const char *contact_id;    /* learned; NULL: leave; "": forget it */
    const char *sent_events;   /* of the user, as they are now; NULL: leave */
    bool attributes_confirmed; /* their own 2xx came in this attempt */
    /* as at this attempt's start (struct outbox_start) */
    const char *attributes;
    bool is_newest;
    int64_t timestamp_ms;
    bool is_confirmed;
};

/* Record the ends of attempts that this epoch made, their calls, what was
 * learned of the users; settle or reschedule the deliveries; move their lanes
 * on. Fails with ERR_SUPERSEDED if one is not being sent by this epoch. */
MUST_CHECK bool outbox_end_attempts(struct store *store, int64_t epoch,
                                    const struct outbox_end *ends, int count,
                                    struct err *err);

/* --- the destination ----------------------------------------------------- */

struct outbox_hold {
    const char *reason; /* a word; NULL: not held */
    const char *text;   /* what happened and how to mend it */
    int64_t since_ms;
    int64_t probe_ms;
};
/* Record that the destination is held, or (reason NULL) no longer. In a turn.
 */
MUST_CHECK bool outbox_set_hold(struct store *store,
                                const struct outbox_hold *hold,
                                struct err *err);

struct outbox_breaker {
    int64_t since_ms; /* OUTBOX_NO_TIME: closed */
    int64_t probe_ms; /* when the next probe may go */
    const char *text; /* what failed last */
};
/* Record that the breaker is open, or (since_ms OUTBOX_NO_TIME) closed. In a
 * turn. */
MUST_CHECK bool outbox_set_breaker(struct store *store,
                                   const struct outbox_breaker *breaker,
                                   struct err *err);

/* Record how long sending has been possible (not held, not paused, something
 * getting through), all relays together: the age of tries is counted in it. In
 * a turn. */
MUST_CHECK bool outbox_set_open(struct store *store, int64_t open_ms,
                                struct err *err);

struct outbox_quota {
    int64_t limit; /* OUTBOX_NO_TIME where the answer had none */
    int64_t left;
    int64_t reset_ms;
    int64_t wait_until_ms; /* OUTBOX_NO_TIME: no 429 */
};
/* Record what the last answers said. In a turn. */
MUST_CHECK bool outbox_set_quota(struct store *store,
                                 const struct outbox_quota *quota,
                                 struct err *err);

/* --- what is next -------------------------------------------------------- */

struct outbox_outlook {
    int64_t next_due_ms; /* of the earliest due head; OUTBOX_NO_TIME: none */
    int64_t pending;     /* deliveries */
    int64_t sending;
    int64_t failed;
    bool is_paused;               /* by an operator */
    int64_t epoch;                /* of the newest relay */
    int64_t resumes;              /* grows: an operator asks for a probe */
    bool has_operation;           /* one is running: apply its pages */
    int64_t operation_stepped_ms; /* another applied a page of one then; valid
                                     with has_operation */
    int64_t last_due_ms; /* of the latest due head; OUTBOX_NO_TIME: none */
};
/* One short read. Fails as store_check_place(), too. */
MUST_CHECK bool outbox_look_ahead(struct store *store,
                                  struct outbox_outlook *outlook,
                                  struct err *err);

/* Who applied a page so lately will apply the next. */
enum { OUTBOX_STEPPED_FOR_MS = 1000 };

/* True if an operation's pages are being applied by another than the relay:
 * two at it would hold the lock for twice as long. */
bool outbox_is_stepped(const struct outbox_outlook *outlook, int64_t now_ms);

#endif
