/* views.h - the reading side: what a screen or a command shows.
 *
 * Every function copies and resets: no read transaction outlives the call
 * (design: none over 100 ms). Pages go by key, never by OFFSET. Texts are
 * owned by the row; free it with its _free(). */
#ifndef OUTBOX_VIEWS_H
#define OUTBOX_VIEWS_H

#include "base/err.h"
#include "outbox/cursor.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum view_age {
    AGE_1M,
    AGE_5M,
    AGE_20M,
    AGE_1H,
    AGE_4H,
    AGE_1D,
    AGE_OLDER,
    AGE_COUNT
};

struct view_pending {
    char kind[32];             /* "" without one */
    int64_t by_age[AGE_COUNT]; /* give or take half a minute */
};

struct view_cause {
    char reason[64];
    char result[160];
    int64_t count;
    int64_t first_ms;
    int64_t last_ms;
    int64_t users;
};

struct view_status {
    int64_t now_ms;
    int64_t pending, sending, delivered, failed, skipped, discarded;
    int64_t oldest_pending_ms;  /* its arrival; OUTBOX_NO_TIME: none. To the
                                   minute if more than 10,000 wait */
    struct view_pending *kinds; /* owned; only kinds with pending ones */
    size_t kind_count;
    struct view_cause *causes; /* owned; of the failed, most first */
    size_t cause_count;
    int64_t calls_delivered;   /* calls of the deliveries counted beside */
    int64_t delivered_counted; /* calls per event = the quotient */
    /* the destination */
    char *api_url;
    char *hold_reason; /* NULL: not held */
    char *hold_text;
    int64_t held_since_ms, probe_ms;
    /* Nothing gets through: one delivery at a time tries. */
    int64_t breaker_since_ms; /* OUTBOX_NO_TIME: the breaker is closed */
    int64_t breaker_probe_ms;
    char *breaker_text; /* what failed last */
    char *pause_reason; /* NULL: not paused */
    char *paused_by;
    int64_t paused_since_ms;
    int64_t wait_until_ms;
    int64_t quota_limit, quota_left, quota_reset_ms;
    /* the relay */
    bool relay_is_running; /* by the lock */
    int64_t relay_pid, relay_started_ms;
    char *relay_host;
    int64_t wal_bytes;
};
MUST_CHECK bool view_read_status(struct store *store, int64_t now_ms,
                                 struct view_status *status, struct err *err);
/* How the sending is, in short: the counts by state, the destination and the
 * relay alone; all else in *status is empty. */
MUST_CHECK bool view_read_sending(struct store *store, int64_t now_ms,
                                  struct view_status *status, struct err *err);
/* The same without causes, for what asks often: however many have failed, it
 * takes no longer. */
MUST_CHECK bool view_read_totals(struct store *store, int64_t now_ms,
                                 struct view_status *status, struct err *err);
void view_status_free(struct view_status *status);

/* The counts by state, in the order in which deliveries go through them. */
enum { VIEW_STATES = 6 };
struct view_state_count {
    const char *state; /* constant */
    int64_t count;
};
void view_count_states(const struct view_status *status,
                       struct view_state_count counts[VIEW_STATES]);

/* What happened in the last hour, minute by minute: [0] is an hour ago, the
 * last one is the minute of now. A retried attempt is one whose delivery goes
 * again.
 */
enum { VIEW_MINUTES = 60 };
struct view_minutes {
    int64_t delivered[VIEW_MINUTES];
    int64_t retried[VIEW_MINUTES];
    int64_t failed[VIEW_MINUTES];
};
MUST_CHECK bool view_read_minutes(struct store *store, int64_t now_ms,
                                  struct view_minutes *minutes,
                                  struct err *err);
/* How many were delivered since midnight UTC. */
MUST_CHECK bool view_read_delivered_today(struct store *store, int64_t now_ms,
                                          int64_t *delivered, struct err *err);

/* One line of a list. */
struct view_delivery {
    int64_t id;
    char *event_id;
    char *type; /* of the webhook */
    char *lane;
    char kind[32];
    char state[16];
    char *reason;
    char *result;
    int status;
    int64_t due_ms;    /* OUTBOX_NO_TIME: not the head of its lane */
    int64_t behind_id; /* the lane's head that it waits for; 0: none */
    int64_t arrived_ms;
    int64_t settled_ms;
    int64_t event_timestamp_ms; /* OUTBOX_NO_TIME: not a number */
    int attempts;
    int tries;
    int64_t operation_id; /* the last one that changed its state; 0: none */
};
/* Read these deliveries (cursor.h finds them) in this order; those that are
 * pruned meanwhile are left out. rows has room for count. */
MUST_CHECK bool view_read_rows(struct store *store, const int64_t *ids,
                               int count, struct view_delivery *rows,
                               int *row_count, struct err *err);
/* Step the cursor until limit rows are found or it is done, however long that
 * takes, and read them. */
MUST_CHECK bool view_list(struct store *store, struct cursor *cursor, int limit,
                          struct view_delivery *rows, int *row_count,
                          struct err *err);
/* One delivery. Fails with ERR_NOT_FOUND. */
MUST_CHECK bool view_read_delivery(struct store *store, int64_t id,
                                   struct view_delivery *row, struct err *err);
void view_delivery_free(struct view_delivery *row);

struct view_call {
    int number;
    char *request;
    int64_t started_ms, took_ms;
    int status;
    char *request_id;
    char *result;
    char *answer;
    size_t answer_length;
};

struct view_attempt {
    int number;
    char *cause;
    char *outcome; /* NULL: being sent */
    char *reason;
    char *result;
    int64_t started_ms, ended_ms;
    char *attributes; /* the bytes in force, also where the row has NULL */
    char *event_body;
    struct view_call *calls; /* owned */
    size_t call_count;
};

/* A delivery's payload and attempts, oldest first. */
struct view_history {
    char *payload;
    size_t payload_length;
    struct view_attempt *attempts; /* owned */
    size_t attempt_count;
};
MUST_CHECK bool view_read_history(struct store *store, int64_t id,
                                  struct view_history *history,
                                  struct err *err);
void view_history_free(struct view_history *history);

#endif
