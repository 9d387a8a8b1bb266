/* intercom.h - the chain of calls that delivers one event.
 *
 * Create or update the contact, then send the event, with the repairs that
 * Intercom's answers call for (design, "Verdicts"): at most twelve calls. A
 * state machine: it is given answers and says which call comes next. Pure. */
#ifndef DELIVERY_INTERCOM_H
#define DELIVERY_INTERCOM_H

#include "base/buf.h"
#include "delivery/http.h"
#include "delivery/intercom_answer.h"
#include "delivery/intercom_attributes.h"
#include "delivery/verdict.h"

#include <stdbool.h>
#include <stdint.h>

enum { INTERCOM_MOST_CALLS = 12 };

/* Sent with every call as Intercom-Version. */
#define INTERCOM_VERSION "2.16"

/* Where a probe goes. */
#define INTERCOM_ME_PATH "/me"

/* What is to be delivered. All borrowed until the chain ends. */
struct intercom_job {
    const char *user_id;    /* the contact's external_id */
    const char *contact_id; /* remembered; NULL: not known */
    const char *attributes; /* custom_attributes to write; NULL: none */
    /* The user's newest attributes, for a contact that has to be created
     * although nothing is to be written; NULL: none. */
    const char *newest_attributes;
    const char *event_body; /* of POST /events; NULL: none */
};

/* Read freely; written by the functions below only. */
struct intercom_chain {
    struct intercom_job job;
    enum intercom_call call;            /* under way, or the last one */
    int calls;                          /* made, the one under way included */
    char contact_id[INTERCOM_ID_BYTES]; /* as known now; "": not known */
    bool contact_changed;    /* differs from the job's: to be remembered */
    bool attributes_written; /* the job's own; their own 2xx came */
    /* A POST /events that may have reached Intercom was made: it is true while
     * one is under way, and stays true unless its answer proves that it did
     * nothing. What an earlier call of this chain set is never taken back. */
    bool event_may_have_left;
    bool event_left_before;   /* … in a call before the one under way */
    bool contact_was_missing; /* 404 on /events in this attempt */
    bool contact_created;     /* by this chain */
    bool unarchived;
    bool is_archived; /* a 409 said so */
    bool attributes_created;
    bool event_sent;
    int stale_ids; /* contact ids given up in this chain */
    /* Wait so long before the call just asked for; 0: none. A contact made a
     * moment ago may not be found by /events yet. */
    int64_t wait_before_event_ms;
    struct buf path; /* of the call under way */
    struct buf body;
};

enum intercom_next {
    INTERCOM_CALL, /* *request is the next call */
    /* The four attributes have to be created first (by the destination's own
     * chain, once for all); then intercom_resume(). */
    INTERCOM_ATTRIBUTES_MISSING,
    INTERCOM_END, /* *verdict says how */
};

/* Start a chain. A job with neither attributes nor event is a bug. */
enum intercom_next intercom_begin(struct intercom_chain *chain,
                                  const struct intercom_job *job,
                                  struct http_request *request);

/* The call under way has ended; now_ms is the wall clock. *verdict is always
 * filled: of this answer. With INTERCOM_END, verdict->action is VERDICT_GO_ON
 * for delivered, else RETRY, FAIL, HOLD or WAIT; a RETRY with the reason
 * REASON_CONTACT_MISSING is the second 404 on /events, which the caller fails
 * after an hour. */
enum intercom_next intercom_take_answer(struct intercom_chain *chain,
                                        const struct http_answer *answer,
                                        int64_t now_ms,
                                        struct http_request *request,
                                        struct verdict *verdict);

/* The attributes exist now: make the call again that missed them. Missed once
 * more, the chain ends with a hold. *verdict is filled with INTERCOM_END. */
enum intercom_next intercom_resume(struct intercom_chain *chain,
                                   struct http_request *request,
                                   struct verdict *verdict);

/* Free what the chain holds. */
void intercom_free(struct intercom_chain *chain);

#endif
