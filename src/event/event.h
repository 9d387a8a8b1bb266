/* event.h - one RevenueCat webhook body, read strictly where we use it.
 *
 * Tolerant of unknown types and fields, strict on the fields below: a wrong
 * type or an absurd value is named. Pure. Source: facts on RevenueCat,
 * "Envelope". */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/err.h"
#include "event/members.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest body taken: the outbox refuses larger ones, too. */
enum { EVENT_MOST_BYTES = 1024 * 1024 };

/* The longest text of a field. */
enum { EVENT_MOST_TEXT_BYTES = 1000 };

/* A time that the webhook does not have, or has as null. */
#define EVENT_NO_TIME INT64_MIN

/* Texts are borrowed from members and NULL where absent or null. Of a key that
 * stands there twice the first counts, as it does for SQLite. Keys written
 * with escapes ("\u0069d") are read as what they mean; SQLite 3.40 does not
 * see those, so user_id and id can differ from what it computed, and whoever
 * has both must compare them. */
struct event {
    struct members members; /* owned; event_free() */
    const char *id;         /* never NULL, never empty */
    const char *type;       /* never NULL, never empty */
    const char *user_id;    /* app_user_id; at most 100 characters, no '/'; NULL
                               where empty, too */
    const char *app_id;
    const char *product_id;
    const char *entitlement; /* entitlement_ids[0] */
    const char *period_type;
    const char *environment;
    const char *store;
    const char *cancel_reason;
    const char *expiration_reason;
    int64_t event_timestamp_ms; /* times: EVENT_NO_TIME where absent */
    int64_t purchased_at_ms;
    int64_t expiration_at_ms;
    int64_t grace_period_expiration_at_ms;
    bool is_trial_conversion;
};

/* Read a webhook body of length bytes. Fails with ERR_INVALID and a text that
 * names the field ("event.purchased_at_ms: not a whole number of
 * milliseconds"): not JSON, nested deeper than 1000 levels, not an object,
 * over EVENT_MOST_BYTES; id or type missing, empty or over 200 bytes; any used
 * field of a wrong type, with invalid UTF-8, \u0000 or half a surrogate pair;
 * a time before 1970 or after the year 9999; user_id with a '/' or over 100
 * characters (code points); another text over EVENT_MOST_TEXT_BYTES. Where the
 * catalog has no row for the type nothing but id and type is used: a field that
 * breaks a rule is then read as absent, so that a type yet to come is skipped
 * instead of failed. True: free *event with event_free(). */
MUST_CHECK bool event_parse(const char *body, size_t length,
                            struct event *event, struct err *err);

/* Free what event_parse() filled. */
void event_free(struct event *event);

/* True for an anonymous app user id ("$RCAnonymousID:" and 32 hex digits). */
bool event_user_is_anonymous(const char *user_id);

#endif
