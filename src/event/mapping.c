#include "event/mapping.h"

#include "base/json.h"
#include "base/text.h"

#include <assert.h>
#include <strings.h>

/* clang-format off */
static const struct {
    const char *reason;
    const char *sentence;
} skips[] = {
    {SKIP_NO_INTERCOM_EVENT, "This webhook type has no event at Intercom."},
    {SKIP_STORE_NOT_TRACKED, "This event is not tracked for this store."},
    {SKIP_SANDBOX_EVENT,
     "It comes from the store's sandbox, and sandbox events are not sent."},
    {SKIP_ANONYMOUS_USER,
     "The user is anonymous, and anonymous users are not sent."},
    {SKIP_NO_USER, "It names no user (event.app_user_id)."},
};

/* Where a kind's created_at comes from. */
static const struct {
    const char *name;
    size_t offset; /* in struct event */
} times[] = {
    [TIME_OF_PURCHASE] =
        {"event.purchased_at_ms", offsetof(struct event, purchased_at_ms)},
    [TIME_OF_EXPIRATION] =
        {"event.expiration_at_ms", offsetof(struct event, expiration_at_ms)},
    [TIME_OF_EVENT] =
        {"event.event_timestamp_ms",
         offsetof(struct event, event_timestamp_ms)},
};
/* clang-format on */

static bool is_trial(const struct event *event)
{
    return text_equals(event->period_type, "TRIAL");
}

static bool is_sandbox(const struct event *event)
{
    return event->environment != NULL &&
           strcasecmp(event->environment, "SANDBOX") == 0;
}

/* Why the event is not sent; NULL: it is. */
static const char *find_skip(const struct event *event,
                             const struct mapping_policy *policy, bool has_row,
                             enum event_kind kind)
{
    if (!has_row)
        return SKIP_NO_INTERCOM_EVENT;
    if (is_sandbox(event) && !policy->send_sandbox_events)
        return SKIP_SANDBOX_EVENT;
    if (event->user_id == NULL)
        return SKIP_NO_USER;
    if (policy->skip_anonymous_users && event_user_is_anonymous(event->user_id))
        return SKIP_ANONYMOUS_USER;
    if (kind != KIND_NONE &&
        (catalog_kind(kind)->tracked & catalog_store_group(event->store)) == 0)
        return SKIP_STORE_NOT_TRACKED;
    return NULL;
}

static const char *status_of_period(const struct event *event)
{
    if (is_trial(event))
        return "trial";
    if (text_equals(event->period_type, "INTRO"))
        return "intro";
    if (text_equals(event->period_type, "PROMOTIONAL"))
        return "promotional";
    return "active";
}

static const char *status_of_billing_issue(const struct event *event)
{
    if (event->grace_period_expiration_at_ms == EVENT_NO_TIME)
        return NULL;
    return is_trial(event) ? "grace_period_trial" : "grace_period";
}

static const char *status_of_expiration(const struct event *event)
{
    if (text_equals(event->store, "PROMOTIONAL"))
        return "expired_promotional";
    if (text_equals(event->expiration_reason, "SUBSCRIPTION_PAUSED"))
        return "paused";
    return "expired";
}

static const char *status_of_purchase(const struct event *event)
{
    return text_equals(event->store, "PROMOTIONAL") ? "promotional" : NULL;
}

/* Types that update the contact's attributes only. */
static const char *status_of_no_kind(const struct event *event)
{
    if (text_equals(event->type, "SUBSCRIPTION_PAUSED"))
        return "paused";
    return status_of_period(event);
}

/* Source: facts on RevenueCat, the derived rule. A fixed status or a rule. */
static const struct {
    const char *fixed;
    const char *(*rule)(const struct event *event);
} statuses[KIND_COUNT] = {
    [KIND_NONE] = {.rule = status_of_no_kind},
    [KIND_INITIAL_PURCHASE] = {.rule = status_of_period},
    [KIND_TRIAL_STARTED] = {.rule = status_of_period},
    [KIND_TRIAL_CONVERTED] = {.rule = status_of_period},
    [KIND_TRIAL_CANCELLED] = {.fixed = "cancelled_trial"},
    [KIND_RENEWAL] = {.rule = status_of_period},
    [KIND_CANCELLATION] = {.fixed = "cancelled"},
    [KIND_NON_SUBSCRIPTION_PURCHASE] = {.rule = status_of_purchase},
    [KIND_EXPIRATION] = {.rule = status_of_expiration},
    [KIND_BILLING_ISSUE] = {.rule = status_of_billing_issue},
    [KIND_PRODUCT_CHANGE] = {.rule = status_of_period},
};

/* NULL: the key is left out. */
static const char *find_status(const struct event *event, enum event_kind kind)
{
    return statuses[kind].rule == NULL ? statuses[kind].fixed
                                       : statuses[kind].rule(event);
}

static int64_t created_at_ms(const struct event *event, enum kind_time time)
{
    const char *field = (const char *)event + times[time].offset;
    return *(const int64_t *)(const void *)field;
}

/* How a payload treats what the event has as null. */
enum nulls { NULLS_KEPT, NULLS_LEFT_OUT };

static void write_text(struct json *json, const char *key, const char *text,
                       enum nulls nulls)
{
    if (text != NULL || nulls == NULLS_KEPT)
        json_key_text(json, key, text);
}

static void write_expires_at(struct json *json, const struct event *event,
                             enum nulls nulls)
{
    if (event->expiration_at_ms != EVENT_NO_TIME)
        json_key_int64(json, "expires_at", event->expiration_at_ms / 1000);
    else if (nulls == NULLS_KEPT)
        json_key_null(json, "expires_at");
}

/* Published payloads have environment and metadata.app_id only in part: these
 * are left out where the event has no such key. */
static enum nulls nulls_of_key(const struct event *event, enum member member,
                               enum nulls nulls)
{
    bool has_key = event->members.values[member].type != MEMBER_ABSENT;
    return has_key ? nulls : NULLS_LEFT_OUT;
}

static void write_environment(struct json *json, const struct event *event,
                              enum nulls nulls)
{
    char lower[EVENT_MOST_TEXT_BYTES + 1];
    const char *environment = event->environment;
    if (environment == NULL) {
        nulls = nulls_of_key(event, MEMBER_ENVIRONMENT, nulls);
        write_text(json, "environment", NULL, nulls);
        return;
    }
    text_copy(lower, sizeof(lower), environment);
    for (char *at = lower; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at | 0x20);
    }
    json_key_text(json, "environment", lower);
}

static void write_reason(struct json *json, const struct envelope *envelope,
                         enum nulls nulls)
{
    const struct event *event = envelope->event;
    if (envelope->kind == KIND_CANCELLATION ||
        envelope->kind == KIND_TRIAL_CANCELLED)
        write_text(json, "cancellation_reason", event->cancel_reason, nulls);
    if (envelope->kind == KIND_EXPIRATION)
        write_text(json, "expiration_reason", event->expiration_reason, nulls);
}

/* At most seven keys; Intercom takes ten and drops the rest unsaid. */
static void write_metadata(struct json *json, const struct envelope *envelope,
                           enum nulls nulls)
{
    const struct event *event = envelope->event;
    json_key(json, "metadata");
    json_open_object(json);
    write_text(json, "product_identifier", event->product_id, nulls);
    write_text(json, "entitlement", event->entitlement, nulls);
    write_text(json, "store", event->store, nulls);
    write_expires_at(json, event, nulls);
    write_environment(json, event, nulls);
    if (event->app_id == NULL)
        write_text(json, "app_id", NULL,
                   nulls_of_key(event, MEMBER_APP_ID, nulls));
    else
        json_key_text(json, "app_id", event->app_id);
    write_reason(json, envelope, nulls);
    json_close(json);
}

static void write_attributes(struct json *json, const struct envelope *envelope)
{
    const struct event *event = envelope->event;
    json_open_object(json);
    json_key_text(json, "latest_store", event->store);
    json_key_text(json, "latest_entitlement", event->entitlement);
    write_expires_at(json, event, NULLS_KEPT);
    write_text(json, "subscription_status", envelope->subscription_status,
               NULLS_LEFT_OUT);
    json_close(json);
}

static void write_event(struct json *json, const struct envelope *envelope,
                        enum nulls nulls)
{
    assert(envelope->has_event_payload);
    json_open_object(json);
    json_key_text(json, "event_name", envelope->event_name);
    json_key_text(json, "user_id", envelope->event->user_id);
    json_key_int64(json, "created_at", envelope->created_at_s);
    write_metadata(json, envelope, nulls);
    json_close(json);
}

enum mapping_result mapping_map(const struct event *event,
                                const struct mapping_policy *policy,
                                struct envelope *envelope, const char **reason,
                                struct err *err)
{
    enum event_kind kind = KIND_NONE;
    bool has_row = catalog_find_type(event->type, is_trial(event),
                                     event->is_trial_conversion, &kind);
    const char *skip = find_skip(event, policy, has_row, kind);
    if (skip != NULL) {
        *reason = skip;
        return MAPPING_SKIPPED;
    }
    struct envelope mapped = {
        .event = event,
        .kind = kind,
        .has_event_payload = kind != KIND_NONE && !policy->names->off[kind],
        .subscription_status = find_status(event, kind),
    };
    if (mapped.has_event_payload) {
        enum kind_time time = catalog_kind(kind)->created_at;
        int64_t created_ms = created_at_ms(event, time);
        if (created_ms == EVENT_NO_TIME) {
            (void)err_set(err, ERR_INVALID,
                          "%s: missing; created_at comes from it",
                          times[time].name);
            return MAPPING_INVALID;
        }
        mapped.event_name = policy->names->name[kind];
        mapped.created_at_s = created_ms / 1000;
    }
    *envelope = mapped;
    return MAPPING_DONE;
}

const char *mapping_explain_skip(const char *reason)
{
    for (size_t i = 0; i < sizeof(skips) / sizeof(skips[0]); i++) {
        if (text_equals(reason, skips[i].reason))
            return skips[i].sentence;
    }
    return reason;
}

void mapping_write_envelope(const struct envelope *envelope, struct buf *out)
{
    const struct event *event = envelope->event;
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    json_key_text(&json, "product_identifier", event->product_id);
    json_key_text(&json, "app_id", event->app_id);
    json_key(&json, "user_payload");
    json_open_object(&json);
    json_key_text(&json, "user_id", event->user_id);
    json_key(&json, "custom_attributes");
    write_attributes(&json, envelope);
    json_close(&json);
    if (envelope->has_event_payload) {
        json_key(&json, "event_payload");
        write_event(&json, envelope, NULLS_KEPT);
    }
    json_close(&json);
}

void mapping_write_attributes(const struct envelope *envelope, struct buf *out)
{
    struct json json;
    json_begin(&json, out);
    write_attributes(&json, envelope);
}

void mapping_write_event(const struct envelope *envelope, struct buf *out)
{
    struct json json;
    json_begin(&json, out);
    write_event(&json, envelope, NULLS_LEFT_OUT);
}
