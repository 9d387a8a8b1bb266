#include "relay/relay_part.h"

#include "base/log.h"
#include "base/mem.h"
#include "relay/flight.h"
#include "relay/queue.h"

#include <stdlib.h>
#include <string.h>

enum { ADOPT_IN_A_TURN = 1000 };

/* Look at the outbox at least so often, whatever the wake-up says. */
static const int64_t SAFETY_LOOK_MS = 30 * 1000;
/* No wait of ours is longer: retries wait an hour at most, a "future
 * created_at" and a Retry-After a day. What seems to wait for longer was behind
 * another one, or not there, when the clock was set back. */
static const int64_t LONGEST_WAIT_MS = INT64_C(25) * 60 * 60 * 1000;
/* The wall clock is slewed by little all the time; this is a jump. */
static const int64_t CLOCK_SLACK_MS = 1000;

/* --- the store --------------------------------------------------------- */

static void count_turn(const struct relay *relay, const struct turn *turn)
{
    struct metrics *metrics = relay->seams.metrics;
    for (const struct flight *flight = relay->sending.ended.first;
         flight != NULL; flight = flight->next)
        metrics_count_attempt(metrics, flight->outcome,
                              flight->ended_ms - flight->claim.arrived_ms);
    metrics_count_settled(metrics, "delivered", turn->delivered);
    metrics_count_settled(metrics, "failed", turn->failed);
    metrics_count_settled(metrics, "skipped", turn->skipped);
}

/* The transaction is committed: what it recorded has happened. */
static void take_over_turn(struct relay *relay, struct turn *turn)
{
    struct flight *flight;
    count_turn(relay, turn);
    relay->report.attempts += relay->sending.ended.count;
    queue_free(&relay->sending.ended);
    relay->report.delivered += turn->delivered;
    relay->report.failed += turn->failed;
    relay->report.skipped += turn->skipped;
    if (turn->leave.is_probe && turn->claimed.count > 0)
        destination_start_probe(&relay->destination);
    relay->turn.clock_went_back = false;
    relay->destination.hold_changed = false;
    relay->destination.breaker_changed = false;
    relay->more_is_due = turn->more_is_due;
    if (turn->recorded) {
        relay->destination.quota_changed = false;
        relay->turn.recorded_ms = relay_monotonic_ms(relay);
    }
    while ((flight = queue_take(&turn->claimed)) != NULL)
        sending_start(&relay->sending, flight);
}

/* --- looking ------------------------------------------------------------- */

/* An operator has lifted a pause, or wants a held relay to probe at once. */
static void obey_resume(struct relay *relay)
{
    bool grew =
        relay->resumes_are_known && relay->outlook.resumes > relay->resumes;
    relay->resumes = relay->outlook.resumes;
    relay->resumes_are_known = true;
    if (grew && relay->destination.hold_reason != NULL)
        destination_probe_now(&relay->destination, relay_now_ms(relay));
}

/* A relay that has nothing to record notices here that its time is over. */
static bool look_ahead(struct relay *relay, struct err *err)
{
    if (!outbox_look_ahead(relay->seams.store, &relay->outlook, err))
        return false;
    if (relay->outlook.epoch != relay->epoch)
        return err_set(err, ERR_SUPERSEDED, "a newer relay has taken over %s",
                       store_path(relay->seams.store));
    if (relay->outlook.last_due_ms > relay_now_ms(relay) + LONGEST_WAIT_MS)
        relay->turn.clock_went_back = true;
    relay->destination.is_paused = relay->outlook.is_paused;
    bool is_stepped = outbox_is_stepped(&relay->outlook, relay_now_ms(relay));
    relay->turn.has_operation =
        relay->outlook.has_operation && !is_stepped && !relay->is_stopping;
    obey_resume(relay);
    relay->look = false;
    relay->look_again_ms =
        relay_monotonic_ms(relay) +
        (is_stepped ? OUTBOX_STEPPED_FOR_MS : SAFETY_LOOK_MS);
    return true;
}

static bool adopt_some(struct relay *relay, struct err *err)
{
    struct outbox_adoption adoption = {.now_ms = relay_now_ms(relay),
                                       .limit = ADOPT_IN_A_TURN};
    if (relay->adopted_all)
        return true;
    if (!outbox_adopt(relay->seams.store, &adoption, err))
        return false;
    relay->adopted_all = adoption.done;
    relay->report.adopted += adoption.adopted;
    return true;
}

/* --- one turn ------------------------------------------------------------ */

/* What may be claimed; what the destination is to be asked, is asked. */
static void ask_leave(struct relay *relay, struct destination_leave *leave)
{
    *leave = (struct destination_leave){0};
    if (relay->is_stopping)
        return;
    bool is_beside_others =
        rest_is_beside_others(&relay->rest, relay_monotonic_ms(relay));
    destination_ask_leave(
        &relay->destination, relay_now_ms(relay), relay->sending.under_way,
        sending_room(&relay->sending, is_beside_others), leave);
    sending_keep_up(&relay->sending, leave->get_me);
}

static void leave_lock_free(struct relay *relay, int64_t began_ms)
{
    (void)relay_notice_changes(relay);
    rest_after_commit(&relay->rest, began_ms, relay_monotonic_ms(relay));
}

static bool error_is_final(const struct err *err)
{
    return err->code == ERR_SUPERSEDED || err->code == ERR_CORRUPT ||
           err->code == ERR_NEWER || err->code == ERR_NOT_FOUND;
}

/* What settled long ago goes, between two turns. That it can wait is all that
 * its failing means. */
static bool keep_house(struct relay *relay, struct err *err)
{
    bool wrote;
    int64_t began_ms = relay_monotonic_ms(relay);
    if (relay->is_stopping || rest_time_left(&relay->rest, began_ms) > 0)
        return true;
    if (!keeping_work(&relay->keeping, relay->seams.store, relay->seams.clock,
                      &wrote, err)) {
        if (error_is_final(err))
            return false;
        log_line(LOG_WARNING, "pruning: %s; trying again", err->text);
    } else if (wrote) {
        leave_lock_free(relay, began_ms);
    }
    return true;
}

static bool work_on_store(struct relay *relay, struct err *err)
{
    if ((relay->look || !relay->adopted_all ||
         relay_monotonic_ms(relay) >= relay->look_again_ms) &&
        !look_ahead(relay, err))
        return false;
    if (!adopt_some(relay, err))
        return false;
    if (sending_time_to_record(&relay->sending) > 0)
        return true;

    struct turn turn;
    turn_init(&turn);
    ask_leave(relay, &turn.leave);
    bool claims = turn.leave.deliveries > 0 && relay_has_due(relay) &&
                  (relay->sending.under_way < relay->policy.connections ||
                   relay->sending.ended.count > 0);
    if (!claims && !turn_has_work(&relay->turn)) {
        rest_end_failure(&relay->rest);
        return true;
    }
    relay->turn.trusted_since_ms = relay->sending.trusted_since_ms;
    int64_t began_ms = relay_monotonic_ms(relay);
    if (!turn_commit(&relay->turn, &turn, err))
        return false;
    rest_end_failure(&relay->rest);
    leave_lock_free(relay, began_ms);
    take_over_turn(relay, &turn);
    sending_after_commit(&relay->sending);
    return look_ahead(relay, err);
}

/* A turn that could not be committed has changed nothing: what ended stays in
 * its list, what was claimed is let go. */
static void put_turn_off(struct relay *relay, const struct err *err)
{
    rest_after_failure(&relay->rest, err, relay_monotonic_ms(relay));
    relay->look = true;
}

static void cut_if_late(struct relay *relay)
{
    if (!relay->is_stopping || relay->was_cut ||
        relay_monotonic_ms(relay) < relay->deadline_ms)
        return;
    relay->was_cut = true;
    sending_cut(&relay->sending);
}

/* --- the interface ------------------------------------------------------- */

bool relay_new(const struct relay_policy *policy,
               const struct relay_seams *seams, const char *api_url,
               struct relay **relay, struct err *err)
{
    const struct outbox_epoch_options options = {
        .now_ms = clock_wall_ms(seams->clock),
        .timeout_ms = policy->timeout_ms,
        .api_url = api_url,
    };
    struct outbox_recovery recovery;
    /* What was written before does not say that somebody writes now. */
    bool changed;
    if (!outbox_begin_epoch(seams->store, &options, &recovery, err) ||
        !store_changed(seams->store, &changed, err))
        return false;

    struct relay *made = mem_new(sizeof(*made));
    made->policy = *policy;
    made->seams = *seams;
    made->epoch = recovery.epoch;
    made->report.epoch = recovery.epoch;
    made->report.recovered = recovery.unknown;
    made->random.state = policy->seed;
    made->look = true;
    made->sending = (struct sending){
        .clock = seams->clock,
        .http = seams->http,
        .destination = &made->destination,
        .connections = policy->connections,
        .refresh_token = seams->refresh_token,
        .refresh_context = seams->refresh_context,
        .metrics = seams->metrics,
        .attributes_to_check = policy->check_attributes,
    };
    sending_init(&made->sending);
    keeping_init(&made->keeping, policy->keep_ms);
    made->outlook.next_due_ms = OUTBOX_NO_TIME;
    destination_init(&made->destination, policy->seed + 1);
    made->destination.open_ms = recovery.open_ms;
    made->destination.hold_changed = true; /* an older epoch's is over */
    made->destination.breaker_changed = true;
    made->turn = (struct turn_context){
        .store = seams->store,
        .clock = seams->clock,
        .policy = &made->policy,
        .destination = &made->destination,
        .random = &made->random,
        .ended = &made->sending.ended,
        .epoch = recovery.epoch,
    };
    made->turn.quiet_most_ms = recovery.timeout_ms > policy->timeout_ms
                                   ? recovery.timeout_ms
                                   : policy->timeout_ms;
    made->wall_ahead_ms = relay_now_ms(made) - relay_monotonic_ms(made);
    rest_begin(&made->rest, relay_monotonic_ms(made));
    *relay = made;
    return true;
}

/* Forward jumps do no harm: what waits is due early, and where the machine
 * slept it is due indeed. */
static void watch_clock(struct relay *relay)
{
    int64_t ahead_ms = relay_now_ms(relay) - relay_monotonic_ms(relay);
    if (ahead_ms < relay->wall_ahead_ms - CLOCK_SLACK_MS)
        relay->turn.clock_went_back = true;
    relay->wall_ahead_ms = ahead_ms;
}

/* While this process was halted another relay may have taken over: no call is
 * made before that is known. */
static bool is_superseded(struct relay *relay, struct err *err)
{
    (void)relay_notice_changes(relay);
    return relay->look && !look_ahead(relay, err) &&
           err->code == ERR_SUPERSEDED;
}

enum relay_state relay_turn(struct relay *relay, int64_t *wait_ms,
                            struct err *err)
{
    *wait_ms = 0;
    watch_clock(relay);
    if (is_superseded(relay, err))
        return RELAY_HAS_FAILED;
    destination_tick(&relay->destination, relay_monotonic_ms(relay));
    sending_go_on(&relay->sending);
    cut_if_late(relay);
    if (rest_time_left(&relay->rest, relay_monotonic_ms(relay)) == 0 &&
        !work_on_store(relay, err)) {
        if (error_is_final(err))
            return RELAY_HAS_FAILED;
        put_turn_off(relay, err);
    }
    if (relay_is_done(relay))
        return RELAY_IS_DONE;
    if (!keep_house(relay, err))
        return RELAY_HAS_FAILED;
    int64_t wait = relay_time_to_wait(relay);
    *wait_ms = wait < 0 ? 0 : wait;
    return RELAY_GOES_ON;
}

bool relay_notice_changes(struct relay *relay)
{
    bool changed = false;
    struct err err;
    /* An error here shows again, and is handled, in the turn that follows. */
    if (store_changed(relay->seams.store, &changed, &err) && !changed)
        return false;
    relay->look = true;
    rest_notice_others(&relay->rest, relay_monotonic_ms(relay));
    return true;
}

void relay_look(struct relay *relay)
{
    relay->look = true;
}

void relay_take_new_token(struct relay *relay)
{
    sending_take_new_token(&relay->sending);
}

bool relay_is_idle(const struct relay *relay)
{
    return relay->sending.under_way == 0 && relay->sending.ended.count == 0;
}

void relay_stop(struct relay *relay, int64_t deadline_ms)
{
    relay->is_stopping = true;
    relay->deadline_ms = deadline_ms;
}

void relay_read_report(const struct relay *relay, struct relay_report *report)
{
    *report = relay->report;
    report->calls = relay->sending.calls;
    report->pending_left = relay->outlook.pending + relay->outlook.sending;
    report->held_or_paused =
        relay->destination.is_paused || relay->destination.hold_reason != NULL;
    report->nothing_gets_through = relay->destination.breaker_since_ms != 0;
}

void relay_free(struct relay *relay)
{
    if (relay == NULL)
        return;
    sending_free(&relay->sending);
    struct err err;
    if (!outbox_end_epoch(relay->seams.store, relay->epoch, relay_now_ms(relay),
                          &err))
        log_line(LOG_WARNING, "outbox: %s; the end is not recorded", err.text);
    free(relay);
}
