/* verdict.h - what the policy says of an answer: one table.
 *
 * Source: design, "Verdicts"; facts on Intercom, "Answers, and what they are
 * about". Pure. */
#ifndef DELIVERY_VERDICT_H
#define DELIVERY_VERDICT_H

#include "delivery/http.h"

#include <stdbool.h>
#include <stddef.h>
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
    /* "422 parameter_invalid: event name archived": one line without control
     * characters and without a token, cut at a character's end. */
    char result[160];
    char mend[160]; /* VERDICT_HOLD: verdict_next_step(); "" else */
    int status;     /* 0: no answer */
    bool costs_try;
    bool outcome_is_unknown; /* the peer may have acted */
    bool closed_by_us;       /* the lane waits one request timeout */
    bool in_transit;         /* feeds the breaker: nothing got through */
    bool tells_nothing;      /* we ended it: no news of the destination */
    int64_t floor_ms;        /* wait at least so long; 0: nothing; <= 24 h */
    int64_t wait_until_ms;   /* VERDICT_WAIT: wall clock of this machine; 0: as
                              * long as it waits already */
    enum verdict_probe probe;
};

/* Judge one answer to one call at now_ms (wall clock). Cannot fail. */
void verdict_judge(enum intercom_call call, const struct http_answer *answer,
                   int64_t now_ms, struct verdict *verdict);

/* --- reasons -------------------------------------------------------------- */

/* Words that the relay records of itself, or asks for by name; the others
 * stand in verdict_reasons.c only. */
#define REASON_CONTACT_MISSING    "contact_missing"
#define REASON_CONTACT_UNRESOLVED "contact_unresolved"
#define REASON_CHAIN_TOO_LONG     "chain_too_long"
#define REASON_ATTRIBUTE_REFUSED  "attribute_refused"
#define REASON_FUTURE_CREATED_AT  "future_created_at"
#define REASON_HTML_ANSWER        "html_answer"
#define REASON_UNEXPECTED_ANSWER  "unexpected_answer"
#define REASON_INVALID_EVENT      "invalid_event"
#define REASON_GAVE_UP            "gave_up"
#define REASON_INTERRUPTED        "interrupted"

struct verdict_reason {
    const char *word;      /* snake_case, never changed: it is in databases */
    const char *meaning;   /* "the token was refused" */
    const char *next_step; /* one sentence or two for a person */
};

/* All reasons for which something was not delivered. Constant. */
const struct verdict_reason *verdict_reasons(size_t *count);

/* The row of a word; NULL: none (also for NULL). */
const struct verdict_reason *verdict_find_reason(const char *word);

/* The next step for a person about a reason: "Restore the name in Intercom,
 * or change it; then retry." Constant; never NULL. */
const char *verdict_next_step(const char *reason);

#endif
