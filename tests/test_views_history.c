/* test_views_history.c - what is read of a delivery's attempts and calls. */
#include "support/outbox_turns.h"

#include "base/text.h"
#include "outbox/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* An attempt with its own event body, none, or the one before. */
static void attempt(struct fixture *fixture, int64_t epoch,
                    const char *event_body, size_t calls)
{
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    struct outbox_claim claim;
    int count;
    char answer[] = "no";
    struct outbox_call made[] = {
        {.request = "PUT /contacts/1", .status = 200, .request_id = "r1"},
        {.request = "POST /events",
         .status = 503,
         .answer = answer,
         .answer_length = 2},
    };
    fixture_check(fixture, outbox_begin_turn(store, epoch, err));
    fixture_check(fixture, outbox_find_due(store, 1, 1, &claim, &count, err));
    assert_int_equal(count, 1);
    struct outbox_start start = {
        .claim = &claim, .now_ms = 7, .event_body = event_body};
    fixture_check(fixture, outbox_start_attempts(store, epoch, &start, 1, err));
    struct outbox_end end = {.claim = &claim,
                             .number = claim.attempts + 1,
                             .now_ms = 9,
                             .outcome = "retry",
                             .state = "pending",
                             .result = "503",
                             .not_before_ms = 1,
                             .calls = made,
                             .call_count = calls};
    fixture_check(fixture, outbox_end_attempts(store, epoch, &end, 1, err));
    fixture_check(fixture, store_commit(store, err));
    turns_free(&claim, 1);
}

static void a_history_has_every_attempt_with_its_calls_and_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct view_history history;
    static const struct {
        const char *body;
        size_t calls;
    } rows[] = {{"{1}", 2}, {"{1}", 0}, {"{2}", 1}, {NULL, 2}, {NULL, 2}};
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    for (size_t i = 0; i < 5; i++)
        attempt(fixture, epoch, rows[i].body, rows[i].calls);
    fixture_check(
        fixture, view_read_history(fixture->store, 1, &history, &fixture->err));
    assert_int_equal(history.attempt_count, 5);
    assert_int_equal(history.payload_length, strlen(history.payload));
    for (size_t i = 0; i < 5; i++) {
        const struct view_attempt *one = &history.attempts[i];
        assert_int_equal(one->number, i + 1);
        assert_true(text_equals(one->event_body, rows[i].body));
        assert_null(one->attributes);
        assert_string_equal(one->outcome, "retry");
        assert_int_equal(one->started_ms, 7);
        assert_int_equal(one->ended_ms, 9);
        assert_int_equal(one->call_count, rows[i].calls);
    }
    const struct view_call *calls = history.attempts[4].calls;
    assert_string_equal(calls[0].request, "PUT /contacts/1");
    assert_string_equal(calls[0].request_id, "r1");
    assert_null(calls[0].answer);
    assert_int_equal(calls[1].status, 503);
    assert_int_equal(calls[1].answer_length, 2);
    assert_memory_equal(calls[1].answer, "no", 2);
    view_history_free(&history);
}

static void an_attempt_under_way_has_no_outcome(void **state)
{
    struct fixture *fixture = *state;
    struct view_history history;
    struct outbox_claim claim;
    (void)turns_start_annas(fixture, 1, &claim);
    fixture_check(
        fixture, view_read_history(fixture->store, 1, &history, &fixture->err));
    assert_int_equal(history.attempt_count, 1);
    assert_null(history.attempts[0].outcome);
    assert_int_equal(history.attempts[0].ended_ms, OUTBOX_NO_TIME);
    assert_string_equal(history.attempts[0].event_body, "{\"e\":1}");
    view_history_free(&history);
    turns_free(&claim, 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_history_has_every_attempt_with_its_calls_and_bytes),
        TEST(an_attempt_under_way_has_no_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
