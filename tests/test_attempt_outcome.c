/* test_attempt_outcome.c - the end of an attempt that delivered stands in its
 * delivery, with the call that did it, and both are told like every other,
 * whatever becomes of the delivery. */
#include "support/operation_plans.h"
#include "support/outbox_turns.h"

#include "outbox/operation.h"
#include "outbox/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const char *or_dash(const char *text)
{
    return text == NULL ? "-" : text;
}

static size_t add_call(char *text, size_t size, const struct view_call *call)
{
    return (size_t)snprintf(
        text, size, " <%d %s %d %lld+%lld %s>", call->number, call->request,
        call->status, (long long)call->started_ms, (long long)call->took_ms,
        or_dash(call->request_id));
}

/* All attempts of a delivery with how they ended, as show reads them; static.
 */
static const char *told(struct fixture *fixture, int64_t id)
{
    static char text[1000];
    struct view_history history;
    size_t used = 0;
    text[0] = '\0';
    fixture_check(fixture, view_read_history(fixture->store, id, &history,
                                             &fixture->err));
    for (size_t i = 0; i < history.attempt_count; i++) {
        const struct view_attempt *attempt = &history.attempts[i];
        int64_t ended_ms =
            attempt->ended_ms == OUTBOX_NO_TIME ? -1 : attempt->ended_ms;
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "%s%d %s %lld %s %s", i == 0 ? "" : "; ",
                                 attempt->number, or_dash(attempt->outcome),
                                 (long long)ended_ms, or_dash(attempt->reason),
                                 or_dash(attempt->result));
        for (size_t k = 0; k < attempt->call_count; k++)
            used +=
                add_call(text + used, sizeof(text) - used, &attempt->calls[k]);
    }
    view_history_free(&history);
    return text;
}

/* Start what is due first, at 1. */
static void start_next(struct fixture *fixture, int64_t epoch,
                       struct outbox_claim *claim)
{
    const struct outbox_start start = {.event_body = "{\"e\":1}"};
    turns_start_as(fixture, epoch, start, claim);
}

static void end(struct fixture *fixture, int64_t epoch,
                struct outbox_claim *claim, struct outbox_end end)
{
    end.claim = claim;
    end.number = claim->attempts + 1;
    end.quiet_until_ms = OUTBOX_NO_TIME;
    fixture_check(fixture,
                  outbox_begin_turn(fixture->store, epoch, &fixture->err));
    fixture_check(fixture, outbox_end_attempts(fixture->store, epoch, &end, 1,
                                               &fixture->err));
    fixture_check(fixture, store_commit(fixture->store, &fixture->err));
    outbox_claim_free(claim);
}

static void deliver(struct fixture *fixture, int64_t epoch, int64_t now_ms,
                    const char *reason, const char *result)
{
    struct outbox_claim claim;
    const struct outbox_call call = {.request = "POST /events",
                                     .started_ms = now_ms - 3,
                                     .took_ms = 2,
                                     .status = 202,
                                     .request_id = "r"};
    start_next(fixture, epoch, &claim);
    end(fixture, epoch, &claim,
        (struct outbox_end){.now_ms = now_ms,
                            .outcome = "delivered",
                            .state = "delivered",
                            .reason = reason,
                            .result = result,
                            .status = 202,
                            .calls = &call,
                            .call_count = 1});
}

/* Delivery 1 as most are: delivered at once, at 9. */
static int64_t deliver_one(struct fixture *fixture)
{
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    deliver(fixture, epoch, 9, "merged with #7", "202");
    return epoch;
}

static const char first[] =
    "1 delivered 9 merged with #7 202 <1 POST /events 202 6+2 r>";

static void apply(struct fixture *fixture)
{
    bool more = true;
    while (more)
        fixture_check(fixture,
                      operation_step(fixture->store, 70, &more, &fixture->err));
}

/* The operation's id. */
static int64_t retry(struct fixture *fixture, bool include_delivered)
{
    struct operation_request request = operation_plans_ask("retry");
    request.include_delivered = include_delivered;
    struct operation_plan plan = operation_plans_make(fixture, &request, 1);
    assert_int_equal(plan.planned, 1);
    fixture_check(fixture,
                  operation_start(fixture->store, plan.id, 60, &fixture->err));
    apply(fixture);
    return plan.id;
}

static const char *state_of(struct fixture *fixture)
{
    return fixture_text(fixture, "SELECT state || ' ' || coalesce(settled_ms, "
                                 "'-') || ' ' || coalesce(reason, '-') || ' ' "
                                 "|| result FROM outbox_delivery WHERE id = 1");
}

static void it_is_told_and_not_written_twice(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    start_next(fixture, epoch, &claim);
    assert_string_equal(told(fixture, 1), "1 - -1 - -");
    const struct outbox_call calls[] = {{.request = "POST /contacts",
                                         .started_ms = 2,
                                         .took_ms = 3,
                                         .status = 200,
                                         .request_id = "r1"},
                                        {.request = "POST /events",
                                         .started_ms = 5,
                                         .took_ms = 4,
                                         .status = 202}};
    end(fixture, epoch, &claim,
        (struct outbox_end){.now_ms = 9,
                            .outcome = "delivered",
                            .state = "delivered",
                            .reason = "merged with #7",
                            .result = "202",
                            .status = 202,
                            .calls = calls,
                            .call_count = 2});
    assert_string_equal(told(fixture, 1),
                        "1 delivered 9 merged with #7 202 <1 POST /contacts "
                        "200 2+3 r1> <2 POST /events 202 5+4 ->");
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM outbox_attempt WHERE "
                                "coalesce(ended_ms, outcome, reason, result) "
                                "IS NOT NULL"),
        0);
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM outbox_call"), 1);
    (void)retry(fixture, true);
    assert_string_equal(told(fixture, 1),
                        "1 delivered 9 merged with #7 202 <1 POST /contacts "
                        "200 2+3 r1> <2 POST /events 202 5+4 ->");
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM outbox_call"), 2);
}

/* Only of POST /events is it known what was asked. */
static void another_last_call_is_written(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    const struct outbox_call call = {
        .request = "PUT /contacts/c1", .started_ms = 5, .status = 200};
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    start_next(fixture, epoch, &claim);
    end(fixture, epoch, &claim,
        (struct outbox_end){.now_ms = 9,
                            .outcome = "delivered",
                            .state = "delivered",
                            .status = 200,
                            .calls = &call,
                            .call_count = 1});
    assert_string_equal(told(fixture, 1),
                        "1 delivered 9 - - <1 PUT /contacts/c1 200 5+0 ->");
}

static void one_without_reason_and_result_has_none(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    deliver(fixture, turns_begin_epoch(fixture, 1).epoch, 9, NULL, NULL);
    assert_string_equal(told(fixture, 1),
                        "1 delivered 9 - - <1 POST /events 202 6+2 r>");
}

static void those_before_the_last_say_only_their_own(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    start_next(fixture, epoch, &claim);
    end(fixture, epoch, &claim,
        (struct outbox_end){
            .now_ms = 5, .outcome = "retry", .state = "pending"});
    deliver(fixture, epoch, 9, "merged with #7", "202");
    assert_string_equal(told(fixture, 1),
                        "1 retry 5 - -; 2 delivered 9 merged with #7 202 <1 "
                        "POST /events 202 6+2 r>");
}

static void a_retry_leaves_the_end_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    int64_t epoch = deliver_one(fixture);
    (void)retry(fixture, true);
    assert_string_equal(state_of(fixture), "pending - - 202");
    assert_string_equal(told(fixture, 1), first);
    start_next(fixture, epoch, &claim);
    assert_string_equal(told(fixture, 1),
                        "1 delivered 9 merged with #7 202 <1 POST /events 202 "
                        "6+2 r>; 2 - -1 - -");
    end(fixture, epoch, &claim,
        (struct outbox_end){.now_ms = 80,
                            .outcome = "failed",
                            .state = "failed",
                            .reason = "parameter_invalid",
                            .result = "422"});
    assert_string_equal(
        told(fixture, 1),
        "1 delivered 9 merged with #7 202 <1 POST /events 202 6+2 r>; "
        "2 failed 80 parameter_invalid 422");
    (void)retry(fixture, false);
    deliver(fixture, epoch, 99, NULL, "200");
    (void)retry(fixture, true);
    deliver(fixture, epoch, 120, NULL, "202");
    assert_string_equal(
        told(fixture, 1),
        "1 delivered 9 merged with #7 202 <1 POST /events 202 6+2 r>; "
        "2 failed 80 parameter_invalid 422; "
        "3 delivered 99 - 200 <1 POST /events 202 96+2 r>; "
        "4 delivered 120 - 202 <1 POST /events 202 117+2 r>");
}

static void undoing_a_retry_leaves_the_end_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    int64_t epoch = deliver_one(fixture);
    int64_t undo_id;
    int64_t id = retry(fixture, true);
    struct operation_request request = operation_plans_ask("undo");
    fixture_check(fixture, operation_undo(fixture->store, id, &request,
                                          &undo_id, &fixture->err));
    apply(fixture);
    assert_string_equal(state_of(fixture), "delivered 9 merged with #7 202");
    assert_string_equal(told(fixture, 1), first);
    (void)retry(fixture, true);
    deliver(fixture, epoch, 99, NULL, "200");
    assert_string_equal(
        told(fixture, 1),
        "1 delivered 9 merged with #7 202 <1 POST /events 202 6+2 r>; "
        "2 delivered 99 - 200 <1 POST /events 202 96+2 r>");
}

static void a_retry_that_comes_too_late_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct operation_request request = operation_plans_ask("retry");
    request.include_delivered = true;
    int64_t epoch = deliver_one(fixture);
    struct operation_plan plan = operation_plans_make(fixture, &request, 1);
    (void)retry(fixture, true);
    deliver(fixture, epoch, 99, NULL, "200");
    fixture_check(fixture,
                  operation_start(fixture->store, plan.id, 60, &fixture->err));
    apply(fixture);
    assert_string_equal(state_of(fixture), "delivered 99 - 200");
    assert_string_equal(
        told(fixture, 1),
        "1 delivered 9 merged with #7 202 <1 POST /events 202 6+2 r>; "
        "2 delivered 99 - 200 <1 POST /events 202 96+2 r>");
}

static void a_relay_that_ends_takes_no_end_with_it(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    int64_t epoch = deliver_one(fixture);
    fixture_put(fixture, "b", "RENEWAL", "anna");
    start_next(fixture, epoch, &claim);
    outbox_claim_free(&claim);
    assert_int_equal(turns_begin_epoch(fixture, 50).unknown, 1);
    assert_string_equal(told(fixture, 1), first);
    assert_string_equal(told(fixture, 2),
                        "1 unknown 50 relay_ended the relay ended before the "
                        "answer came");
    assert_string_equal(state_of(fixture), "delivered 9 merged with #7 202");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_told_and_not_written_twice),
        TEST(another_last_call_is_written),
        TEST(one_without_reason_and_result_has_none),
        TEST(those_before_the_last_say_only_their_own),
        TEST(a_retry_leaves_the_end_as_it_was),
        TEST(undoing_a_retry_leaves_the_end_as_it_was),
        TEST(a_retry_that_comes_too_late_changes_nothing),
        TEST(a_relay_that_ends_takes_no_end_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
