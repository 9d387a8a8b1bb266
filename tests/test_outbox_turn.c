/* test_outbox_turn.c - the relay's turns: what is due, and how an attempt
 * begins. */
#include "support/outbox_turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* --- what is due --------------------------------------------------------- */

static void only_the_head_of_a_lane_is_due(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    fixture_put(fixture, "c", "RENEWAL", "bert");
    fixture_put(fixture, "d", "RENEWAL", NULL);
    fixture_put(fixture, "e", "RENEWAL", NULL);
    assert_string_equal(turns_due(fixture, 1), "1 3 4 5");
}

static void the_next_of_a_lane_is_due_when_the_head_has_ended(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    assert_string_equal(turns_due(fixture, 1), "");
    turns_end(fixture, epoch, &claim, "delivered", "delivered", 0);
    assert_string_equal(turns_due(fixture, 1), "2");
    turns_free(&claim, 1);
}

/* The lane's ids are remembered, and what became of them is not. */
static void what_left_a_lane_meanwhile_is_passed_over(void **state)
{
    struct fixture *fixture = *state;
    static const char *const due_then[] = {"2", "4", "5", ""};
    static const char *const events[] = {"a", "b", "c", "d"};
    struct outbox_claim claim;
    for (size_t i = 0; i < 4; i++)
        fixture_put(fixture, events[i], "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
        turns_end(fixture, epoch, &claim, "delivered", "delivered", 0);
        turns_free(&claim, 1);
        assert_string_equal(turns_due(fixture, 1), due_then[i]);
        if (i == 0)
            fixture_run(fixture, "UPDATE outbox_delivery SET state = "
                                 "'discarded', aside = 'discarded', "
                                 "settled_ms = 1 WHERE id = 3");
        if (i == 0)
            fixture_put(fixture, "e", "RENEWAL", "anna");
    }
}

static void a_head_that_waits_keeps_its_lane_waiting(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    turns_end(fixture, epoch, &claim, "retry", "pending", 9000);
    assert_string_equal(turns_due(fixture, 8999), "");
    assert_string_equal(turns_due(fixture, 9000), "1");
    turns_free(&claim, 1);
}

static void fresh_ones_and_retries_take_turns(void **state)
{
    struct fixture *fixture = *state;
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g"};
    struct outbox_claim claims[3];
    for (size_t i = 0; i < 3; i++)
        fixture_put(fixture, ids[i], "RENEWAL", ids[i]);
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1, 3, claims), 3);
    turns_end(fixture, epoch, &claims[0], "retry", "pending", 300);
    turns_end(fixture, epoch, &claims[1], "retry", "pending", 200);
    turns_end(fixture, epoch, &claims[2], "retry", "pending", 999);
    for (size_t i = 3; i < 7; i++)
        fixture_put(fixture, ids[i], "RENEWAL", ids[i]);
    store_close(fixture->store);
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 2000,
                                      &fixture->store, &fixture->err));
    assert_string_equal(turns_due(fixture, 500), "4 2 5 1 6 7");
    turns_free(claims, 3);
}

static void taking_turns_goes_on_from_call_to_call(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claims[2];
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1, 1, claims), 1);
    turns_end(fixture, epoch, &claims[0], "retry", "pending", 200);
    turns_free(claims, 1);
    fixture_put(fixture, "b", "RENEWAL", "bert");
    fixture_put(fixture, "c", "RENEWAL", "carl");
    assert_int_equal(turns_start(fixture, epoch, 500, 1, &claims[0]), 1);
    assert_int_equal(turns_start(fixture, epoch, 500, 1, &claims[1]), 1);
    /* Whoever was first, the other queue was second. */
    assert_true(claims[0].id == 1 || claims[1].id == 1);
    turns_free(claims, 2);
}

static void a_clock_that_is_set_back_makes_no_wait_longer(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    const int64_t hour_ms = 3600 * 1000;
    int64_t epoch = turns_start_annas(fixture, 1, &claim);
    /* at 5000: an hour's wait */
    turns_end(fixture, epoch, &claim, "retry", "pending", 5000 + hour_ms);
    assert_string_equal(turns_due(fixture, 4999 + hour_ms), "");
    fixture_check(fixture,
                  outbox_begin_turn(fixture->store, epoch, &fixture->err));
    fixture_check(fixture,
                  outbox_pull_back(fixture->store, 2000, &fixture->err));
    fixture_check(fixture, store_commit(fixture->store, &fixture->err));
    assert_string_equal(turns_due(fixture, 1999 + hour_ms), "");
    assert_string_equal(turns_due(fixture, 2000 + hour_ms), "1");
    /* the next relay sees to it, too */
    (void)turns_begin_epoch(fixture, 1000);
    assert_string_equal(turns_due(fixture, 1000 + hour_ms), "1");
    turns_free(&claim, 1);
}

/* --- attempts ------------------------------------------------------------ */

static void an_attempt_is_on_the_disk_with_its_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "INITIAL_PURCHASE", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 7, 1, &claim), 1);
    assert_string_equal(claim.kind, "initial_purchase");
    assert_string_equal(claim.lane, "anna");
    assert_string_equal(
        fixture_text(fixture,
                     "SELECT state || ' ' || attempts || ' ' || epoch || ' '"
                     " || (due_ms IS NULL) FROM outbox_delivery"),
        "sending 1 1 1");
    assert_string_equal(
        fixture_text(fixture,
                     "SELECT number || ' ' || epoch || ' ' || cause || ' ' ||"
                     " started_ms || ' ' || attributes || ' ' || event_body"
                     " FROM outbox_attempt_outcome WHERE outcome IS NULL"),
        "1 1 automatic 7 {\"a\":1} {\"e\":1}");
    turns_free(&claim, 1);
}

static void bytes_are_stored_once_while_they_stay_the_same(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
        turns_end(fixture, epoch, &claim, "retry", "pending", 1);
        turns_free(&claim, 1);
    }
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count(*) FROM outbox_attempt"
                                    " WHERE event_body IS NOT NULL"
                                    " OR attributes IS NOT NULL"),
                     1);
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    assert_true(claim.bound);
    assert_string_equal(claim.attributes, "{\"a\":1}");
    assert_string_equal(claim.event_body, "{\"e\":1}");
    turns_free(&claim, 1);
}

static void an_attempt_without_a_call_does_not_inherit_its_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    int64_t epoch = turns_start_annas(fixture, 1, &claim);
    turns_end(fixture, epoch, &claim, "retry", "pending", 1);
    turns_free(&claim, 1);

    const struct outbox_start start = {.now_ms = 1, .event_body = "{\"e\":1}"};
    turns_start_as(fixture, epoch, start, &claim);
    turns_end(fixture, epoch, &claim, "retry", "pending", 1);
    turns_free(&claim, 1);

    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    assert_null(claim.attributes);
    assert_string_equal(claim.event_body, "{\"e\":1}");
    turns_free(&claim, 1);
}

static void
the_last_attempt_there_can_be_is_not_the_next_deliverys(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "bert");
    fixture_run(fixture, "UPDATE outbox_delivery SET attempts = 1048574 "
                         "WHERE id = 1");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    turns_end(fixture, epoch, &claim, "retry", "pending", 1);
    turns_free(&claim, 1);
    assert_int_equal(
        fixture_number(fixture, "SELECT attempts FROM outbox_delivery"),
        OUTBOX_MOST_ATTEMPTS);
    assert_string_equal(
        fixture_text(fixture, "SELECT delivery_id || ' ' || number || ' ' || "
                              "outcome FROM outbox_attempt"),
        "1 1048575 retry");
}

static void what_is_not_due_cannot_be_started(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    int64_t epoch = turns_start_annas(fixture, 1, &claim);
    struct outbox_start start = {.claim = &claim, .now_ms = 1};
    fixture_check(fixture,
                  outbox_begin_turn(fixture->store, epoch, &fixture->err));
    assert_false(
        outbox_start_attempts(fixture->store, epoch, &start, 1, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_INVALID);
    store_rollback(fixture->store);
    turns_free(&claim, 1);
}

static void
a_delivery_that_needs_no_call_settles_and_uncovers_the_next(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    struct outbox_claim claim;
    int count;
    fixture_put(fixture, "a", "TEST", "anna");
    fixture_put(fixture, "b", "TEST", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    fixture_check(fixture, outbox_begin_turn(store, epoch, err));
    for (int64_t id = 1; id <= 2; id++) {
        fixture_check(fixture,
                      outbox_find_due(store, 1, 8, &claim, &count, err));
        assert_int_equal(count, 1);
        assert_int_equal(claim.id, id);
        struct outbox_settlement settlement = {
            .state = "skipped", .reason = "no_intercom_event", .now_ms = 60001};
        fixture_check(fixture, outbox_settle(store, &claim, &settlement, err));
        turns_free(&claim, 1);
    }
    fixture_check(fixture, store_commit(store, err));
    assert_string_equal(
        fixture_text(fixture, "SELECT minute || kind || outcome || count FROM"
                              " outbox_minute"),
        "1skipped2");
    assert_int_equal(
        fixture_number(fixture,
                       "SELECT count(*) FROM outbox_delivery WHERE state ="
                       " 'skipped' AND settled_ms = 60001 AND due_ms IS NULL"
                       " AND reason = 'no_intercom_event'"),
        2);
}

/* --- the destination ----------------------------------------------------- */

static void the_outlook_says_what_is_next(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_outlook outlook;
    struct outbox_claim claim;
    fixture_check(fixture,
                  outbox_look_ahead(fixture->store, &outlook, &fixture->err));
    assert_int_equal(outlook.next_due_ms, OUTBOX_NO_TIME);
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    fixture_put(fixture, "c", "RENEWAL", "bert");
    fixture_run(fixture, "UPDATE outbox_destination SET pause_reason = ''");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    turns_free(&claim, 1);
    fixture_check(fixture,
                  outbox_look_ahead(fixture->store, &outlook, &fixture->err));
    assert_int_equal(outlook.next_due_ms, 0);
    assert_int_equal(outlook.pending, 2);
    assert_int_equal(outlook.sending, 1);
    assert_int_equal(outlook.failed, 0);
    assert_true(outlook.is_paused);
}

static void an_open_breaker_is_recorded_until_it_is_closed(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        struct outbox_breaker breaker;
        const char *recorded;
    } rows[] = {
        {{.since_ms = 5, .probe_ms = 9, .text = "refused"}, "5 9 refused"},
        {{.since_ms = OUTBOX_NO_TIME, .probe_ms = 9, .text = "refused"},
         "- - -"},
    };
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture_check(fixture,
                      outbox_begin_turn(fixture->store, epoch, &fixture->err));
        fixture_check(fixture,
                      outbox_set_breaker(fixture->store, &rows[i].breaker,
                                         &fixture->err));
        fixture_check(fixture, store_commit(fixture->store, &fixture->err));
        assert_string_equal(
            fixture_text(fixture,
                         "SELECT coalesce(breaker_since_ms, '-') || ' ' ||"
                         " coalesce(breaker_probe_ms, '-') || ' ' ||"
                         " coalesce(breaker_text, '-') FROM"
                         " outbox_destination"),
            rows[i].recorded);
    }
}

static void exchanged_names_are_read_as_they_stand(void **state)
{
    struct fixture *fixture = *state;
    struct names names;
    fixture_run(fixture, "INSERT INTO outbox_name (kind, name, off) VALUES"
                         " ('renewal', 'rc_expiration_event', 0),"
                         " ('expiration', 'rc_renewal_event', 0),"
                         " ('cancellation', NULL, 1)");
    fixture_check(fixture,
                  outbox_read_names(fixture->store, &names, &fixture->err));
    assert_string_equal(names.name[KIND_RENEWAL], "rc_expiration_event");
    assert_string_equal(names.name[KIND_EXPIRATION], "rc_renewal_event");
    assert_string_equal(names.name[KIND_CANCELLATION], "rc_cancellation_event");
    assert_true(names.off[KIND_CANCELLATION]);
    assert_false(names.off[KIND_RENEWAL]);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_the_head_of_a_lane_is_due),
        TEST(the_next_of_a_lane_is_due_when_the_head_has_ended),
        TEST(what_left_a_lane_meanwhile_is_passed_over),
        TEST(a_head_that_waits_keeps_its_lane_waiting),
        TEST(fresh_ones_and_retries_take_turns),
        TEST(taking_turns_goes_on_from_call_to_call),
        TEST(a_clock_that_is_set_back_makes_no_wait_longer),
        TEST(an_attempt_is_on_the_disk_with_its_bytes),
        TEST(bytes_are_stored_once_while_they_stay_the_same),
        TEST(an_attempt_without_a_call_does_not_inherit_its_bytes),
        TEST(the_last_attempt_there_can_be_is_not_the_next_deliverys),
        TEST(what_is_not_due_cannot_be_started),
        TEST(a_delivery_that_needs_no_call_settles_and_uncovers_the_next),
        TEST(the_outlook_says_what_is_next),
        TEST(an_open_breaker_is_recorded_until_it_is_closed),
        TEST(exchanged_names_are_read_as_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
