/* test_prune.c - what settled long ago goes, with all that hangs on it, and
 * nothing else does. */
#include "support/outbox_turns.h"

#include "base/text.h"
#include "outbox/operation.h"
#include "outbox/prune.h"
#include "outbox/space.h"
#include "support/fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t DAY_MS = INT64_C(86400000);
static const int64_t NOW_MS = 1000 * INT64_C(86400000);

static struct fake_clock clock_of_tests;

static void put(struct fixture *fixture, int count)
{
    char sql[400];
    (void)snprintf(sql, sizeof(sql),
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                   "FROM n WHERE i < %d) INSERT INTO outbox (payload) SELECT "
                   "json_object('event', json_object('id', 'e' || i, 'type', "
                   "'RENEWAL', 'app_user_id', 'e' || i)) FROM n",
                   count);
    fixture_run(fixture, sql);
}

/* Let these be in a state since a time, as if they had arrived and been
 * attempted then. */
static void settle(struct fixture *fixture, const char *which,
                   const char *state, int64_t settled_ms)
{
    char sql[1200];
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE outbox_delivery SET state = '%s', aside = "
                   "nullif('%s', 'delivered'), due_ms = NULL, settled_ms = "
                   "%lld, arrived_ms = %lld, attempts = 1 "
                   "WHERE %s; "
                   "INSERT INTO outbox_attempt (id, epoch, cause, started_ms) "
                   "SELECT id << 20 | 1, 1, 'automatic', 1 FROM "
                   "outbox_delivery WHERE %s; "
                   "INSERT INTO outbox_call (delivery_id, attempt, number, "
                   "request, started_ms, took_ms) SELECT id, 1, 1, "
                   "'POST /events', 1, 1 FROM outbox_delivery WHERE %s",
                   state, state, (long long)settled_ms, (long long)settled_ms,
                   which, which, which);
    fixture_run(fixture, sql);
    fixture_check(fixture, outbox_recount(fixture->store, &fixture->err));
}

static struct prune walk_of(int64_t keep_ms)
{
    fake_clock_init(&clock_of_tests);
    return (struct prune){.now_ms = NOW_MS, .before_ms = NOW_MS - keep_ms};
}

static int steps(struct fixture *fixture, struct prune *prune)
{
    int count = 0;
    while (!prune->done) {
        fixture_check(fixture,
                      prune_step(fixture->store, prune, &clock_of_tests.clock,
                                 &fixture->err));
        count++;
    }
    return count;
}

static const char *ids(const struct fixture *fixture)
{
    return fixture_text(fixture, "SELECT group_concat(id, ' ') FROM (SELECT id "
                                 "FROM outbox_delivery ORDER BY id)");
}

static void only_what_is_over_and_old_goes(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 8);
    fixture_run(fixture, "UPDATE outbox_delivery SET arrived_ms = 1 "
                         "WHERE id BETWEEN 6 AND 7;"
                         "UPDATE outbox_delivery SET state = 'sending', "
                         "due_ms = NULL WHERE id = 7");
    settle(fixture, "id = 1", "delivered", NOW_MS - 91 * DAY_MS);
    settle(fixture, "id = 2", "failed", NOW_MS - 91 * DAY_MS);
    settle(fixture, "id = 3", "skipped", NOW_MS - 91 * DAY_MS);
    settle(fixture, "id = 4", "discarded", NOW_MS - 91 * DAY_MS);
    settle(fixture, "id = 5", "delivered", NOW_MS - 89 * DAY_MS);
    struct prune prune = walk_of(90 * DAY_MS);
    steps(fixture, &prune);
    assert_string_equal(ids(fixture), "2 5 6 7 8");
    assert_int_equal(prune.delivered, 1);
    assert_int_equal(prune.skipped, 1);
    assert_int_equal(prune.discarded, 1);
    assert_int_equal(prune.failed, 1);
    assert_int_equal(fixture_wrong_counters(fixture), 0);
    assert_string_equal(
        fixture_text(fixture,
                     "SELECT (SELECT group_concat(id) FROM outbox) || ' ' || "
                     "(SELECT group_concat(delivery_id) FROM outbox_attempt) "
                     "|| ' ' || (SELECT group_concat(delivery_id) FROM "
                     "outbox_call)"),
        "2,5,6,7,8 2,5 2,5");
}

static void a_repeat_of_what_is_gone_is_still_a_repeat(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 2);
    settle(fixture, "1", "delivered", 1);
    struct prune prune = walk_of(DAY_MS);
    steps(fixture, &prune);
    assert_string_equal(ids(fixture), "NULL");
    assert_false(fixture_put(fixture, "e1", "RENEWAL", "e1"));
    assert_true(fixture_put(fixture, "e3", "RENEWAL", "e3"));
    assert_string_equal(ids(fixture), "3"); /* ids go on */
}

static void it_goes_in_pages_and_past_what_stays(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 3 * PRUNE_PAGE };
    put(fixture, COUNT);
    settle(fixture, "id % 3 <> 0", "delivered", 1);
    settle(fixture, "id % 3 = 0", "failed", 1);
    struct prune prune = walk_of(DAY_MS);
    fixture_check(fixture, prune_step(fixture->store, &prune,
                                      &clock_of_tests.clock, &fixture->err));
    assert_int_equal(prune.delivered, PRUNE_PAGE);
    assert_int_equal(fixture_wrong_counters(fixture), 0);
    assert_true(steps(fixture, &prune) >= 2);
    assert_int_equal(prune.delivered, 2 * PRUNE_PAGE);
    assert_int_equal(prune.failed, PRUNE_PAGE);
    assert_int_equal(fixture_wrong_counters(fixture), 0);
}

/* A clock that moves on with every look at it. */
static int64_t ticking_ms(void *context)
{
    int64_t *now_ms = context;
    return (*now_ms)++;
}

static void a_page_has_a_time_limit(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = 1000;
    const struct clock ticking = {
        .context = &now_ms, .wall_ms = ticking_ms, .monotonic_ms = ticking_ms};
    put(fixture, 20);
    settle(fixture, "1", "delivered", 1);
    struct prune prune = walk_of(DAY_MS);
    prune.page_ms = 5;
    fixture_check(fixture,
                  prune_step(fixture->store, &prune, &ticking, &fixture->err));
    assert_int_equal(prune.delivered, 5);
    assert_string_equal(ids(fixture),
                        "6 7 8 9 10 11 12 13 14 15 16 17 18 19 20");
    steps(fixture, &prune);
    assert_int_equal(prune.delivered, 20);
}

static void the_walk_ends_where_all_is_younger_and_can_go_on_there(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 2 * PRUNE_LOOK + 10);
    settle(fixture, "id <= 5", "delivered", 1);
    settle(fixture, "id > 5", "delivered", NOW_MS - DAY_MS);
    struct prune prune = walk_of(2 * DAY_MS);
    steps(fixture, &prune);
    assert_int_equal(prune.delivered, 5);
    /* the second page, all of it too young, is the one to begin with */
    assert_int_equal(prune.after_id, 2 * PRUNE_LOOK);
    assert_int_equal(prune.resume_id, PRUNE_LOOK);
}

static void a_dry_run_counts_the_same_and_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, PRUNE_PAGE + 7);
    settle(fixture, "1", "skipped", 1);
    fixture_run(fixture, "INSERT INTO outbox_tombstone VALUES ('old', 1)");
    struct prune prune = walk_of(DAY_MS);
    prune.dry_run = true;
    prune.who = "ana";
    steps(fixture, &prune);
    assert_int_equal(prune.skipped, PRUNE_PAGE + 7);
    assert_int_equal(fixture_number(fixture,
                                    "SELECT (SELECT count(*) FROM outbox) + "
                                    "(SELECT count(*) FROM outbox_tombstone) + "
                                    "(SELECT count(*) FROM outbox_operation)"),
                     PRUNE_PAGE + 7 + 1);
}

static void an_operators_prune_is_recorded_once_with_its_count(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, PRUNE_PAGE + 7);
    struct prune nothing = walk_of(DAY_MS);
    nothing.who = "ana";
    steps(fixture, &nothing);
    settle(fixture, "1", "delivered", 1);
    struct prune prune = walk_of(DAY_MS);
    prune.who = "ana";
    prune.words = "older than 1 d";
    steps(fixture, &prune);
    assert_string_equal(
        fixture_text(fixture,
                     "SELECT group_concat(action || ' ' || state || ' ' || who "
                     "|| ' ' || filter || ' ' || planned || ' ' || applied) "
                     "FROM outbox_operation"),
        "prune done ana older than 1 d 207 207");
    int64_t id;
    struct operation_request request = {.who = "ana", .now_ms = NOW_MS};
    assert_false(operation_undo(fixture->store, prune.operation_id, &request,
                                &id, &fixture->err));
    assert_string_equal(fixture->err.text,
                        "operation 1 is a prune: it cannot be taken back");
}

static void what_would_grow_without_end_is_cut(void **state)
{
    struct fixture *fixture = *state;
    char sql[1500];
    (void)snprintf(
        sql, sizeof(sql),
        "INSERT INTO outbox_tombstone VALUES ('old', %lld), ('young', %lld);"
        "INSERT INTO outbox_minute VALUES (%lld, '', 'delivered', 1),"
        " (%lld, '', 'delivered', 1);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
        "i < 2500) INSERT INTO outbox_minute SELECT i, '', 'failed', 1 FROM n;",
        (long long)(NOW_MS - 401 * DAY_MS), (long long)(NOW_MS - 399 * DAY_MS),
        (long long)((NOW_MS - 15 * DAY_MS) / 60000),
        (long long)((NOW_MS - 13 * DAY_MS) / 60000));
    fixture_run(fixture, sql);
    struct prune prune = walk_of(DAY_MS);
    prune.before_ms = OUTBOX_NO_TIME; /* --keep forever */
    steps(fixture, &prune);
    assert_int_equal(prune.leftovers, 1 + 2501);
    assert_string_equal(
        fixture_text(fixture, "SELECT (SELECT group_concat(event_id) FROM "
                              "outbox_tombstone) || count(*) FROM "
                              "outbox_minute"),
        "young1");
}

/* An operation of this state with one item. */
static void add_operation(struct fixture *fixture, int id, const char *is,
                          int64_t created_ms, int64_t ended_ms, int target)
{
    char sql[700];
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO outbox_operation (id, action, state, who, "
                   "created_ms, ended_ms, target_id, matched, planned) VALUES "
                   "(%d, '%s', '%s', 'ana', %lld, nullif(%lld, 0), "
                   "nullif(%d, 0), 1, 1); INSERT INTO outbox_operation_item "
                   "(operation_id, delivery_id, state, was_state, "
                   "was_not_before_ms, was_attempts, was_tries, was_unknown, "
                   "was_bound) VALUES (%d, 7, 'applied', 'failed', 0, 0, 0, 0, "
                   "0)",
                   id, target == 0 ? "retry" : "undo", is,
                   (long long)created_ms, (long long)ended_ms, target, id);
    fixture_run(fixture, sql);
}

static void finished_operations_forget_their_items(void **state)
{
    struct fixture *fixture = *state;
    int64_t old_ms = NOW_MS - 91 * DAY_MS;
    add_operation(fixture, 1, "done", old_ms, old_ms, 0);
    add_operation(fixture, 2, "done", old_ms, NOW_MS - DAY_MS, 0);
    add_operation(fixture, 3, "running", old_ms, 0, 0);
    add_operation(fixture, 4, "planned", NOW_MS - 2 * DAY_MS, 0, 0);
    add_operation(fixture, 5, "planned", NOW_MS - DAY_MS / 2, 0, 0);
    add_operation(fixture, 6, "undone", old_ms, old_ms, 0);
    add_operation(fixture, 7, "running", NOW_MS, 0, 6);
    struct prune prune = walk_of(90 * DAY_MS);
    steps(fixture, &prune);
    assert_string_equal(fixture_text(fixture,
                                     "SELECT group_concat(operation_id) FROM "
                                     "outbox_operation_item"),
                        "2,3,5,6,7");
    /* the rows stay, but for the plan that nobody started */
    assert_string_equal(
        fixture_text(fixture, "SELECT group_concat(id) FROM outbox_operation"),
        "1,2,3,5,6,7");
    int64_t id;
    struct operation_request request = {.who = "ana", .now_ms = NOW_MS};
    assert_false(
        operation_undo(fixture->store, 1, &request, &id, &fixture->err));
    assert_true(text_has_prefix(fixture->err.text, "operation 1 is too old"));
}

static void room_comes_back_in_steps(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 3000 };
    struct space before;
    struct space after;
    bool more = true;
    put(fixture, COUNT);
    settle(fixture, "1", "delivered", 1);
    fixture_check(fixture, space_read(fixture->store, &before, &fixture->err));
    assert_int_equal(before.policy, SPACE_GIVEN_IN_STEPS);
    struct prune prune = walk_of(DAY_MS);
    steps(fixture, &prune);
    while (more)
        fixture_check(fixture,
                      space_give_back(fixture->store, &more, &fixture->err));
    fixture_check(fixture, space_read(fixture->store, &after, &fixture->err));
    assert_int_equal(after.free_pages, 0);
    assert_true(after.pages < before.pages / 2);
    assert_string_equal(fixture_text(fixture, "PRAGMA integrity_check"), "ok");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_is_over_and_old_goes),
        TEST(a_repeat_of_what_is_gone_is_still_a_repeat),
        TEST(it_goes_in_pages_and_past_what_stays),
        TEST(a_page_has_a_time_limit),
        TEST(the_walk_ends_where_all_is_younger_and_can_go_on_there),
        TEST(a_dry_run_counts_the_same_and_changes_nothing),
        TEST(an_operators_prune_is_recorded_once_with_its_count),
        TEST(what_would_grow_without_end_is_cut),
        TEST(finished_operations_forget_their_items),
        TEST(room_comes_back_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
