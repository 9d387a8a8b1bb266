/* test_operation_views.c - looking at operations: lists both ways, what became
 * of their deliveries, whom a name touches. */
#include "support/operation_plans.h"
#include "support/outbox_fixture.h"

#include "outbox/operation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Deliveries 1 … count of a user each, in this state. */
static void put_rows(const struct fixture *fixture, int count,
                     const char *columns, const char *values)
{
    char sql[1024];
    (void)snprintf(sql, sizeof(sql),
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                   "FROM n WHERE i < %d) INSERT INTO outbox_delivery (id, "
                   "lane, arrived_ms, %s) SELECT i, 'u' || i, 1, %s FROM n",
                   count, columns, values);
    fixture_run(fixture, sql);
}

/* A retry of deliveries 1 … count, applied. */
static int64_t retry(struct fixture *fixture, int count)
{
    const struct operation_request request = operation_plans_ask("retry");
    const struct operation_plan plan =
        operation_plans_make(fixture, &request, count);
    bool more = true;
    fixture_check(fixture,
                  operation_start(fixture->store, plan.id, 60, &fixture->err));
    while (more)
        fixture_check(fixture,
                      operation_step(fixture->store, 70, &more, &fixture->err));
    return plan.id;
}

static void pause_often(struct fixture *fixture, int count)
{
    const struct operation_request request = operation_plans_ask("pause");
    for (int i = 0; i < count; i++)
        fixture_check(fixture,
                      operation_pause(fixture->store, &request, &fixture->err));
}

static void operations_are_listed_both_ways(void **state)
{
    struct fixture *fixture = *state;
    struct operation_row rows[3];
    int count;
    pause_often(fixture, 5);
    fixture_check(fixture, operation_list(fixture->store, 5, 3, rows, &count,
                                          &fixture->err));
    assert_int_equal(count, 3);
    assert_int_equal(rows[0].id, 4);
    assert_int_equal(rows[2].id, 2);
    for (int i = 0; i < count; i++)
        operation_row_free(&rows[i]);
    fixture_check(fixture, operation_list_newer(fixture->store, 2, 3, rows,
                                                &count, &fixture->err));
    assert_int_equal(count, 3);
    assert_int_equal(rows[0].id, 3);
    assert_int_equal(rows[2].id, 5);
    for (int i = 0; i < count; i++)
        operation_row_free(&rows[i]);
    fixture_check(fixture, operation_list_newer(fixture->store, 5, 3, rows,
                                                &count, &fixture->err));
    assert_int_equal(count, 0);
}

static void items_are_listed_both_ways(void **state)
{
    struct fixture *fixture = *state;
    struct operation_item items[3];
    int count;
    put_rows(fixture, 5, "state, aside, settled_ms", "'failed', 'failed', 1");
    int64_t id = retry(fixture, 5);
    fixture_check(fixture, operation_list_items(fixture->store, id, 1, 3, items,
                                                &count, &fixture->err));
    assert_int_equal(count, 3);
    assert_int_equal(items[0].delivery_id, 2);
    assert_string_equal(items[0].now_state, "pending");
    fixture_check(fixture,
                  operation_list_items_before(fixture->store, id, 4, 2, items,
                                              &count, &fixture->err));
    assert_int_equal(count, 2);
    assert_int_equal(items[0].delivery_id, 3);
    assert_int_equal(items[1].delivery_id, 2);
}

static void outcomes_are_what_became_of_the_changed_ones(void **state)
{
    struct fixture *fixture = *state;
    enum { ROWS = OPERATION_SLICE + 10 };
    struct operation_outcomes outcomes = {.after_id = 0};
    bool more = true;
    int calls = 0;
    put_rows(
        fixture, ROWS, "state, aside, settled_ms, reason",
        "'failed', 'failed', 1, CASE WHEN i = 9 THEN 'contact_deleted' END");
    int64_t id = retry(fixture, ROWS);
    fixture_run(
        fixture,
        "UPDATE outbox_delivery SET state = 'delivered', due_ms = NULL,"
        " settled_ms = 90 WHERE id <= 2;"
        "UPDATE outbox_delivery SET state = 'failed', aside = 'failed',"
        " due_ms = NULL, settled_ms = 90 WHERE id = 3;"
        "UPDATE outbox_delivery SET state = 'skipped', aside = 'skipped',"
        " due_ms = NULL, settled_ms = 90 WHERE id = 4;"
        "UPDATE outbox_operation_item SET state = 'restored'"
        " WHERE delivery_id = 5;"
        "DELETE FROM outbox_delivery WHERE id = 6");
    for (; more; calls++)
        fixture_check(fixture,
                      operation_count_outcomes(fixture->store, id, &outcomes,
                                               &more, &fixture->err));
    assert_int_equal(calls, 2);
    assert_int_equal(outcomes.delivered, 2);
    assert_int_equal(outcomes.failed, 1);
    assert_int_equal(outcomes.settled, 1);
    assert_int_equal(outcomes.restored, 1);
    assert_int_equal(outcomes.pruned, 1);
    assert_int_equal(outcomes.waiting, ROWS - 7); /* 9 was left alone */
}

static void a_delivery_names_the_operations_that_it_is_in(void **state)
{
    struct fixture *fixture = *state;
    struct operation_touch touches[3];
    int count;
    put_rows(
        fixture, 2, "state, aside, settled_ms, reason",
        "'failed', 'failed', 1, CASE WHEN i = 2 THEN 'contact_deleted' END");
    fixture_check(fixture, operation_list_touches(fixture->store, 1, 3, touches,
                                                  &count, &fixture->err));
    assert_int_equal(count, 0);
    int64_t id = retry(fixture, 2);
    fixture_check(fixture, operation_list_touches(fixture->store, 1, 3, touches,
                                                  &count, &fixture->err));
    assert_int_equal(count, 1);
    assert_int_equal(touches[0].id, id);
    assert_string_equal(touches[0].action, "retry");
    assert_string_equal(touches[0].state, "done");
    assert_string_equal(touches[0].who, "ana");
    assert_int_equal(touches[0].created_ms, 50);
    assert_string_equal(touches[0].item_state, "applied");
    assert_string_equal(touches[0].why, "");
    fixture_check(fixture, operation_list_touches(fixture->store, 2, 3, touches,
                                                  &count, &fixture->err));
    assert_int_equal(count, 1);
    assert_string_equal(touches[0].item_state, "left");
    assert_string_equal(touches[0].why, "contact deleted for good in Intercom");
}

static struct operation_name_effect count_effect(struct fixture *fixture,
                                                 int *calls)
{
    struct operation_name_effect effect = {.pending = 0};
    bool more = true;
    for (*calls = 0; more; (*calls)++)
        fixture_check(fixture, operation_count_name_effect(
                                   fixture->store, KIND_RENEWAL, &effect, &more,
                                   &fixture->err));
    return effect;
}

static void a_name_touches_what_waits_and_failed(void **state)
{
    struct fixture *fixture = *state;
    enum { ROWS = 2 * OPERATION_SLICE + 5 };
    int calls;
    /* Of each five: bound, free, another kind, failed, delivered. */
    put_rows(
        fixture, ROWS, "kind, state, aside, settled_ms, bound",
        "CASE i % 5 WHEN 2 THEN 'expiration' ELSE 'renewal' END,"
        "CASE i % 5 WHEN 3 THEN 'failed' WHEN 4 THEN 'delivered' ELSE "
        "'pending' END, CASE i % 5 WHEN 3 THEN 'failed' END, CASE WHEN i % 5 "
        "> 2 THEN 1 END, i % 5 = 0");
    struct operation_name_effect effect = count_effect(fixture, &calls);
    assert_int_equal(effect.unknown, ROWS / 5);
    assert_int_equal(effect.pending, ROWS / 5);
    assert_int_equal(effect.failed, ROWS / 5);
    assert_int_equal(effect.sample_id % 5, 1);
    assert_true(calls >= 3);
}

/* Many of one lane are no more work than many lanes. */
static void a_long_lane_is_counted_in_slices_too(void **state)
{
    struct fixture *fixture = *state;
    enum { ROWS = 2 * OPERATION_SLICE + 5 };
    int calls;
    put_rows(fixture, ROWS, "kind, state, aside, settled_ms",
             "'renewal', CASE WHEN i > 5 THEN 'pending' ELSE 'failed' END, "
             "CASE WHEN i <= 5 THEN 'failed' END, CASE WHEN i <= 5 THEN 1 END");
    fixture_run(fixture, "UPDATE outbox_delivery SET lane = 'one'");
    struct operation_name_effect effect = count_effect(fixture, &calls);
    assert_int_equal(effect.pending, ROWS - 5);
    assert_int_equal(effect.failed, 5);
    assert_int_equal(effect.sample_id, 6);
    assert_int_equal(calls, 4);
}

static void where_nothing_waits_a_failed_one_is_the_sample(void **state)
{
    struct fixture *fixture = *state;
    int calls;
    struct operation_name_effect effect = count_effect(fixture, &calls);
    assert_int_equal(effect.sample_id, 0);
    put_rows(fixture, 3, "kind, state, aside, settled_ms",
             "'renewal', 'failed', 'failed', 1");
    effect = count_effect(fixture, &calls);
    assert_int_equal(effect.pending, 0);
    assert_int_equal(effect.failed, 3);
    assert_int_equal(effect.sample_id, 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operations_are_listed_both_ways),
        TEST(items_are_listed_both_ways),
        TEST(outcomes_are_what_became_of_the_changed_ones),
        TEST(a_delivery_names_the_operations_that_it_is_in),
        TEST(a_name_touches_what_waits_and_failed),
        TEST(a_long_lane_is_counted_in_slices_too),
        TEST(where_nothing_waits_a_failed_one_is_the_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
