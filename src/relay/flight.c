#include "relay/flight.h"

#include "base/mem.h"
#include "base/text.h"
#include "event/merge.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A contact that Intercom does not find keeps being missing: no use waiting as
 * long as for an outage (design, "Verdicts"). */
static const int64_t CONTACT_MISSING_MS = 60 * 60 * 1000;

/* Between tries that cost nothing. */
static const int64_t MOST_FREE_WAIT_MS = 60 * 1000;

/* "POST /events", cut to fit. */
static void name_request(const struct http_request *request, char *name,
                         size_t size)
{
    size_t length = strlen(request->method);
    assert(length + 1 < size);
    memcpy(name, request->method, length);
    name[length] = ' ';
    text_copy(name + length + 1, size - length - 1, request->path);
}

/* Make room for the call that is about to be made. */
static void add_call(struct flight *flight, const struct http_request *request)
{
    flight->calls = mem_resize(flight->calls, (flight->call_count + 1) *
                                                  sizeof(*flight->calls));
    struct outbox_call *call = &flight->calls[flight->call_count];
    name_request(request, call->request, sizeof(call->request));
}

static void note_call(struct flight *flight, const struct http_answer *answer)
{
    struct outbox_call *call = &flight->calls[flight->call_count++];
    call->started_ms = answer->started_ms;
    call->took_ms = answer->took_ms;
    call->status = answer->end == HTTP_ANSWERED ? answer->status : 0;
    call->result = NULL;
    call->answer = NULL;
    call->answer_length = 0;
    text_copy(call->request_id, sizeof(call->request_id), answer->request_id);
    if (answer->end != HTTP_ANSWERED) {
        call->result = mem_copy_text(answer->trouble_text);
    } else if (answer->status < 200 || answer->status > 299) {
        call->answer = mem_copy_bytes(answer->body, answer->body_length);
        call->answer_length = answer->body_length;
    }
}

struct flight *flight_new(struct outbox_claim *claim, struct plan *plan,
                          bool is_probe)
{
    struct flight *flight = mem_new(sizeof(*flight));
    flight->owner = OWNER_FLIGHT;
    flight->claim = *claim;
    flight->plan = *plan;
    flight->is_probe = is_probe;
    *claim = (struct outbox_claim){0};
    *plan = (struct plan){0};
    free(flight->claim.payload);
    flight->claim.payload = NULL;
    flight->claim.payload_length = 0;
    return flight;
}

void flight_begin(struct flight *flight, struct http_request *request)
{
    const struct intercom_job job = {
        .user_id = flight->claim.lane,
        .contact_id = flight->claim.contact_id,
        .attributes = flight->plan.attributes,
        .newest_attributes = flight->plan.newest_attributes,
        .event_body = flight->plan.event_body,
    };
    enum intercom_next next = intercom_begin(&flight->chain, &job, request);
    assert(next == INTERCOM_CALL);
    (void)next;
    add_call(flight, request);
}

enum intercom_next flight_take_answer(struct flight *flight,
                                      const struct http_answer *answer,
                                      int64_t now_ms,
                                      struct http_request *request)
{
    note_call(flight, answer);
    enum intercom_next next = intercom_take_answer(
        &flight->chain, answer, now_ms, request, &flight->verdict);
    if (next == INTERCOM_CALL)
        add_call(flight, request);
    return next;
}

enum intercom_next flight_resume(struct flight *flight,
                                 struct http_request *request)
{
    enum intercom_next next =
        intercom_resume(&flight->chain, request, &flight->verdict);
    if (next == INTERCOM_CALL)
        add_call(flight, request);
    return next;
}

static int64_t last_call_left_ms(const struct flight *flight)
{
    return flight->call_count == 0
               ? 0
               : flight->calls[flight->call_count - 1].started_ms;
}

/* A try that costs nothing, since no byte was sent, says nothing about the
 * delivery: it waits by the number of attempts, and never long. */
static int64_t backoff_of(const struct flight *flight,
                          const struct flight_policy *policy)
{
    const struct verdict *verdict = &flight->verdict;
    struct backoff backoff = policy->backoff;
    int number = flight->claim.tries + 1;
    if (!verdict->costs_try) {
        number = flight->claim.attempts + 1;
        if (backoff.cap_ms > MOST_FREE_WAIT_MS)
            backoff.cap_ms = MOST_FREE_WAIT_MS;
    }
    return backoff_ms(&backoff, number, policy->random, verdict->floor_ms);
}

/* Where it was we who closed the connection, Intercom may still act on the
 * request for as long as one may take (promises 2 and 3). */
static int64_t quiet_until_ms(const struct flight *flight,
                              const struct flight_policy *policy,
                              int64_t now_ms)
{
    if (!flight->verdict.closed_by_us)
        return OUTBOX_NO_TIME;
    int64_t left_ms = last_call_left_ms(flight);
    if (left_ms > now_ms)
        left_ms = now_ms; /* the clock was set back */
    return left_ms + policy->timeout_ms;
}

/* When the delivery may be tried again (wall clock). */
static int64_t next_try_ms(const struct flight *flight,
                           const struct flight_policy *policy, int64_t now_ms)
{
    const struct verdict *verdict = &flight->verdict;
    if (verdict->action == VERDICT_HOLD || verdict->action == VERDICT_WAIT)
        return 0; /* the destination waits, not this delivery */
    int64_t next_ms = now_ms + backoff_of(flight, policy);
    int64_t quiet_ms = quiet_until_ms(flight, policy, now_ms);
    return quiet_ms != OUTBOX_NO_TIME && next_ms < quiet_ms ? quiet_ms
                                                            : next_ms;
}

/* How old something is that began at this open_ms. Held, paused or cut off
 * from Intercom, nothing ages. */
static int64_t age_ms(int64_t since_open_ms, const struct flight_policy *policy)
{
    return since_open_ms == OUTBOX_NO_TIME ? 0
                                           : policy->open_ms - since_open_ms;
}

/* True if it has been tried for long enough; *after_ms is then how long. */
static bool has_given_up(const struct flight *flight,
                         const struct flight_policy *policy, int64_t *after_ms)
{
    const struct outbox_claim *claim = &flight->claim;
    const struct verdict *verdict = &flight->verdict;
    if (!verdict->costs_try)
        return false;
    int64_t missing_ms = age_ms(claim->missing_open_ms, policy);
    if (text_equals(verdict->reason, REASON_CONTACT_MISSING) &&
        claim->missing_open_ms != OUTBOX_NO_TIME &&
        missing_ms >= CONTACT_MISSING_MS) {
        *after_ms = missing_ms;
        return true;
    }
    *after_ms = age_ms(claim->first_try_open_ms, policy);
    return claim->first_try_open_ms != OUTBOX_NO_TIME &&
           *after_ms >= policy->give_up_ms;
}

static void describe_retry(const struct flight *flight,
                           const struct flight_policy *policy, int64_t now_ms,
                           struct outbox_end *end, struct flight_words *words)
{
    const struct verdict *verdict = &flight->verdict;
    end->outcome = verdict->outcome_is_unknown ? "unknown" : "retry";
    int64_t after_ms;
    if (has_given_up(flight, policy, &after_ms)) {
        char age[32];
        text_format_duration(after_ms, age, sizeof(age));
        (void)snprintf(words->result, sizeof(words->result),
                       "%s; gave up after %s", verdict->result, age);
        end->outcome = "failed";
        end->state = "failed";
        return;
    }
    end->state = "pending";
    end->not_before_ms = next_try_ms(flight, policy, now_ms);
}

/* Two events of one user, name and second are one at Intercom: say so. */
static void describe_delivered(struct flight *flight, struct outbox_end *end,
                               struct flight_words *words)
{
    end->outcome = "delivered";
    end->state = "delivered";
    const char *event_body = flight->plan.event_body;
    if (event_body == NULL)
        return;
    struct buf sent_events;
    buf_init(&sent_events, 4096);
    int64_t twin = merge_add(flight->claim.sent_events, event_body,
                             flight->claim.id, &sent_events);
    if (twin == 0) {
        free(flight->sent_events);
        flight->sent_events = buf_take(&sent_events);
        end->sent_events = flight->sent_events;
    } else if (twin != flight->claim.id) {
        (void)snprintf(words->reason, sizeof(words->reason),
                       "merged with #%lld", (long long)twin);
        end->reason = words->reason;
    }
}

void flight_describe_end(struct flight *flight,
                         const struct flight_policy *policy, int64_t now_ms,
                         struct outbox_end *end, struct flight_words *words)
{
    const struct verdict *verdict = &flight->verdict;
    *end = (struct outbox_end){
        .claim = &flight->claim,
        .number = flight->claim.attempts + 1,
        .now_ms = now_ms,
        .reason = verdict->reason,
        .result = words->result,
        .status = verdict->status,
        .quiet_until_ms = quiet_until_ms(flight, policy, now_ms),
        .costs_try = verdict->costs_try,
        .open_ms = policy->open_ms,
        .event_may_have_left = flight->chain.event_may_have_left,
        .calls = flight->calls,
        .call_count = flight->call_count,
        .contact_id =
            flight->chain.contact_changed ? flight->chain.contact_id : NULL,
        .attributes_confirmed = flight->chain.attributes_written,
        .attributes = flight->plan.attributes,
        .is_newest = flight->plan.is_newest,
        .timestamp_ms = flight->plan.timestamp_ms,
        .is_confirmed = flight->plan.is_confirmed,
    };
    text_copy(words->result, sizeof(words->result), verdict->result);
    switch (verdict->action) {
    case VERDICT_GO_ON:
        describe_delivered(flight, end, words);
        break;
    case VERDICT_FAIL:
        end->outcome = "failed";
        end->state = "failed";
        break;
    case VERDICT_HOLD:
        end->outcome = "held";
        end->state = "pending";
        break;
    default:
        describe_retry(flight, policy, now_ms, end, words);
        break;
    }
}

void flight_free(struct flight *flight)
{
    if (flight == NULL)
        return;
    for (size_t i = 0; i < flight->call_count; i++) {
        free(flight->calls[i].result);
        free(flight->calls[i].answer);
    }
    free(flight->calls);
    free(flight->sent_events);
    intercom_free(&flight->chain);
    plan_free(&flight->plan);
    outbox_claim_free(&flight->claim);
    free(flight);
}
