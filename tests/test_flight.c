/* What is recorded of an attempt, by how its chain ended. */
#include "relay/flight.h"

#include "base/mem.h"
#include "base/text.h"
#include "support/plain_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t NOW_MS = INT64_C(1787565600000);
static const int64_t HOUR_MS = 60 * 60 * 1000;
static const int64_t OPEN_MS = INT64_C(1000) * 60 * 60 * 1000;

static struct flight *flight;
static struct flight_policy policy;
static struct outbox_end end;
static struct flight_words words;

static int make_flight(void **state)
{
    (void)state;
    struct outbox_claim claim = {
        .id = 41,
        .lane = mem_copy_text("u1"),
        .payload = mem_copy_text("{}"),
        .payload_length = 2,
        .attempts = 2,
        .tries = 1,
        .first_try_open_ms = OPEN_MS - HOUR_MS / 2,
        .missing_open_ms = OUTBOX_NO_TIME,
    };
    struct plan plan = {
        .action = PLAN_SEND,
        .attributes = mem_copy_text("{\"latest_store\":\"APP_STORE\"}"),
        .event_body = mem_copy_text("{\"event_name\":\"n\",\"created_at\":5,"
                                    "\"user_id\":\"u1\"}"),
    };
    flight = flight_new(&claim, &plan, false);
    policy = (struct flight_policy){
        .backoff = {.base_ms = 1000, .cap_ms = HOUR_MS},
        .give_up_ms = 72 * HOUR_MS,
        .open_ms = OPEN_MS,
        .timeout_ms = 30000,
        .random = UINT32_MAX, /* the whole ceiling */
    };
    return 0;
}

static int free_flight(void **state)
{
    (void)state;
    flight_free(flight);
    flight_free(NULL);
    return 0;
}

static void describe(struct verdict verdict)
{
    flight->verdict = verdict;
    (void)snprintf(flight->verdict.result, sizeof(flight->verdict.result),
                   "what happened");
    flight_describe_end(flight, &policy, NOW_MS, &end, &words);
}

static struct http_answer answer_of(int status, const char *body)
{
    struct http_answer answer = plain_answer(status, body);
    text_copy(answer.request_id, sizeof(answer.request_id), "r1");
    answer.started_ms = NOW_MS - 100;
    answer.took_ms = 90;
    return answer;
}

static void it_does_not_hold_the_event(void **state)
{
    (void)state;
    assert_null(flight->claim.payload);
    assert_int_equal(flight->claim.payload_length, 0);
}

/* --- outcomes ------------------------------------------------------------- */

static void each_verdict_has_its_outcome_and_state(void **state)
{
    (void)state;
    static const struct {
        struct verdict verdict;
        const char *outcome;
        const char *state;
        int64_t not_before_ms; /* from now; with pending */
    } rows[] = {
        {{.action = VERDICT_GO_ON, .status = 202}, "delivered", "delivered", 0},
        {{.action = VERDICT_FAIL,
          .reason = "event_refused",
          .status = 422,
          .costs_try = true},
         "failed",
         "failed",
         0},
        {{.action = VERDICT_HOLD, .reason = "token_refused", .status = 401},
         "held",
         "pending",
         INT64_MIN},
        {{.action = VERDICT_WAIT, .reason = "quota", .status = 429},
         "retry",
         "pending",
         INT64_MIN},
        {{.action = VERDICT_RETRY,
          .reason = "server_error",
          .status = 503,
          .costs_try = true},
         "retry",
         "pending",
         2000},
        {{.action = VERDICT_RETRY,
          .reason = "connection_reset",
          .costs_try = true,
          .outcome_is_unknown = true},
         "unknown",
         "pending",
         2000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        describe(rows[i].verdict);
        assert_string_equal(end.outcome, rows[i].outcome);
        assert_string_equal(end.state, rows[i].state);
        assert_int_equal(end.status, rows[i].verdict.status);
        assert_int_equal(end.costs_try, rows[i].verdict.costs_try);
        assert_ptr_equal(end.reason, rows[i].verdict.reason);
        assert_int_equal(end.number, 3);
        assert_int_equal(end.open_ms, OPEN_MS);
        assert_string_equal(end.result, "what happened");
        if (strcmp(rows[i].state, "pending") != 0)
            continue;
        /* held and waiting: the destination's time counts, not its own */
        if (rows[i].not_before_ms == INT64_MIN)
            assert_int_equal(end.not_before_ms, 0);
        else
            assert_in_range(end.not_before_ms - NOW_MS,
                            rows[i].not_before_ms - 1, rows[i].not_before_ms);
    }
}

static void the_server_s_floor_wins(void **state)
{
    (void)state;
    describe((struct verdict){.action = VERDICT_RETRY,
                              .reason = "server_error",
                              .costs_try = true,
                              .floor_ms = 90000});
    assert_int_equal(end.not_before_ms, NOW_MS + 90000);
}

static void what_was_not_sent_waits_by_attempts_up_to_a_minute(void **state)
{
    (void)state;
    static const struct {
        int attempts;
        int64_t ceiling_ms;
    } rows[] = {{0, 1000},  {1, 2000},  {2, 4000},
                {5, 32000}, {6, 60000}, {1000, 60000}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        flight->claim.attempts = rows[i].attempts;
        flight->claim.tries = 0;
        describe((struct verdict){.action = VERDICT_RETRY,
                                  .reason = "not_connected"});
        assert_in_range(end.not_before_ms - NOW_MS, rows[i].ceiling_ms - 1,
                        rows[i].ceiling_ms);
    }
}

/* --- the quiet time ------------------------------------------------------- */

static void
a_connection_that_we_closed_waits_a_timeout_from_its_request(void **state)
{
    (void)state;
    struct http_request request;
    struct http_answer silent = answer_of(0, "");
    silent.end = HTTP_UNKNOWN;
    silent.trouble = HTTP_TIMED_OUT;
    silent.started_ms = NOW_MS - 10000;
    flight_begin(flight, &request);
    assert_int_equal(flight_take_answer(flight, &silent, NOW_MS, &request),
                     INTERCOM_END);
    flight_describe_end(flight, &policy, NOW_MS, &end, &words);
    assert_string_equal(end.outcome, "unknown");
    assert_int_equal(end.not_before_ms, NOW_MS + 20000);
    /* one that the peer closed takes the ordinary backoff */
    flight->verdict.closed_by_us = false;
    flight_describe_end(flight, &policy, NOW_MS, &end, &words);
    assert_in_range(end.not_before_ms, NOW_MS, NOW_MS + 2000);
}

/* --- giving up ------------------------------------------------------------ */

static void it_gives_up_by_the_age_of_its_tries(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        int64_t age_ms; /* INT64_MIN: no try yet */
        bool costs_try;
        bool gives_up;
    } rows[] = {
        {"server_error", INT64_C(72) * 60 * 60 * 1000 - 1, true, false},
        {"server_error", INT64_C(72) * 60 * 60 * 1000, true, true},
        {"server_error", INT64_MIN, true, false},
        {"not_connected", INT64_C(1000) * 60 * 60 * 1000, false, false},
        {"contact_missing", INT64_C(71) * 60 * 60 * 1000, true, false},
        {"contact_missing", INT64_C(72) * 60 * 60 * 1000, true, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        flight->claim.first_try_open_ms = rows[i].age_ms == INT64_MIN
                                              ? OUTBOX_NO_TIME
                                              : OPEN_MS - rows[i].age_ms;
        describe((struct verdict){.action = VERDICT_RETRY,
                                  .reason = rows[i].reason,
                                  .costs_try = rows[i].costs_try});
        assert_string_equal(end.state, rows[i].gives_up ? "failed" : "pending");
        assert_int_equal(strstr(end.result, "gave up after") != NULL,
                         rows[i].gives_up);
    }
}

static void
a_missing_contact_has_an_hour_from_when_it_was_first_missing(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        int64_t missing_ms; /* INT64_MIN: not yet */
        bool gives_up;
    } rows[] = {
        {"contact_missing", INT64_MIN, false},
        {"contact_missing", 60 * 60 * 1000 - 1, false},
        {"contact_missing", 60 * 60 * 1000, true},
        {"server_error", 60 * 60 * 1000, false},
    };
    flight->claim.first_try_open_ms = OPEN_MS - 30 * HOUR_MS;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        flight->claim.missing_open_ms = rows[i].missing_ms == INT64_MIN
                                            ? OUTBOX_NO_TIME
                                            : OPEN_MS - rows[i].missing_ms;
        describe((struct verdict){.action = VERDICT_RETRY,
                                  .reason = rows[i].reason,
                                  .costs_try = true});
        assert_string_equal(end.state, rows[i].gives_up ? "failed" : "pending");
        assert_int_equal(strstr(end.result, "gave up after 1 h") != NULL,
                         rows[i].gives_up);
    }
}

static void a_short_age_holds_for_a_missing_contact_too(void **state)
{
    (void)state;
    policy.give_up_ms = 60 * 1000;
    flight->claim.first_try_open_ms = OPEN_MS - 60 * 1000;
    describe((struct verdict){.action = VERDICT_RETRY,
                              .reason = "contact_missing",
                              .costs_try = true});
    assert_string_equal(end.state, "failed");
}

/* --- the chain ------------------------------------------------------------ */

static void calls_are_noted_with_what_is_evidence(void **state)
{
    (void)state;
    static const char id[] = "{\"id\":\"5f0000000000000000000001\"}";
    static const char oops[] = "{\"errors\":[]}";
    struct http_request request;
    struct http_answer created = answer_of(200, id);
    struct http_answer failed = answer_of(500, oops);
    flight_begin(flight, &request);
    assert_string_equal(request.path, "/contacts");
    assert_int_equal(flight_take_answer(flight, &created, NOW_MS, &request),
                     INTERCOM_CALL);
    assert_string_equal(request.path, "/events");
    assert_int_equal(flight_take_answer(flight, &failed, NOW_MS, &request),
                     INTERCOM_END);
    flight_describe_end(flight, &policy, NOW_MS, &end, &words);
    assert_int_equal(end.call_count, 2);
    assert_string_equal(end.calls[0].request, "POST /contacts");
    assert_int_equal(end.calls[0].status, 200);
    assert_string_equal(end.calls[0].request_id, "r1");
    assert_null(end.calls[0].answer); /* of a success only these are kept */
    assert_string_equal(end.calls[1].request, "POST /events");
    assert_int_equal(end.calls[1].took_ms, 90);
    assert_int_equal(end.calls[1].answer_length, strlen(oops));
    assert_memory_equal(end.calls[1].answer, oops, strlen(oops));
    assert_string_equal(end.contact_id, "5f0000000000000000000001");
    assert_true(end.attributes_confirmed);
    assert_true(end.event_may_have_left);
}

static void a_call_without_an_answer_is_noted_with_the_trouble(void **state)
{
    (void)state;
    struct http_request request;
    struct http_answer refused = answer_of(0, "");
    refused.end = HTTP_NOT_SENT;
    refused.trouble = HTTP_REFUSED;
    refused.status = 7; /* means nothing */
    (void)snprintf(refused.trouble_text, sizeof(refused.trouble_text),
                   "connection refused");
    flight_begin(flight, &request);
    (void)flight_take_answer(flight, &refused, NOW_MS, &request);
    flight_describe_end(flight, &policy, NOW_MS, &end, &words);
    assert_int_equal(end.calls[0].status, 0);
    assert_string_equal(end.calls[0].result, "connection refused");
    assert_null(end.calls[0].answer);
    assert_false(end.event_may_have_left);
    assert_false(end.attributes_confirmed);
    assert_null(end.contact_id);
}

static void two_events_that_intercom_makes_one_say_so(void **state)
{
    (void)state;
    describe((struct verdict){.action = VERDICT_GO_ON});
    assert_null(end.reason);
    flight->claim.sent_events = mem_copy_text(end.sent_events);
    describe((struct verdict){.action = VERDICT_GO_ON}); /* itself, again */
    assert_null(end.reason);
    flight->claim.id = 42;
    describe((struct verdict){.action = VERDICT_GO_ON});
    assert_string_equal(end.reason, "merged with #41");
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_flight, free_flight)
    const struct CMUnitTest tests[] = {
        RULE(it_does_not_hold_the_event),
        RULE(each_verdict_has_its_outcome_and_state),
        RULE(the_server_s_floor_wins),
        RULE(what_was_not_sent_waits_by_attempts_up_to_a_minute),
        RULE(a_connection_that_we_closed_waits_a_timeout_from_its_request),
        RULE(it_gives_up_by_the_age_of_its_tries),
        RULE(a_missing_contact_has_an_hour_from_when_it_was_first_missing),
        RULE(a_short_age_holds_for_a_missing_contact_too),
        RULE(calls_are_noted_with_what_is_evidence),
        RULE(a_call_without_an_answer_is_noted_with_the_trouble),
        RULE(two_events_that_intercom_makes_one_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
