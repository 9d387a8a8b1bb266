/* ledger.h - what is true in a simulated world, whatever the outbox says: the
 * events that producers wrote, and what Intercom was sent of each. */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LEDGER_MOST_EVENTS = 400,
    LEDGER_MOST_USERS = 10,
    LEDGER_MOST_IDS = 2000,
};

enum ledger_commit {
    LEDGER_REFUSED,   /* certainly not there */
    LEDGER_IN_DOUBT,  /* the commit failed: may be there after a crash */
    LEDGER_COMMITTED, /* the producer was told so */
};

/* What may become of it besides being delivered. */
enum ledger_sort {
    LEDGER_GOOD,
    LEDGER_SKIPPED, /* it is to be skipped */
    LEDGER_INVALID, /* it is to fail: it cannot be mapped */
};

struct ledger_event {
    enum ledger_commit commit;
    enum ledger_sort sort;
    int user; /* from 1 on; 0: none */
    bool has_data_event;
    int64_t timestamp_ms; /* as written; 0: none */
    int64_t id;           /* of its delivery; 0: not seen yet */
    /* What Intercom was sent, in this workspace: */
    int workspace;
    int sends;      /* of its data event that were taken */
    int attempt;    /* of the last one */
    char name[130]; /* folded by the server; of the last one */
    int64_t created_s;
    int64_t order; /* of the first one among all */
    /* Any workspace: */
    int sends_ever;
    int begun;              /* the highest attempt whose bytes left */
    int refused_attempt;    /* the last one whose answer may fail it */
    int missing_attempt;    /* … that was told "User Not Found" */
    int64_t missing_ms;     /* monotonic: since when it is told so */
    int64_t first_begun_ms; /* monotonic; since an operator's retry */
    int begun_in;           /* workspace + 1 of all of its last attempt */
    int delivered_in;       /* workspace + 1 of all of the delivering one */
};

struct ledger_user {
    int lane_calls;         /* under way of living relays */
    bool is_tangled;        /* its contact was merged or deleted */
    int64_t quiet_until_ms; /* monotonic: no call before */
    int quiet_jumps;        /* sim.clock_jumps when its attempt began */
    int begun_jumps;        /* … of the one that began last */
};

struct ledger {
    struct ledger_event events[LEDGER_MOST_EVENTS]; /* from 1 on */
    int count;
    struct ledger_user users[LEDGER_MOST_USERS + 1];
    int event_of[LEDGER_MOST_IDS]; /* by the delivery's id; 0: not known */
    int64_t order;                 /* of data events taken */
};

/* The event with this delivery; NULL: not known (yet). */
struct ledger_event *ledger_find(struct ledger *ledger, int64_t id);

/* Newer: the larger (time, id), as the stale guard has it. arrived_ms stands
 * in for a time that is missing or absurd. */
bool ledger_is_newer(const struct ledger_event *a, int64_t a_arrived_ms,
                     const struct ledger_event *b, int64_t b_arrived_ms);

#endif
