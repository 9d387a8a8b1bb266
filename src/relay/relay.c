#include "relay/relay.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "outbox/outbox.h"
#include "relay/destination.h"
#include "relay/flight.h"
#include "relay/queue.h"
#include "relay/turn.h"
#include "relay/upkeep.h"

#include <stdlib.h>
#include <string.h>

enum { ADOPT_IN_A_TURN = 1000 };

/* Look at the outbox at least so often, whatever the wake-up says. */
static const int64_t SAFETY_LOOK_MS = 30 * 1000;
/* After a commit that failed because of others, or of the disk. */
static const int64_t STORE_WAIT_MS = 50;
static const int64_t STORE_LOG_EVERY_MS = 10 * 1000;
/* SQLite's waiting for a lock is unfair: who commits flat out starves those
 * beside it. So while others write, the lock is left free between our commits
 * as long as it was held, and at least so long (design, "One commit a turn").
 * Others count as writing for a while after their last commit. */
static const int64_t LEAVE_LOCK_FREE_MS = 3;
static const int64_t OTHERS_WRITE_MS = 200;
struct relay {
    struct relay_policy policy;
    struct relay_seams seams;
    int64_t epoch;
    struct destination destination;
    struct upkeep upkeep;
    struct random random;
    int under_way;        /* flights with a chain that has not ended */
    struct queue delayed; /* their next call is put off for a moment */
    struct queue waiting; /* for the attributes to be created */
    struct queue ended;   /* to be recorded */
    struct outbox_outlook outlook;
    bool adopted_all;
    bool look;                   /* the outbox may have changed */
    bool more_is_due;            /* the last claim filled its room */
    int64_t look_again_ms;       /* monotonic */
    int64_t store_wait_until_ms; /* monotonic: no turn before */
    bool store_failed;           /* the last turn could not be committed */
    int64_t store_logged_ms;     /* monotonic; 0: never */
    int64_t others_wrote_ms;     /* monotonic; 0: never */
    struct turn_context turn;
    bool is_stopping;
    bool was_cut;
    int64_t deadline_ms; /* monotonic, with is_stopping */
    struct relay_report report;
};

/* --- small things -------------------------------------------------------- */

static int64_t now_ms(const struct relay *relay)
{
    return clock_wall_ms(relay->seams.clock);
}

static int64_t monotonic_ms(const struct relay *relay)
{
    return clock_monotonic_ms(relay->seams.clock);
}

static void start_call(struct relay *relay, const struct http_request *request,
                       void *owner)
{
    destination_start_call(&relay->destination, now_ms(relay));
    relay->report.calls++;
    relay->seams.http->start(relay->seams.http->context, request, owner);
}

/* --- answers ------------------------------------------------------------- */

static void log_hold(const struct destination *destination)
{
    if (destination->hold_reason == NULL)
        log_line(LOG_INFO, "Intercom: no longer held, sending again");
    else
        log_line(LOG_WARNING, "Intercom held: %s", destination->hold_text);
}

static void end_flight(struct relay *relay, struct flight *flight)
{
    bool was_held = relay->destination.hold_reason != NULL;
    const struct destination_result result = {
        .lane = flight->claim.lane,
        .verdict = &flight->verdict,
        .is_probe = flight->is_probe,
    };
    destination_take_result(&relay->destination, &result, now_ms(relay));
    if (was_held != (relay->destination.hold_reason != NULL))
        log_hold(&relay->destination);
    relay->under_way--;
    queue_add(&relay->ended, flight);
}

static void begin_upkeep(struct relay *relay, enum upkeep_job job)
{
    struct http_request request;
    if (job == UPKEEP_GET_ME && relay->seams.refresh_token != NULL &&
        relay->seams.refresh_token(relay->seams.refresh_context))
        relay_take_new_token(relay);
    upkeep_begin(&relay->upkeep, job, &request);
    start_call(relay, &request, &relay->upkeep);
}

/* Make the chain's next call, at once or after the wait that it asks for. */
static void make_call(struct relay *relay, struct flight *flight,
                      const struct http_request *request)
{
    if (flight->chain.wait_before_event_ms <= 0) {
        start_call(relay, request, flight);
        return;
    }
    flight->request = *request;
    flight->call_at_ms =
        monotonic_ms(relay) + flight->chain.wait_before_event_ms;
    queue_add(&relay->delayed, flight);
}

static void make_delayed_calls(struct relay *relay)
{
    struct flight *flight;
    struct queue delayed;
    queue_init(&delayed);
    queue_add_all(&delayed, &relay->delayed);
    while ((flight = queue_take(&delayed)) != NULL) {
        if (flight->call_at_ms <= monotonic_ms(relay))
            start_call(relay, &flight->request, flight);
        else
            queue_add(&relay->delayed, flight);
    }
}

static void go_on(struct relay *relay, struct flight *flight,
                  enum intercom_next next, const struct http_request *request)
{
    switch (next) {
    case INTERCOM_CALL:
        make_call(relay, flight, request);
        break;
    case INTERCOM_ATTRIBUTES_MISSING:
        queue_add(&relay->waiting, flight);
        break;
    case INTERCOM_END:
        end_flight(relay, flight);
        break;
    }
}

/* The attributes have been created, or could not be. */
static void release_waiting(struct relay *relay, const struct verdict *verdict)
{
    struct flight *flight;
    struct queue waiting;
    queue_init(&waiting);
    queue_add_all(&waiting, &relay->waiting);
    while ((flight = queue_take(&waiting)) != NULL) {
        struct http_request request;
        if (verdict->action == VERDICT_GO_ON) {
            go_on(relay, flight, flight_resume(flight, &request), &request);
        } else {
            flight->verdict = *verdict;
            end_flight(relay, flight);
        }
    }
}

static void take_upkeep_answer(struct relay *relay,
                               const struct http_answer *answer)
{
    struct http_request request;
    struct verdict verdict;
    enum upkeep_job job = relay->upkeep.job;
    if (upkeep_take_answer(&relay->upkeep, answer, now_ms(relay), &request,
                           &verdict)) {
        start_call(relay, &request, &relay->upkeep);
        return;
    }
    if (job == UPKEEP_CREATE_ATTRIBUTES) {
        release_waiting(relay, &verdict);
        return;
    }
    bool was_held = relay->destination.hold_reason != NULL;
    destination_take_me(&relay->destination, &verdict, now_ms(relay));
    if (was_held != (relay->destination.hold_reason != NULL))
        log_hold(&relay->destination);
}

static void take_answers(struct relay *relay)
{
    struct http_done done;
    while (relay->seams.http->next_done(relay->seams.http->context, &done)) {
        const enum call_owner *owner = done.owner;
        destination_take_answer(&relay->destination, &done.answer,
                                now_ms(relay));
        if (*owner == OWNER_UPKEEP) {
            take_upkeep_answer(relay, &done.answer);
            continue;
        }
        struct flight *flight = done.owner;
        struct http_request request;
        enum intercom_next next =
            flight_take_answer(flight, &done.answer, now_ms(relay), &request);
        go_on(relay, flight, next, &request);
    }
    if (relay->waiting.count > 0 && relay->upkeep.job == UPKEEP_IDLE)
        begin_upkeep(relay, UPKEEP_CREATE_ATTRIBUTES);
}

/* --- the store --------------------------------------------------------- */

/* The transaction is committed: what it recorded has happened. */
static void take_over_turn(struct relay *relay, struct turn *turn)
{
    struct flight *flight;
    relay->report.attempts += relay->ended.count;
    queue_free(&relay->ended);
    relay->report.delivered += turn->delivered;
    relay->report.failed += turn->failed;
    relay->report.skipped += turn->skipped;
    if (turn->leave.is_probe && turn->claimed.count > 0)
        destination_start_probe(&relay->destination);
    relay->destination.hold_changed = false;
    relay->more_is_due = turn->more_is_due;
    if (turn->recorded) {
        relay->destination.quota_changed = false;
        relay->turn.recorded_ms = monotonic_ms(relay);
    }
    while ((flight = queue_take(&turn->claimed)) != NULL) {
        struct http_request request;
        relay->under_way++;
        flight_begin(flight, &request);
        start_call(relay, &request, flight);
    }
}

/* --- looking ------------------------------------------------------------- */

static bool look_ahead(struct relay *relay, struct err *err)
{
    if (!outbox_look_ahead(relay->seams.store, &relay->outlook, err))
        return false;
    relay->destination.is_paused = relay->outlook.is_paused;
    relay->look = false;
    relay->look_again_ms = monotonic_ms(relay) + SAFETY_LOOK_MS;
    return true;
}

static bool adopt_some(struct relay *relay, struct err *err)
{
    struct outbox_adoption adoption = {.now_ms = now_ms(relay),
                                       .limit = ADOPT_IN_A_TURN};
    if (relay->adopted_all)
        return true;
    if (!outbox_adopt(relay->seams.store, &adoption, err))
        return false;
    relay->adopted_all = adoption.done;
    relay->report.adopted += adoption.adopted;
    return true;
}

static bool something_is_due(const struct relay *relay)
{
    return relay->more_is_due ||
           (relay->outlook.next_due_ms != OUTBOX_NO_TIME &&
            relay->outlook.next_due_ms <= now_ms(relay));
}

static bool nothing_is_under_way(const struct relay *relay)
{
    return relay->under_way == 0 && relay->ended.count == 0;
}

/* --- one turn ------------------------------------------------------------ */

/* What may be claimed; with a probe to ask by GET /me, ask it. */
static void ask_leave(struct relay *relay, struct destination_leave *leave)
{
    *leave = (struct destination_leave){0};
    if (relay->is_stopping)
        return;
    int room = relay->policy.connections - relay->under_way;
    destination_ask_leave(&relay->destination, now_ms(relay), relay->under_way,
                          room, leave);
    if (leave->get_me && relay->upkeep.job == UPKEEP_IDLE) {
        destination_start_probe(&relay->destination);
        begin_upkeep(relay, UPKEEP_GET_ME);
    }
}

static void leave_lock_free(struct relay *relay, int64_t began_ms)
{
    int64_t now = monotonic_ms(relay);
    (void)relay_notice_changes(relay);
    if (relay->others_wrote_ms == 0 ||
        now - relay->others_wrote_ms > OTHERS_WRITE_MS)
        return;
    int64_t held_ms = now - began_ms;
    relay->store_wait_until_ms =
        now + (held_ms > LEAVE_LOCK_FREE_MS ? held_ms : LEAVE_LOCK_FREE_MS);
}

static bool work_on_store(struct relay *relay, struct err *err)
{
    if (!adopt_some(relay, err))
        return false;
    if ((relay->look || monotonic_ms(relay) >= relay->look_again_ms) &&
        !look_ahead(relay, err))
        return false;

    struct turn turn;
    turn_init(&turn);
    ask_leave(relay, &turn.leave);
    bool claims = turn.leave.deliveries > 0 && something_is_due(relay);
    if (!claims && !turn_has_work(&relay->turn))
        return true;
    int64_t began_ms = monotonic_ms(relay);
    if (!turn_commit(&relay->turn, &turn, err))
        return false;
    relay->store_failed = false;
    leave_lock_free(relay, began_ms);
    take_over_turn(relay, &turn);
    return look_ahead(relay, err);
}

static bool error_is_final(const struct err *err)
{
    return err->code == ERR_SUPERSEDED || err->code == ERR_CORRUPT ||
           err->code == ERR_NEWER || err->code == ERR_NOT_FOUND;
}

/* A turn that could not be committed has changed nothing: what ended stays in
 * its list, what was claimed is let go. Waited out, and said now and then. */
static void put_turn_off(struct relay *relay, const struct err *err)
{
    int64_t now = monotonic_ms(relay);
    relay->store_wait_until_ms = now + STORE_WAIT_MS;
    relay->store_failed = true;
    relay->look = true;
    if (relay->store_logged_ms != 0 &&
        now - relay->store_logged_ms < STORE_LOG_EVERY_MS)
        return;
    relay->store_logged_ms = now;
    log_line(LOG_WARNING, "outbox: %s; trying again", err->text);
}

static bool is_drained(const struct relay *relay)
{
    const struct destination *destination = &relay->destination;
    int64_t horizon_ms = now_ms(relay) + relay->policy.drain_wait_ms;
    if (!relay->policy.drain || !nothing_is_under_way(relay) ||
        !relay->adopted_all || relay->look)
        return false;
    if (destination->is_paused)
        return true;
    if (destination->hold_reason != NULL)
        return now_ms(relay) - destination->held_since_ms >=
               relay->policy.drain_wait_ms;
    return relay->outlook.sending == 0 && !relay->more_is_due &&
           (relay->outlook.next_due_ms == OUTBOX_NO_TIME ||
            relay->outlook.next_due_ms > horizon_ms);
}

static bool is_done(const struct relay *relay)
{
    if (!relay->is_stopping)
        return is_drained(relay);
    /* Past the deadline what could not be recorded is unknown at the next
     * start: better than a process that can't be stopped. */
    return nothing_is_under_way(relay) ||
           (relay->was_cut && relay->under_way == 0 && relay->store_failed);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long nothing will be due. Answers end the wait by themselves. */
static int64_t time_to_wait(struct relay *relay)
{
    int64_t now = now_ms(relay);
    int64_t monotonic = monotonic_ms(relay);
    if (relay->store_wait_until_ms > monotonic)
        return relay->store_wait_until_ms - monotonic;
    if (relay->ended.count > 0 || relay->look || !relay->adopted_all)
        return 0;

    int64_t wait_ms = relay->look_again_ms - monotonic;
    for (const struct flight *flight = relay->delayed.first; flight != NULL;
         flight = flight->next)
        wait_ms = earlier(wait_ms, flight->call_at_ms - monotonic);
    if (relay->is_stopping)
        return earlier(wait_ms, relay->deadline_ms - monotonic);
    if (relay->policy.drain)
        wait_ms = earlier(wait_ms, 1000);
    int64_t leave_ms = destination_next_ms(&relay->destination, now);
    if (relay->destination.hold_reason != NULL)
        return earlier(wait_ms, leave_ms - now);
    if (relay->under_way >= relay->policy.connections || leave_ms == INT64_MAX)
        return wait_ms;
    int64_t due_ms = relay->more_is_due ? now : relay->outlook.next_due_ms;
    if (due_ms == OUTBOX_NO_TIME)
        return wait_ms;
    return earlier(wait_ms, (due_ms > leave_ms ? due_ms : leave_ms) - now);
}

static void cut_if_late(struct relay *relay)
{
    if (!relay->is_stopping || relay->was_cut ||
        monotonic_ms(relay) < relay->deadline_ms)
        return;
    relay->was_cut = true;
    struct flight *flight;
    while ((flight = queue_take(&relay->delayed)) != NULL)
        start_call(relay, &flight->request, flight);
    relay->seams.http->stop(relay->seams.http->context);
    take_answers(relay);
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
    if (!outbox_begin_epoch(seams->store, &options, &recovery, err))
        return false;

    struct relay *made = mem_new(sizeof(*made));
    made->policy = *policy;
    made->seams = *seams;
    made->epoch = recovery.epoch;
    made->report.epoch = recovery.epoch;
    made->report.recovered = recovery.unknown;
    made->random.state = policy->seed;
    made->look = true;
    made->outlook.next_due_ms = OUTBOX_NO_TIME;
    destination_init(&made->destination, policy->seed + 1);
    made->destination.open_ms = recovery.open_ms;
    made->destination.hold_changed = true; /* an older epoch's is over */
    upkeep_init(&made->upkeep);
    queue_init(&made->delayed);
    queue_init(&made->waiting);
    queue_init(&made->ended);
    made->turn = (struct turn_context){
        .store = seams->store,
        .clock = seams->clock,
        .policy = &made->policy,
        .destination = &made->destination,
        .random = &made->random,
        .ended = &made->ended,
        .epoch = recovery.epoch,
    };
    *relay = made;
    return true;
}

enum relay_state relay_turn(struct relay *relay, int64_t *wait_ms,
                            struct err *err)
{
    *wait_ms = 0;
    destination_tick(&relay->destination, monotonic_ms(relay));
    make_delayed_calls(relay);
    take_answers(relay);
    cut_if_late(relay);
    if (monotonic_ms(relay) >= relay->store_wait_until_ms &&
        !work_on_store(relay, err)) {
        if (error_is_final(err))
            return RELAY_HAS_FAILED;
        put_turn_off(relay, err);
    }
    if (is_done(relay))
        return RELAY_IS_DONE;
    int64_t wait = time_to_wait(relay);
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
    relay->others_wrote_ms = monotonic_ms(relay);
    return true;
}

void relay_look(struct relay *relay)
{
    relay->look = true;
}

void relay_take_new_token(struct relay *relay)
{
    relay->turn.trusted_since_ms = now_ms(relay);
    destination_probe_now(&relay->destination, now_ms(relay));
}

bool relay_is_idle(const struct relay *relay)
{
    return nothing_is_under_way(relay);
}

void relay_stop(struct relay *relay, int64_t deadline_ms)
{
    relay->is_stopping = true;
    relay->deadline_ms = deadline_ms;
}

void relay_read_report(const struct relay *relay, struct relay_report *report)
{
    *report = relay->report;
    report->pending_left = relay->outlook.pending + relay->outlook.sending;
    report->held_or_paused =
        relay->destination.is_paused || relay->destination.hold_reason != NULL;
}

/* The relay failed with calls under way: cut them. Their outcome is unknown at
 * the next start. */
static void free_under_way(struct relay *relay)
{
    const struct http *http = relay->seams.http;
    struct http_done done;
    http->stop(http->context);
    while (http->next_done(http->context, &done)) {
        if (*(const enum call_owner *)done.owner == OWNER_FLIGHT)
            flight_free(done.owner);
    }
}

void relay_free(struct relay *relay)
{
    if (relay == NULL)
        return;
    free_under_way(relay);
    struct err err;
    if (!outbox_end_epoch(relay->seams.store, relay->epoch, now_ms(relay),
                          &err))
        log_line(LOG_WARNING, "outbox: %s; the end is not recorded", err.text);
    queue_free(&relay->delayed);
    queue_free(&relay->waiting);
    queue_free(&relay->ended);
    upkeep_free(&relay->upkeep);
    free(relay);
}
