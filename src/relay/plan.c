#include "relay/plan.h"

#include "base/mem.h"
#include "base/text.h"
#include "delivery/verdict.h"

#include <stdlib.h>

enum { MOST_RENDERED_BYTES = 64 * 1024 };

/* An event that claims to come from further ahead than this is taken at its
 * arrival: an App Store renewal can be a day ahead, nothing honest is more. */
static const int64_t MOST_AHEAD_MS = INT64_C(25) * 60 * 60 * 1000;

/* Attributes confirmed longer ago than this are written again. */
static const int64_t CONFIRMED_FOR_MS = INT64_C(24) * 60 * 60 * 1000;

static void settle(struct plan *plan, const char *state, const char *reason,
                   const char *result)
{
    plan->action = PLAN_SETTLE;
    plan->state = state;
    plan->reason = reason;
    text_copy(plan->result, sizeof(plan->result), result);
}

static int64_t timestamp_of(const struct event *event, int64_t arrived_ms)
{
    int64_t timestamp_ms = event->event_timestamp_ms;
    if (timestamp_ms == EVENT_NO_TIME ||
        timestamp_ms > arrived_ms + MOST_AHEAD_MS)
        return arrived_ms;
    return timestamp_ms;
}

/* Newer = larger (timestamp, id). The delivery itself counts as newer: it is
 * a later attempt of the newest. */
static bool is_newer_than_sent(const struct outbox_claim *claim,
                               int64_t timestamp_ms)
{
    if (claim->sent_timestamp_ms == OUTBOX_NO_TIME ||
        claim->sent_attributes == NULL ||
        timestamp_ms > claim->sent_timestamp_ms)
        return true;
    return timestamp_ms == claim->sent_timestamp_ms &&
           claim->id >= claim->sent_id;
}

/* The user's newest sent attributes are at Intercom: their own call was
 * answered 2xx, in this epoch, not long ago. */
static bool newest_is_confirmed(const struct outbox_claim *claim,
                                const struct plan_context *context)
{
    return claim->confirmed_timestamp_ms != OUTBOX_NO_TIME &&
           claim->confirmed_timestamp_ms == claim->sent_timestamp_ms &&
           claim->confirmed_id == claim->sent_id &&
           claim->confirmed_epoch == context->epoch &&
           claim->confirmed_ms >= context->trusted_since_ms &&
           claim->confirmed_ms <= context->now_ms &&
           context->now_ms - claim->confirmed_ms < CONFIRMED_FOR_MS;
}

/* Which attributes go: the event's own if it is the newest, unless the same
 * are confirmed; else the newest sent ones again, unless confirmed. A delivery
 * without a data event always makes its one call: the outbox learns from it
 * which event is the user's newest. Takes over own. */
static void choose_attributes(const struct outbox_claim *claim,
                              const struct plan_context *context, char *own,
                              struct plan *plan)
{
    bool confirmed =
        plan->event_body != NULL && newest_is_confirmed(claim, context);
    if (is_newer_than_sent(claim, plan->timestamp_ms)) {
        plan->is_newest = true;
        plan->is_confirmed =
            confirmed && text_equals(own, claim->sent_attributes);
        plan->newest_attributes = own;
        plan->attributes = plan->is_confirmed ? NULL : mem_copy_text(own);
        return;
    }
    free(own);
    plan->newest_attributes = mem_copy_text(claim->sent_attributes);
    if (!confirmed)
        plan->attributes = mem_copy_text(claim->sent_attributes);
}

/* Bytes of an earlier attempt that may be at Intercom. */
static bool has_bound_bytes(const struct outbox_claim *claim)
{
    return (claim->bound || claim->unknown) &&
           (claim->attributes != NULL || claim->event_body != NULL);
}

/* The bytes may be at Intercom already: the same ones go again. The contact's
 * call alone is saved where it is known to have arrived; and where another
 * event has written newer attributes since (this one was discarded, and that
 * undone), those are what the contact has to have. */
static void use_bound_bytes(const struct outbox_claim *claim,
                            const struct plan_context *context,
                            struct plan *plan)
{
    bool overtaken =
        claim->sent_attributes != NULL && claim->sent_id != claim->id;
    const char *attributes = claim->attributes != NULL && overtaken
                                 ? claim->sent_attributes
                                 : claim->attributes;
    bool arrived = claim->event_body != NULL &&
                   newest_is_confirmed(claim, context) &&
                   text_equals(attributes, claim->sent_attributes);
    plan->action = PLAN_SEND;
    plan->event_body = mem_copy_text(claim->event_body);
    plan->newest_attributes =
        mem_copy_text(attributes != NULL ? attributes : claim->sent_attributes);
    if (!arrived)
        plan->attributes = mem_copy_text(attributes);
}

static void render(const struct outbox_claim *claim,
                   const struct plan_context *context,
                   const struct envelope *envelope, struct plan *plan)
{
    struct buf own;
    buf_init(&own, MOST_RENDERED_BYTES);
    mapping_write_attributes(envelope, &own);
    struct buf body;
    buf_init(&body, MOST_RENDERED_BYTES);
    if (envelope->has_event_payload)
        mapping_write_event(envelope, &body);

    if (own.overflow || body.overflow) {
        settle(plan, "failed", "invalid_event",
               "event: what would be sent is over 64 KiB");
    } else {
        plan->action = PLAN_SEND;
        plan->timestamp_ms = timestamp_of(envelope->event, claim->arrived_ms);
        if (envelope->has_event_payload)
            plan->event_body = buf_take(&body);
        choose_attributes(claim, context, buf_take(&own), plan);
    }
    buf_free(&own);
    buf_free(&body);
}

static void plan_mapped(const struct outbox_claim *claim,
                        const struct plan_context *context,
                        const struct envelope *envelope, struct plan *plan)
{
    if (!text_equals(envelope->event->user_id, claim->lane)) {
        settle(plan, "failed", "invalid_event",
               "event.app_user_id: ambiguous; SQLite and this program read "
               "it differently");
        return;
    }
    render(claim, context, envelope, plan);
}

void plan_make(const struct outbox_claim *claim,
               const struct plan_context *context, struct plan *plan)
{
    *plan = (struct plan){0};
    if (claim->attempts >= OUTBOX_MOST_ATTEMPTS) {
        settle(plan, "failed", REASON_GAVE_UP,
               "it was tried so often that no more attempts can be counted");
        return;
    }
    if (has_bound_bytes(claim)) {
        use_bound_bytes(claim, context, plan);
        return;
    }
    struct event event;
    struct err err;
    if (!event_parse(claim->payload, claim->payload_length, &event, &err)) {
        settle(plan, "failed", "invalid_event", err.text);
        return;
    }
    struct envelope envelope;
    const char *reason;
    switch (mapping_map(&event, context->policy, &envelope, &reason, &err)) {
    case MAPPING_DONE:
        plan_mapped(claim, context, &envelope, plan);
        break;
    case MAPPING_SKIPPED:
        settle(plan, "skipped", reason, mapping_explain_skip(reason));
        break;
    case MAPPING_INVALID:
        settle(plan, "failed", "invalid_event", err.text);
        break;
    }
    event_free(&event);
}

void plan_free(struct plan *plan)
{
    free(plan->attributes);
    free(plan->newest_attributes);
    free(plan->event_body);
    *plan = (struct plan){0};
}
