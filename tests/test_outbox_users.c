/* test_outbox_users.c - where what is known of a user stands, and is found. */
#include "support/outbox_turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { OTHERS = 20000 };

/* A user of long ago, and so many who came later. */
static void put_users_of_long_ago(struct fixture *fixture)
{
    fixture_run(
        fixture,
        "INSERT INTO outbox_user (id, lane, contact_id) VALUES "
        "(1, 'anna', 'c-anna');"
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 20001) INSERT INTO outbox_user (id, lane, contact_id) "
        "SELECT i, 'other-' || i, 'c-' || i FROM n;");
}

/* Send the first that is due, and deliver it. It leaves the user with this. */
static void deliver_one(struct fixture *fixture, int64_t epoch,
                        const char *sent_events)
{
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    struct outbox_claim claim;
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    const struct outbox_end end = {.claim = &claim,
                                   .number = 1,
                                   .now_ms = 2,
                                   .outcome = "delivered",
                                   .state = "delivered",
                                   .status = 202,
                                   .sent_events = sent_events};
    fixture_check(fixture, outbox_begin_turn(store, epoch, err));
    fixture_check(fixture, outbox_end_attempts(store, epoch, &end, 1, err));
    fixture_check(fixture, store_commit(store, err));
    turns_free(&claim, 1);
}

/* Anna is of long ago, and has one more event; returns the epoch. */
static int64_t deliver_the_first_of_two(struct fixture *fixture)
{
    put_users_of_long_ago(fixture);
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    deliver_one(fixture, epoch, "one");
    return epoch;
}

static const char *annas_row(struct fixture *fixture)
{
    return fixture_text(fixture,
                        "SELECT id || ' ' || contact_id || ' ' || sent_events "
                        "FROM outbox_user WHERE lane = 'anna'");
}

static void who_has_events_in_a_row_is_moved_to_the_end(void **state)
{
    struct fixture *fixture = *state;
    put_users_of_long_ago(fixture);
    for (int i = 0; i < 4; i++)
        fixture_put(fixture, (const char *[]){"a", "b", "c", "d"}[i], "RENEWAL",
                    "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;

    deliver_one(fixture, epoch, "one");
    assert_string_equal(annas_row(fixture), "1 c-anna one");
    deliver_one(fixture, epoch, "two");
    assert_string_equal(annas_row(fixture), "20002 c-anna two");
    deliver_one(fixture, epoch, "three");
    deliver_one(fixture, epoch, "four");
    assert_string_equal(annas_row(fixture), "20002 c-anna four");
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count(*) FROM outbox_user WHERE "
                                    "lane = 'other-' || id AND contact_id = "
                                    "'c-' || id"),
                     OTHERS);
}

static void who_came_lately_stays(void **state)
{
    struct fixture *fixture = *state;
    put_users_of_long_ago(fixture);
    fixture_put(fixture, "a", "RENEWAL", "other-17000");
    fixture_put(fixture, "b", "RENEWAL", "other-17000");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    deliver_one(fixture, epoch, "one");
    deliver_one(fixture, epoch, "two");
    assert_int_equal(fixture_number(fixture, "SELECT id FROM outbox_user WHERE "
                                             "lane = 'other-17000'"),
                     17000);
}

static void who_has_one_event_stays(void **state)
{
    struct fixture *fixture = *state;
    put_users_of_long_ago(fixture);
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    deliver_one(fixture, epoch, "one");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    deliver_one(fixture, epoch, "two");
    assert_string_equal(annas_row(fixture), "1 c-anna two");
}

/* Where the one before found the row is a hint: somebody may stand there now.
 */
static void nobody_is_taken_for_another(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    int64_t epoch = deliver_the_first_of_two(fixture);
    assert_int_equal(
        fixture_number(fixture,
                       "SELECT user_row FROM outbox_delivery WHERE id = 2"),
        1);
    fixture_run(fixture, "UPDATE outbox_user SET id = 30000 WHERE id = 1;"
                         "UPDATE outbox_user SET id = 1 WHERE id = 50;");
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    assert_string_equal(claim.contact_id, "c-anna");
    assert_int_equal(claim.user_id, 30000);
    turns_free(&claim, 1);
}

static void who_was_forgotten_is_not_known(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    int64_t epoch = deliver_the_first_of_two(fixture);
    fixture_run(fixture, "DELETE FROM outbox_user WHERE lane = 'anna'");
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    assert_null(claim.contact_id);
    assert_int_equal(claim.user_id, 0);
    turns_free(&claim, 1);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_has_events_in_a_row_is_moved_to_the_end),
        TEST(who_came_lately_stays),
        TEST(who_has_one_event_stays),
        TEST(nobody_is_taken_for_another),
        TEST(who_was_forgotten_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
