/* operation.h - what operators ask for: retry, discard, pause, rename, and
 * taking each of them back (design, "Operations").
 *
 * Each is one row of outbox_operation. Retry and discard are plans first: the
 * caller feeds ids in pages, reads the figures, and starts or drops the plan.
 * A started one is applied in pages, by whoever calls operation_step(): CLI,
 * console, and the relay, beside each other and after a crash. All functions
 * but operation_step_in_turn() and those that read are transactions of their
 * own, short ones. Times are wall clock. The store's thread. */
#ifndef OUTBOX_OPERATION_H
#define OUTBOX_OPERATION_H

#include "base/err.h"
#include "event/names.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OPERATION_PAGE = 200,       /* items that one step changes */
    OPERATION_SLICE = 2000,     /* rows that are looked at a call */
    OPERATION_MOST_REASONS = 8, /* why deliveries are left alone */
};

/* Who asks for what. Texts are borrowed. */
struct operation_request {
    const char *action; /* "retry" or "discard" */
    const char *who;    /* the login name */
    const char *filter; /* as typed, or the ids */
    bool include_delivered;
    int64_t now_ms;
};

/* --- a plan -------------------------------------------------------------- */

struct operation_left {
    const char *why; /* constant text: "delivered already" */
    int64_t count;
};

/* A plan and its figures so far; plain data. */
struct operation_plan {
    int64_t id; /* of the operation that it becomes */
    bool is_retry;
    bool include_delivered;
    int64_t now_ms;
    int64_t matched; /* = planned + left */
    int64_t planned; /* will be changed */
    int64_t left;
    struct operation_left reasons[OPERATION_MOST_REASONS];
    size_t reason_count;
    /* Of the planned ones of a retry: */
    int64_t duplicates;  /* delivered: Intercom would get them twice */
    int64_t stale;       /* the user has newer attributes: theirs stay */
    int64_t may_be_old;  /* may be at Intercom under the old name */
    int64_t calls;       /* about; 2 at most for each */
    int64_t duration_ms; /* at a quarter of the quota; -1: no quota known */
    int64_t sample_id;   /* a planned one; 0: none */
};

/* Begin a plan. */
MUST_CHECK bool operation_plan_begin(struct store *store,
                                     const struct operation_request *request,
                                     struct operation_plan *plan,
                                     struct err *err);
/* Add at most OPERATION_PAGE deliveries, each as it is now; one that is there
 * already is not counted again. Fails with ERR_NOT_FOUND, naming the id, and
 * adds none of them. */
MUST_CHECK bool operation_plan_add(struct store *store,
                                   struct operation_plan *plan,
                                   const int64_t *ids, size_t count,
                                   struct err *err);
/* All are added: reckon calls and duration. */
MUST_CHECK bool operation_plan_finish(struct store *store,
                                      struct operation_plan *plan,
                                      struct err *err);
/* Give it up: a page of its rows goes with each call, until *done. */
MUST_CHECK bool operation_plan_drop(struct store *store, int64_t id, bool *done,
                                    struct err *err);
/* Start it: from here on it is done to the end unless it is cancelled. Fails
 * with ERR_INVALID if it is no plan (any more). */
MUST_CHECK bool operation_start(struct store *store, int64_t id, int64_t now_ms,
                                struct err *err);

/* --- applying ------------------------------------------------------------ */

/* Apply the next page of the oldest running operation. *more is false if
 * none is running any more. A delivery that is not as it was planned is left
 * alone and counted as changed. */
MUST_CHECK bool operation_step(struct store *store, int64_t now_ms, bool *more,
                               struct err *err);
/* The same inside the caller's transaction: the relay's turn. The relay leaves
 * pages to whoever applied one by operation_step() lately. */
MUST_CHECK bool operation_step_in_turn(struct store *store, int64_t now_ms,
                                       bool *more, struct err *err);

/* Take back what an operation did, where nothing was sent since: a row of its
 * own, running, whose id is *id; operation_step() does it. Cancel is for one
 * that is running, undo for one that is done; target 0 is the newest that can
 * be. A rename or pause is taken back at once. Fails with ERR_NOT_FOUND,
 * ERR_INVALID (the text says why not). */
MUST_CHECK bool operation_cancel(struct store *store, int64_t target,
                                 const struct operation_request *request,
                                 int64_t *id, struct err *err);
MUST_CHECK bool operation_undo(struct store *store, int64_t target,
                               const struct operation_request *request,
                               int64_t *id, struct err *err);

/* --- one row each -------------------------------------------------------- */

/* An operator's hold: request->filter is the reason (NULL: none). Pausing what
 * is paused replaces the reason. */
MUST_CHECK bool operation_pause(struct store *store,
                                const struct operation_request *request,
                                struct err *err);
/* Lift it, and let a held relay probe at once. *was_paused says if it was. */
MUST_CHECK bool operation_resume(struct store *store,
                                 const struct operation_request *request,
                                 bool *was_paused, struct err *err);

/* Whom a change of a kind's name touches, counted in slices: begin with all
 * 0. */
struct operation_name_effect {
    int64_t pending;   /* use the new name */
    int64_t unknown;   /* outcome unknown, or bytes bound: keep the old */
    int64_t failed;    /* take it when they are retried */
    int64_t sample_id; /* a pending or failed one; 0: none so far */
    /* Where the counting stands: behind this one. */
    bool waiting_is_counted;
    int64_t after_id;
};
/* Count the next OPERATION_SLICE. *more is false when all are counted. */
MUST_CHECK bool
operation_count_name_effect(struct store *store, enum event_kind kind,
                            struct operation_name_effect *effect, bool *more,
                            struct err *err);
/* Set a kind's name (blank: the default) and whether it is off. *id is 0 if it
 * was so already: nothing is written. Fails with ERR_INVALID as names_set(). */
MUST_CHECK bool operation_set_name(struct store *store, enum event_kind kind,
                                   const char *name, bool off,
                                   const struct operation_request *request,
                                   int64_t *id, struct err *err);

/* --- looking ------------------------------------------------------------- */

struct operation_row {
    int64_t id;
    char action[16];
    char state[16]; /* running, done, cancelled, undone */
    char who[64];
    char *filter; /* owned; NULL: none */
    int64_t target_id;
    int64_t created_ms, started_ms, ended_ms; /* or OUTBOX_NO_TIME */
    int64_t matched, planned, applied, changed;
    char kind[32];                  /* of a rename; else "" */
    char *name_before, *name_after; /* owned; NULL: the default */
    bool off_before, off_after;
};
/* Started operations with ids below before_id, newest first. */
MUST_CHECK bool operation_list(struct store *store, int64_t before_id,
                               int limit, struct operation_row *rows,
                               int *count, struct err *err);
/* The same with ids above after_id, oldest first. */
MUST_CHECK bool operation_list_newer(struct store *store, int64_t after_id,
                                     int limit, struct operation_row *rows,
                                     int *count, struct err *err);
/* One, by its id. Fails with ERR_NOT_FOUND. */
MUST_CHECK bool operation_read(struct store *store, int64_t id,
                               struct operation_row *row, struct err *err);
void operation_row_free(struct operation_row *row);

/* What an operation did with one delivery. */
struct operation_touch {
    int64_t id; /* of the operation */
    char action[16];
    char state[16]; /* of the operation */
    char who[64];
    int64_t created_ms;
    char item_state[16]; /* planned, left, applied, changed, restored */
    char why[64];        /* left alone because; else "" */
};
/* The started operations that a delivery is in, the newest first. */
MUST_CHECK bool operation_list_touches(struct store *store, int64_t delivery_id,
                                       int limit,
                                       struct operation_touch *touches,
                                       int *count, struct err *err);

struct operation_item {
    int64_t delivery_id;
    char state[16]; /* planned, left, applied, changed, restored */
    char why[64];   /* left alone because; else "" */
    char was_state[16];
    char now_state[16]; /* of the delivery; "": pruned */
};
/* Its deliveries with ids above after_id, in order. */
MUST_CHECK bool operation_list_items(struct store *store, int64_t id,
                                     int64_t after_id, int limit,
                                     struct operation_item *items, int *count,
                                     struct err *err);
/* The same with ids below before_id, the nearest first. */
MUST_CHECK bool operation_list_items_before(struct store *store, int64_t id,
                                            int64_t before_id, int limit,
                                            struct operation_item *items,
                                            int *count, struct err *err);

/* Where the deliveries are now that an operation changed, counted in slices:
 * begin with all 0. */
struct operation_outcomes {
    int64_t delivered, failed;
    int64_t waiting;  /* pending or being sent */
    int64_t settled;  /* skipped or discarded */
    int64_t restored; /* the operation was taken back for them */
    int64_t pruned;
    int64_t after_id; /* counted up to this one */
};
/* Count the next OPERATION_SLICE of its items. *more is false when all are
 * counted. */
MUST_CHECK bool operation_count_outcomes(struct store *store, int64_t id,
                                         struct operation_outcomes *outcomes,
                                         bool *more, struct err *err);

#endif
