/* plan.h - what one claimed delivery is to send, decided before it starts.
 *
 * Mapping, the stale guard and the saved calls meet here (design, "Mapping").
 * Pure: everything it needs is in the claim. */
#ifndef RELAY_PLAN_H
#define RELAY_PLAN_H

#include "event/mapping.h"
#include "outbox/outbox.h"

#include <stdbool.h>
#include <stdint.h>

enum plan_action {
    PLAN_SEND,  /* start an attempt with the bytes below */
    PLAN_SETTLE /* no call is needed: state, reason and result say why */
};

struct plan {
    enum plan_action action;
    /* PLAN_SETTLE */
    const char *state;  /* "skipped" or "failed" */
    const char *reason; /* one constant word */
    char result[256];   /* in words */
    /* PLAN_SEND; texts owned, plan_free() */
    char *attributes;        /* custom_attributes to write; NULL: none */
    char *newest_attributes; /* should the contact have to be created */
    char *event_body;        /* NULL: no data event */
    bool is_newest;          /* the event is the user's newest */
    bool is_confirmed;       /* … and its attributes are there already */
    int64_t timestamp_ms;    /* of the event, as the stale guard counts it */
};

struct plan_context {
    const struct mapping_policy *policy;
    int64_t epoch; /* ours */
    /* What was confirmed before is not trusted: the token, and with it perhaps
     * the workspace, has changed (wall clock); 0: it has not. */
    int64_t trusted_since_ms;
    int64_t now_ms; /* wall clock */
};

/* Decide what to do with a claim. Bytes that may be at Intercom already (the
 * claim is bound, or its last outcome is unknown) are used as they are, but for
 * attributes that a newer event of the user has overtaken; everything else is
 * mapped anew. What has had all attempts that it can have is given up. Free
 * *plan with plan_free(). */
void plan_make(const struct outbox_claim *claim,
               const struct plan_context *context, struct plan *plan);

void plan_free(struct plan *plan);

#endif
