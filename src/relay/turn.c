#include "relay/turn.h"

#include "base/mem.h"
#include "outbox/operation.h"
#include "outbox/outbox.h"
#include "relay/flight.h"
#include "relay/plan.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_IN_A_TURN = 128 }; /* deliveries handled in one transaction */

/* The quota and the like are recorded no more often than this. */
static const int64_t RECORD_EVERY_MS = 1000;

static const struct backoff retry_backoff = {
    .base_ms = 1000,
    .cap_ms = 60 * 60 * 1000,
};

static void describe_ended(struct turn_context *context,
                           struct outbox_end *ends, struct flight_words *words)
{
    struct flight_policy policy = {
        .backoff = retry_backoff,
        .give_up_ms = context->policy->give_up_ms,
        .timeout_ms = context->policy->timeout_ms,
        .open_ms = context->destination->open_ms,
    };
    for (struct flight *flight = context->ended->first; flight != NULL;
         flight = flight->next) {
        policy.random = random_next(context->random);
        flight_describe_end(flight, &policy, clock_wall_ms(context->clock),
                            ends++, words++);
    }
}

static void count_ended(const struct turn_context *context, struct turn *turn,
                        const struct outbox_end *end)
{
    for (struct flight *flight = context->ended->first; flight != NULL;
         flight = flight->next, end++) {
        flight->outcome = end->outcome;
        flight->ended_ms = end->now_ms;
        turn->delivered += strcmp(end->state, "delivered") == 0;
        turn->failed += strcmp(end->state, "failed") == 0;
    }
}

static bool record_ended(struct turn_context *context, struct turn *turn,
                         struct err *err)
{
    int count = context->ended->count;
    struct outbox_end *ends = mem_new_array((size_t)count, sizeof(*ends));
    struct flight_words *words = mem_new_array((size_t)count, sizeof(*words));
    describe_ended(context, ends, words);
    bool recorded =
        outbox_end_attempts(context->store, context->epoch, ends, count, err);
    if (recorded)
        count_ended(context, turn, ends);
    free(words);
    free(ends);
    return recorded;
}

static bool record_hold(struct turn_context *context, struct err *err)
{
    const struct destination *destination = context->destination;
    if (!destination->hold_changed)
        return true;
    const struct outbox_hold hold = {
        .reason = destination->hold_reason,
        .text = destination->hold_text,
        .since_ms = destination->held_since_ms,
        .probe_ms = destination->probe_ms,
    };
    return outbox_set_hold(context->store, &hold, err);
}

static bool record_breaker(struct turn_context *context, struct err *err)
{
    const struct destination *destination = context->destination;
    if (!destination->breaker_changed)
        return true;
    bool is_open = destination->breaker_since_ms != 0;
    const struct outbox_breaker breaker = {
        .since_ms = is_open ? destination->breaker_since_ms : OUTBOX_NO_TIME,
        .probe_ms = destination->breaker_probe_ms,
        .text = destination->breaker_text,
    };
    return outbox_set_breaker(context->store, &breaker, err);
}

static bool is_time_to_record(const struct turn_context *context)
{
    return clock_monotonic_ms(context->clock) - context->recorded_ms >=
           RECORD_EVERY_MS;
}

static bool quota_is_to_be_recorded(const struct turn_context *context)
{
    return context->destination->quota_changed && is_time_to_record(context);
}

/* What changes all the time is recorded now and then, in a turn that has other
 * work or is about the quota alone. */
static bool record_now_and_then(struct turn_context *context, struct turn *turn,
                                struct err *err)
{
    if (!is_time_to_record(context))
        return true;
    turn->recorded = true;
    if (!outbox_set_open(context->store, context->destination->open_ms, err))
        return false;
    if (!context->destination->quota_changed)
        return true;
    const struct destination *destination = context->destination;
    int64_t wait_ms = destination->pacer.wait_until_ms;
    const struct outbox_quota quota = {
        .limit = destination->quota_limit,
        .left = destination->quota_left,
        .reset_ms = destination->quota_reset_ms,
        .wait_until_ms =
            wait_ms > clock_wall_ms(context->clock) ? wait_ms : OUTBOX_NO_TIME,
    };
    return outbox_set_quota(context->store, &quota, err);
}

static bool settle_claim(struct turn_context *context, struct turn *turn,
                         const struct outbox_claim *claim,
                         const struct plan *plan, struct err *err)
{
    const struct outbox_settlement settlement = {
        .state = plan->state,
        .reason = plan->reason,
        .result = plan->result,
        .now_ms = clock_wall_ms(context->clock),
    };
    bool failed = strcmp(plan->state, "failed") == 0;
    turn->failed += failed;
    turn->skipped += !failed;
    return outbox_settle(context->store, claim, &settlement, err);
}

/* What a look has found. Some of it is settled or put off; the rest starts,
 * all at once. */
struct found {
    struct outbox_claim claims[MOST_IN_A_TURN];
    int claim_count;
    struct outbox_start starts[MOST_IN_A_TURN];
    struct outbox_claim *starting[MOST_IN_A_TURN]; /* … theirs */
    struct plan plans[MOST_IN_A_TURN];             /* … and their bytes */
    int start_count;
};

static void add_start(const struct turn_context *context, struct found *found,
                      struct outbox_claim *claim, const struct plan *plan)
{
    int i = found->start_count++;
    found->starts[i] = (struct outbox_start){
        .claim = claim,
        .now_ms = clock_wall_ms(context->clock),
        .attributes = plan->attributes,
        .event_body = plan->event_body,
        .is_newest = plan->is_newest,
        .is_confirmed = plan->is_confirmed,
        .timestamp_ms = plan->timestamp_ms,
    };
    found->starting[i] = claim;
    found->plans[i] = *plan;
}

static bool start_found(struct turn_context *context, struct turn *turn,
                        struct found *found, struct err *err)
{
    if (!outbox_start_attempts(context->store, context->epoch, found->starts,
                               found->start_count, err))
        return false;
    for (int i = 0; i < found->start_count; i++)
        queue_add(&turn->claimed,
                  flight_new(found->starting[i], &found->plans[i],
                             turn->leave.is_probe));
    return true;
}

static void free_found(struct found *found)
{
    for (int i = 0; i < found->start_count; i++)
        plan_free(&found->plans[i]);
    for (int i = 0; i < found->claim_count; i++)
        outbox_claim_free(&found->claims[i]);
}

/* A request of the user that was cut may still be on its way. Its time cannot
 * be further ahead than one request takes, unless the clock was set back. */
static bool is_to_be_quiet(const struct turn_context *context,
                           const struct outbox_claim *claim, int64_t now_ms,
                           int64_t *until_ms)
{
    int64_t latest_ms = now_ms + context->quiet_most_ms;
    *until_ms =
        claim->quiet_until_ms < latest_ms ? claim->quiet_until_ms : latest_ms;
    return claim->quiet_until_ms != OUTBOX_NO_TIME && *until_ms > now_ms;
}

static bool handle_claim(struct turn_context *context, struct turn *turn,
                         const struct plan_context *plan_context,
                         struct found *found, struct outbox_claim *claim,
                         struct err *err)
{
    struct plan plan;
    int64_t until_ms;
    turn->handled++;
    if (is_to_be_quiet(context, claim, plan_context->now_ms, &until_ms))
        return outbox_put_off(context->store, claim, until_ms,
                              plan_context->now_ms, err);
    plan_make(claim, plan_context, &plan);
    if (plan.action == PLAN_SEND) {
        add_start(context, found, claim, &plan);
        return true;
    }
    bool settled = settle_claim(context, turn, claim, &plan, err);
    plan_free(&plan);
    return settled;
}

/* Handle up to limit due heads; *count says how many there were. */
static bool claim_some(struct turn_context *context, struct turn *turn,
                       const struct plan_context *plan_context, int limit,
                       int *count, struct err *err)
{
    struct found found;
    found.start_count = 0;
    if (!outbox_find_due(context->store, plan_context->now_ms, limit,
                         found.claims, &found.claim_count, err))
        return false;
    *count = found.claim_count;
    bool handled = true;
    for (int i = 0; handled && i < found.claim_count; i++)
        handled = handle_claim(context, turn, plan_context, &found,
                               &found.claims[i], err);
    handled = handled && start_found(context, turn, &found, err);
    free_found(&found);
    return handled;
}

/* Claim as many as there is leave for. Deliveries that need no call are
 * settled on the way, so a run of them costs one turn, not one each. */
static bool claim_due(struct turn_context *context, struct turn *turn,
                      struct err *err)
{
    if (turn->leave.deliveries == 0)
        return true;
    struct names names;
    if (!outbox_read_names(context->store, &names, err))
        return false;
    const struct mapping_policy mapping = {
        .names = &names,
        .skip_anonymous_users = context->policy->skip_anonymous_users,
        .send_sandbox_events = context->policy->send_sandbox_events,
    };
    const struct plan_context plan_context = {
        .policy = &mapping,
        .epoch = context->epoch,
        .trusted_since_ms = context->trusted_since_ms,
        .now_ms = clock_wall_ms(context->clock),
    };
    int limit;
    int count;
    bool goes_on;
    do {
        int claimed = turn->claimed.count;
        limit = turn->leave.deliveries - turn->claimed.count;
        if (limit > MOST_IN_A_TURN - turn->handled)
            limit = MOST_IN_A_TURN - turn->handled;
        count = 0;
        if (limit > 0 &&
            !claim_some(context, turn, &plan_context, limit, &count, err))
            return false;
        turn->more_is_due = count == limit;
        /* What was settled has made the next of its lane due. */
        bool settled_some = turn->claimed.count - claimed < count;
        goes_on = limit > 0 && (turn->more_is_due || settled_some);
    } while (goes_on);
    return true;
}

void turn_init(struct turn *turn)
{
    *turn = (struct turn){.handled = 0};
    queue_init(&turn->claimed);
}

bool turn_has_work(const struct turn_context *context)
{
    return context->ended->count > 0 || context->clock_went_back ||
           context->destination->hold_changed ||
           context->destination->breaker_changed || context->has_operation ||
           quota_is_to_be_recorded(context);
}

/* A page of what an operator asked for, beside whatever else is to be done:
 * fresh events keep flowing. */
static bool apply_operation(struct turn_context *context, struct err *err)
{
    bool more;
    return !context->has_operation ||
           operation_step_in_turn(context->store, clock_wall_ms(context->clock),
                                  &more, err);
}

/* Before the claims: some of it may be due now. */
static bool follow_clock(struct turn_context *context, struct err *err)
{
    return !context->clock_went_back ||
           outbox_pull_back(context->store, clock_wall_ms(context->clock), err);
}

bool turn_commit(struct turn_context *context, struct turn *turn,
                 struct err *err)
{
    struct store *store = context->store;
    bool done = outbox_begin_turn(store, context->epoch, err) &&
                record_ended(context, turn, err) && record_hold(context, err) &&
                record_breaker(context, err) &&
                record_now_and_then(context, turn, err) &&
                apply_operation(context, err) && follow_clock(context, err) &&
                claim_due(context, turn, err) && store_commit(store, err);
    if (!done) {
        store_rollback(store);
        queue_free(&turn->claimed);
    }
    return done;
}
