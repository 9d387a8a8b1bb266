#include "relay/sending.h"

#include "base/log.h"

/* Flights that wait for a connection: enough for the calls that are made while
 * two commits are (relay/turn.c), as not every commit is as quick. */
enum { MOST_AHEAD = 320 };

/* … and fewer while somebody else writes to the outbox, who waits for our
 * commits: a commit takes the longer the more it carries. */
enum { MOST_AHEAD_BESIDE_OTHERS = 64 };

/* For each answer that came during a commit: while the next turn is committed,
 * too, as many are on their way and as many wait to be recorded; and what they
 * make room for fills the commit after that. */
enum { AHEAD_FOR_ANSWER = 6 };

/* Of what may wait for a connection: so many outcomes are worth a commit. What
 * it costs is paid once for all that it carries. */
enum { PART_WORTH_A_COMMIT = 4 };

/* A call that takes longer leaves a commit time enough: nothing is claimed
 * ahead for it. */
static const int64_t QUICK_MS = 100;

/* What takes no longer than a commit. */
static const int64_t AS_QUICK_AS_A_COMMIT_MS = 3;

/* What waits for a connection is taken back when no call has ended for so long:
 * it is said to be sent, nobody else can touch it, and were we killed its lane
 * would have to be quiet for a timeout (promises 2 and 3). */
static const int64_t MOST_STILL_MS = 1000;

/* An outcome waits no longer for others to be recorded with it. */
static const int64_t MOST_UNRECORDED_MS = 2;

static int64_t now_ms(const struct sending *sending)
{
    return clock_wall_ms(sending->clock);
}

static bool is_held(const struct sending *sending)
{
    return sending->destination->hold_reason != NULL;
}

static void start_call(struct sending *sending,
                       const struct http_request *request, void *owner)
{
    destination_start_call(sending->destination, now_ms(sending));
    sending->calls++;
    sending->http->start(sending->http->context, request, owner);
}

static void log_hold_if_changed(const struct sending *sending, bool was_held)
{
    if (was_held == is_held(sending))
        return;
    if (was_held)
        log_line(LOG_INFO, "Intercom: no longer held, sending again");
    else
        log_line(LOG_WARNING, "Intercom held: %s",
                 sending->destination->hold_text);
}

static void log_breaker_if_changed(const struct sending *sending, bool was_open)
{
    const struct destination *destination = sending->destination;
    bool is_open = destination->breaker_since_ms != 0;
    if (was_open == is_open)
        return;
    if (is_open)
        log_line(LOG_WARNING,
                 "Intercom: nothing gets through (%s); one delivery at a time "
                 "tries until one does, none fails because of this",
                 destination->breaker_text);
    else
        log_line(LOG_INFO, "Intercom: getting through again");
}

/* --- chains -------------------------------------------------------------- */

static void end_flight(struct sending *sending, struct flight *flight)
{
    bool was_held = is_held(sending);
    bool was_broken = sending->destination->breaker_since_ms != 0;
    const struct destination_result result = {
        .lane = flight->claim.lane,
        .verdict = &flight->verdict,
        .is_probe = flight->is_probe,
    };
    destination_take_result(sending->destination, &result, now_ms(sending));
    log_hold_if_changed(sending, was_held);
    log_breaker_if_changed(sending, was_broken);
    sending->under_way--;
    if (sending->ended.count == 0)
        sending->ended_ms = clock_monotonic_ms(sending->clock);
    queue_add(&sending->ended, flight);
}

/* Make the chain's next call, at once or after the wait that it asks for. */
static void make_call(struct sending *sending, struct flight *flight,
                      const struct http_request *request)
{
    if (flight->chain.wait_before_event_ms <= 0) {
        start_call(sending, request, flight);
        return;
    }
    flight->request = *request;
    flight->call_at_ms =
        clock_monotonic_ms(sending->clock) + flight->chain.wait_before_event_ms;
    queue_add(&sending->delayed, flight);
}

static void go_on(struct sending *sending, struct flight *flight,
                  enum intercom_next next, const struct http_request *request)
{
    switch (next) {
    case INTERCOM_CALL:
        make_call(sending, flight, request);
        break;
    case INTERCOM_ATTRIBUTES_MISSING:
        queue_add(&sending->waiting, flight);
        break;
    case INTERCOM_END:
        end_flight(sending, flight);
        break;
    }
}

static void make_delayed_calls(struct sending *sending)
{
    struct flight *flight;
    struct queue delayed;
    queue_init(&delayed);
    queue_add_all(&delayed, &sending->delayed);
    while ((flight = queue_take(&delayed)) != NULL) {
        if (flight->call_at_ms <= clock_monotonic_ms(sending->clock))
            start_call(sending, &flight->request, flight);
        else
            queue_add(&sending->delayed, flight);
    }
}

/* --- the destination's own calls ----------------------------------------- */

static void begin_upkeep(struct sending *sending, enum upkeep_job job)
{
    struct http_request request = {0};
    if (job == UPKEEP_GET_ME && sending->refresh_token != NULL &&
        sending->refresh_token(sending->refresh_context))
        sending_take_new_token(sending);
    upkeep_begin(&sending->upkeep, job, &request);
    start_call(sending, &request, &sending->upkeep);
}

/* The attributes could not be created. That is about the destination: it costs
 * a flight which waits for them no try, and its own calls were all answered. */
static void give_up_waiting(struct sending *sending, struct flight *flight,
                            const struct verdict *verdict)
{
    flight->verdict = *verdict;
    flight->verdict.costs_try = false;
    flight->verdict.outcome_is_unknown = false;
    flight->verdict.closed_by_us = false;
    end_flight(sending, flight);
}

/* The attributes have been created, or could not be. */
static void release_waiting(struct sending *sending,
                            const struct verdict *verdict)
{
    struct flight *flight;
    struct queue waiting;
    queue_init(&waiting);
    queue_add_all(&waiting, &sending->waiting);
    while ((flight = queue_take(&waiting)) != NULL) {
        struct http_request request = {0};
        if (verdict->action == VERDICT_GO_ON) {
            go_on(sending, flight, flight_resume(flight, &request), &request);
        } else {
            give_up_waiting(sending, flight, verdict);
        }
    }
}

static void take_creation(struct sending *sending,
                          const struct verdict *verdict)
{
    if (verdict->action != VERDICT_GO_ON)
        log_line(LOG_WARNING,
                 "Intercom: the attributes can't be created: "
                 "%s. %s",
                 verdict->result, verdict->mend);
    release_waiting(sending, verdict);
}

static void take_me(struct sending *sending, const struct verdict *verdict)
{
    bool was_held = is_held(sending);
    destination_take_me(sending->destination, verdict, now_ms(sending));
    log_hold_if_changed(sending, was_held);
}

/* Whether the four attributes exist. Not being able to tell is no reason to
 * stop, a delivery that misses one says so; but a refused token is, as it is
 * for GET /me. */
static void take_check(struct sending *sending, const struct verdict *verdict)
{
    const struct upkeep *upkeep = &sending->upkeep;
    if (verdict->action == VERDICT_HOLD && verdict->probe == PROBE_GET_ME) {
        take_me(sending, verdict);
    } else if (!upkeep->check_told) {
        log_line(LOG_WARNING,
                 "Intercom: the contact attributes can't be "
                 "checked: %s",
                 verdict->result);
    } else if (upkeep->missing.length > 0) {
        log_line(LOG_INFO, "Intercom: creating the contact attributes: %s",
                 buf_text(&upkeep->missing));
        begin_upkeep(sending, UPKEEP_CREATE_ATTRIBUTES);
    }
}

static void take_upkeep_answer(struct sending *sending,
                               const struct http_answer *answer)
{
    struct http_request request = {0};
    struct verdict verdict;
    enum upkeep_job job = sending->upkeep.job;
    if (upkeep_take_answer(&sending->upkeep, answer, now_ms(sending), &request,
                           &verdict))
        start_call(sending, &request, &sending->upkeep);
    else if (job == UPKEEP_CREATE_ATTRIBUTES)
        take_creation(sending, &verdict);
    else if (job == UPKEEP_CHECK_ATTRIBUTES)
        take_check(sending, &verdict);
    else
        take_me(sending, &verdict);
}

/* A refused token, a 429, a pause: they are about what waits at the wire, too.
 * Once: what is sent from then on is a probe. */
static void recall_if_stopped(struct sending *sending)
{
    bool was_stopped = sending->is_stopped;
    sending->is_stopped =
        destination_is_stopped(sending->destination, now_ms(sending));
    if (sending->is_stopped && !was_stopped && sending->http->recall != NULL)
        sending->http->recall(sending->http->context);
}

/* How many wait for a connection. */
static int queued(const struct sending *sending)
{
    int waiting = sending->under_way - sending->connections;
    return waiting > 0 ? waiting : 0;
}

/* Calls have become slow: what was claimed ahead waits in vain. */
static void recall_queued(struct sending *sending)
{
    sending->ahead = 0;
    sending->moved_ms = clock_monotonic_ms(sending->clock);
    if (sending->http->recall != NULL)
        sending->http->recall(sending->http->context);
}

static void recall_if_still(struct sending *sending)
{
    int64_t still_ms = clock_monotonic_ms(sending->clock) - sending->moved_ms;
    if (queued(sending) > 0 && still_ms >= MOST_STILL_MS)
        recall_queued(sending);
}

static bool is_quick(const struct http_answer *answer, int64_t quick_ms)
{
    return answer->end == HTTP_ANSWERED && answer->took_ms < quick_ms;
}

/* Returns how many were quicker than this. */
static int take_answers(struct sending *sending, int64_t quick_ms)
{
    struct http_done done;
    int count = 0;
    while (sending->http->next_done(sending->http->context, &done)) {
        const enum call_owner *owner = done.owner;
        count += is_quick(&done.answer, quick_ms);
        sending->were_slow =
            sending->were_slow || done.answer.took_ms >= QUICK_MS;
        sending->moved_ms = clock_monotonic_ms(sending->clock);
        metrics_count_call(sending->metrics, &done.answer);
        destination_take_answer(sending->destination, &done.answer,
                                now_ms(sending));
        if (*owner == OWNER_UPKEEP) {
            take_upkeep_answer(sending, &done.answer);
            continue;
        }
        struct flight *flight = done.owner;
        struct http_request request = {0};
        enum intercom_next next =
            flight_take_answer(flight, &done.answer, now_ms(sending), &request);
        go_on(sending, flight, next, &request);
    }
    if (sending->waiting.count > 0 && sending->upkeep.job == UPKEEP_IDLE)
        begin_upkeep(sending, UPKEEP_CREATE_ATTRIBUTES);
    recall_if_stopped(sending);
    return count;
}

/* --- the interface ------------------------------------------------------- */

void sending_init(struct sending *sending)
{
    upkeep_init(&sending->upkeep);
    queue_init(&sending->delayed);
    queue_init(&sending->waiting);
    queue_init(&sending->ended);
    sending->under_way = 0;
    sending->ahead = 0;
    sending->moved_ms = 0;
    sending->quick = 0;
    sending->were_idle = false;
    sending->were_slow = false;
    sending->is_stopped = false;
    sending->calls = 0;
    sending->trusted_since_ms = 0;
}

void sending_free(struct sending *sending)
{
    struct http_done done;
    sending->http->stop(sending->http->context);
    while (sending->http->next_done(sending->http->context, &done)) {
        if (*(const enum call_owner *)done.owner == OWNER_FLIGHT)
            flight_free(done.owner);
    }
    queue_free(&sending->delayed);
    queue_free(&sending->waiting);
    queue_free(&sending->ended);
    upkeep_free(&sending->upkeep);
}

void sending_start(struct sending *sending, struct flight *flight)
{
    struct http_request request = {0};
    sending->were_idle = sending->were_idle || sending->under_way == 0;
    if (sending->under_way++ < sending->connections)
        sending->moved_ms = clock_monotonic_ms(sending->clock);
    flight_begin(flight, &request);
    start_call(sending, &request, flight);
}

void sending_go_on(struct sending *sending)
{
    make_delayed_calls(sending);
    sending->quick += take_answers(sending, AS_QUICK_AS_A_COMMIT_MS);
    recall_if_still(sending);
}

/* A turn that claimed nothing is followed by one that finds nothing ended: so
 * it grows at once and shrinks slowly. */
void sending_after_commit(struct sending *sending)
{
    make_delayed_calls(sending);
    int quick = take_answers(sending, QUICK_MS);
    if (sending->were_idle)
        quick += sending->quick;
    sending->were_idle = false;
    sending->quick = 0;
    int wanted = AHEAD_FOR_ANSWER * quick;
    if (wanted > MOST_AHEAD)
        wanted = MOST_AHEAD;
    if (wanted >= sending->ahead)
        sending->ahead = wanted;
    else
        sending->ahead -= (sending->ahead - wanted + 3) / 4;
    /* Fewer may wait where commits have become quicker, too: then those that
     * wait have their turn soon. */
    if (sending->were_slow && quick == 0 &&
        queued(sending) > 2 * sending->ahead + sending->connections)
        recall_queued(sending);
    sending->were_slow = false;
}

int64_t sending_time_to_record(const struct sending *sending)
{
    int64_t waited_ms = clock_monotonic_ms(sending->clock) - sending->ended_ms;
    if (sending->ended.count == 0 || sending->is_stopped ||
        queued(sending) == 0 ||
        sending->ended.count >= sending->ahead / PART_WORTH_A_COMMIT ||
        waited_ms >= MOST_UNRECORDED_MS)
        return 0;
    return MOST_UNRECORDED_MS - waited_ms;
}

int sending_room(const struct sending *sending, bool is_beside_others)
{
    int ahead = sending->ahead;
    if (is_beside_others && ahead > MOST_AHEAD_BESIDE_OTHERS)
        ahead = MOST_AHEAD_BESIDE_OTHERS;
    return sending->connections + ahead - sending->under_way;
}

void sending_keep_up(struct sending *sending, bool get_me)
{
    if (sending->upkeep.job != UPKEEP_IDLE)
        return;
    if (sending->attributes_to_check) {
        sending->attributes_to_check = false;
        begin_upkeep(sending, UPKEEP_CHECK_ATTRIBUTES);
    } else if (get_me) {
        destination_start_probe(sending->destination);
        begin_upkeep(sending, UPKEEP_GET_ME);
    }
}

void sending_take_new_token(struct sending *sending)
{
    sending->trusted_since_ms = now_ms(sending);
    destination_probe_now(sending->destination, now_ms(sending));
}

void sending_cut(struct sending *sending)
{
    /* A flight that waits for the attributes ends with the call that creates
     * them, which an answer taken here may just have begun: so more than one
     * round may be needed. */
    do {
        struct flight *flight;
        while ((flight = queue_take(&sending->delayed)) != NULL)
            start_call(sending, &flight->request, flight);
        sending->http->stop(sending->http->context);
        (void)take_answers(sending, QUICK_MS);
    } while (sending->under_way > 0);
}

int64_t sending_next_ms(const struct sending *sending)
{
    int64_t next_ms = INT64_MAX;
    if (queued(sending) > 0)
        next_ms = sending->moved_ms + MOST_STILL_MS;
    for (const struct flight *flight = sending->delayed.first; flight != NULL;
         flight = flight->next) {
        if (flight->call_at_ms < next_ms)
            next_ms = flight->call_at_ms;
    }
    return next_ms;
}
