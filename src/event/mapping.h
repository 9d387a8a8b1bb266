/* mapping.h - event -> envelope: what Intercom is to be told, or why nothing.
 *
 * Pure. Source of every rule: facts on RevenueCat, "Webhook -> Intercom event"
 * and "What is delivered"; design, "Mapping". */
#ifndef EVENT_MAPPING_H
#define EVENT_MAPPING_H

#include "base/buf.h"
#include "base/err.h"
#include "event/catalog.h"
#include "event/event.h"
#include "event/names.h"

#include <stdbool.h>
#include <stdint.h>

struct mapping_policy {
    const struct names *names; /* borrowed */
    bool skip_anonymous_users; /* --anonymous-users skip */
    bool send_sandbox_events;  /* --sandbox-events send */
};

enum mapping_result {
    MAPPING_DONE,    /* *envelope is filled */
    MAPPING_SKIPPED, /* *reason is one of the words below */
    MAPPING_INVALID, /* err names the field; the reason is invalid_event */
};

/* Reasons to skip, as the outbox records them. */
#define SKIP_NO_INTERCOM_EVENT "no_intercom_event"
#define SKIP_STORE_NOT_TRACKED "store_not_tracked"
#define SKIP_SANDBOX_EVENT     "sandbox_event"
#define SKIP_ANONYMOUS_USER    "anonymous_user"
#define SKIP_NO_USER           "no_user"

/* The mapped event. Texts are borrowed from the event and the names; the
 * envelope must not outlive them. */
struct envelope {
    const struct event *event;
    enum event_kind kind;
    bool has_event_payload;          /* false: contact's attributes only */
    const char *event_name;          /* valid with has_event_payload */
    int64_t created_at_s;            /* valid with has_event_payload */
    const char *subscription_status; /* NULL: the key is left out */
};

/* Map one event. *reason is constant text; where several hold it is the first
 * of: no_intercom_event, sandbox_event, no_user, anonymous_user,
 * store_not_tracked. An event without a store is tracked. Invalid only when the
 * time is missing that created_at needs. */
MUST_CHECK enum mapping_result
mapping_map(const struct event *event, const struct mapping_policy *policy,
            struct envelope *envelope, const char **reason, struct err *err);

/* One sentence for a person about a reason to skip; another word is returned
 * as it is. */
const char *mapping_explain_skip(const char *reason);

/* Add the published payload: product_identifier, app_id, user_payload,
 * event_payload (without has_event_payload the key is left out), nulls as
 * published. Only metadata's environment and app_id are left out where the
 * event has no such key. */
void mapping_write_envelope(const struct envelope *envelope, struct buf *out);

/* Add the contact's custom_attributes object, nulls kept: null clears. */
void mapping_write_attributes(const struct envelope *envelope, struct buf *out);

/* Add the body of POST /events: nulls left out of metadata; at most ten keys.
 * Only with has_event_payload. */
void mapping_write_event(const struct envelope *envelope, struct buf *out);

#endif
