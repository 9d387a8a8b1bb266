/* test_outbox_epoch.c - a relay begins: what an older one left is unknown, and
 * the older one writes no more. */
#include "support/outbox_turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_newer_epoch_ends_the_turns_of_the_older(void **state)
{
    struct fixture *fixture = *state;
    int64_t older = turns_begin_epoch(fixture, 1).epoch;
    int64_t newer = turns_begin_epoch(fixture, 2).epoch;
    assert_int_equal(newer, older + 1);
    assert_false(outbox_begin_turn(fixture->store, older, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_SUPERSEDED);
    fixture_check(fixture,
                  outbox_begin_turn(fixture->store, newer, &fixture->err));
    store_rollback(fixture->store);
}

static void what_an_older_epoch_was_sending_is_unknown_and_first(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1000).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1000, 1, &claim), 1);
    turns_free(&claim, 1);
    struct outbox_recovery recovery = turns_begin_epoch(fixture, 5000);
    assert_int_equal(recovery.unknown, 1);
    assert_string_equal(
        fixture_text(fixture, "SELECT outcome || ended_ms FROM outbox_attempt"),
        "unknown5000");
    assert_string_equal(turns_due(fixture, 34999), "");
    assert_string_equal(turns_due(fixture, 35000), "1");
    assert_int_equal(turns_start(fixture, recovery.epoch, 35000, 1, &claim), 1);
    assert_true(claim.unknown);
    assert_true(claim.bound);
    assert_int_equal(claim.tries, 0);
    turns_free(&claim, 1);
}

static void a_request_of_long_ago_is_over_twelve_timeouts_later(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    (void)turns_start_annas(fixture, 1000, &claim);
    turns_free(&claim, 1);
    (void)turns_begin_epoch(fixture, 9000000);
    assert_int_equal(
        fixture_number(fixture, "SELECT due_ms FROM outbox_delivery"),
        1000 + 13 * 30000);
}

static void newest_sent_is_known_after_a_kill(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    const struct outbox_start start = {
        .attributes = "{\"a\":1}", .is_newest = true, .timestamp_ms = 77};
    turns_start_as(fixture, epoch, start, &claim);
    turns_free(&claim, 1);

    epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1000000, 1, &claim), 1);
    assert_int_equal(claim.sent_timestamp_ms, 77);
    assert_int_equal(claim.sent_id, 1);
    assert_string_equal(claim.sent_attributes, "{\"a\":1}");
    assert_int_equal(claim.confirmed_timestamp_ms, OUTBOX_NO_TIME);
    turns_free(&claim, 1);
}

/* What was confirmed already is not written again, and has no bytes. */
static void newest_confirmed_moves_along_after_a_kill(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    fixture_run(fixture, "INSERT INTO outbox_user (lane, sent_attributes, "
                         "confirmed_ms) VALUES ('anna', '{\"b\":2}', 5)");
    const struct outbox_start start = {
        .is_newest = true, .is_confirmed = true, .timestamp_ms = 77};
    turns_start_as(fixture, epoch, start, &claim);
    turns_free(&claim, 1);

    epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1000000, 1, &claim), 1);
    assert_int_equal(claim.sent_timestamp_ms, 77);
    assert_int_equal(claim.confirmed_timestamp_ms, 77);
    assert_int_equal(claim.confirmed_id, 1);
    assert_int_equal(claim.confirmed_ms, 5);
    assert_string_equal(claim.sent_attributes, "{\"b\":2}");
    turns_free(&claim, 1);
}

/* Only what the attempt under way says counts, not the one before. */
static void what_is_no_more_newest_is_not_after_a_kill(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    struct outbox_start start = {
        .attributes = "{}", .is_newest = true, .timestamp_ms = 77};
    turns_start_as(fixture, epoch, start, &claim);
    turns_end(fixture, epoch, &claim, "retry", "pending", 1);
    turns_free(&claim, 1);
    start.is_newest = false;
    turns_start_as(fixture, epoch, start, &claim);
    turns_free(&claim, 1);

    (void)turns_begin_epoch(fixture, 1);
    assert_string_equal(
        fixture_text(fixture, "SELECT sent_id FROM outbox_user"), "NULL");
}

static void an_end_in_the_name_of_another_epoch_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    (void)turns_start_annas(fixture, 1, &claim);
    int64_t newer = turns_begin_epoch(fixture, 2).epoch;
    struct outbox_end end = {.claim = &claim,
                             .number = 1,
                             .outcome = "delivered",
                             .state = "delivered"};
    fixture_check(fixture,
                  outbox_begin_turn(fixture->store, newer, &fixture->err));
    assert_false(
        outbox_end_attempts(fixture->store, newer, &end, 1, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_SUPERSEDED);
    store_rollback(fixture->store);
    turns_free(&claim, 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_newer_epoch_ends_the_turns_of_the_older),
        TEST(what_an_older_epoch_was_sending_is_unknown_and_first),
        TEST(a_request_of_long_ago_is_over_twelve_timeouts_later),
        TEST(newest_sent_is_known_after_a_kill),
        TEST(newest_confirmed_moves_along_after_a_kill),
        TEST(what_is_no_more_newest_is_not_after_a_kill),
        TEST(an_end_in_the_name_of_another_epoch_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
