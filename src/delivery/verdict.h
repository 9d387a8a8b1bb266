/* verdict.h - what the policy says of an answer: one table.
 *
 * Source: design, "Verdicts"; facts on Intercom, "Answers, and what they are
 * about". Pure. */
#ifndef DELIVERY_VERDICT_H
#define DELIVERY_VERDICT_H

#include "delivery/http.h"

#include <stdbool.h>
#include <stdint.h>

/* Which call of a chain an answer belongs to. */
enum intercom_call {
    CALL_CREATE_CONTACT,   /* POST /contacts */
    CALL_UPDATE_CONTACT,   /* PUT /contacts/{id} */
    CALL_FIND_CONTACT,     /* GET /contacts/find_by_external_id/{user} */
    CALL_UNARCHIVE,        /* POST /contacts/{id}/unarchive */
    CALL_SEND_EVENT,       /* POST /events */
    CALL_CREATE_ATTRIBUTE, /* POST /data_attributes */
    CALL_GET_ME,           /* GET /me */
    CALL_COUNT,
};

enum verdict_action {
    VERDICT_GO_ON, /* 2xx: the next call, or delivered after the last */
    VERDICT_RETRY, /* the same bytes later */
    VERDICT_FAIL,  /* this delivery, for good */
    VERDICT_HOLD,  /* stop the destination */
    VERDICT_WAIT,  /* stop the destination until a known time (429) */
    /* repairs: the chain goes on */
    VERDICT_CREATE_ATTRIBUTES, /* of the destination: others wait */
    VERDICT_CONTACT_MISSING,   /* create or find it, send again */
    VERDICT_CONTACT_EXISTS,    /* 409: the id from the message, or find it */
    VERDICT_CONTACT_STALE,     /* a remembered id is wrong: forget it */
    VERDICT_CONTACT_MERGED,    /* 410: follow the Link */
};

/* What ends a hold. */
enum verdict_probe {
    PROBE_NONE,
    PROBE_GET_ME,   /* after 30 s, up to 5 min apart */
    PROBE_DELIVERY, /* one real delivery, the interval growing */
};

struct verdict {
    enum verdict_action action;
    const char *reason; /* one constant word for the outbox; NULL: 2xx */
    char result[160];   /* "422 parameter_invalid: event name archived" */
    char mend[160];     /* for a person: how to mend it; "" without */
    int status;         /* 0: no answer */
    bool costs_try;
    bool outcome_is_unknown; /* the peer may have acted */
    bool closed_by_us;       /* the lane waits one request timeout */
    bool in_transit;         /* feeds the breaker: nothing got through */
    int64_t floor_ms;        /* wait at least so long from now; 0: nothing */
    int64_t wait_until_ms;   /* VERDICT_WAIT: wall clock of this machine */
    enum verdict_probe probe;
};

/* Judge one answer to one call at now_ms (wall clock). Cannot fail. */
void verdict_judge(enum intercom_call call, const struct http_answer *answer,
                   int64_t now_ms, struct verdict *verdict);

/* The next step for a person about a reason: "Restore the name in Intercom,
 * or change it; then retry." Constant; never NULL. */
const char *verdict_next_step(const char *reason);

#endif
