/* test_health.c - what is wrong with an outbox is found, and what is right is
 * not called wrong. */
#include "support/outbox_turns.h"

#include "base/clock.h"
#include "outbox/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void put(struct fixture *fixture, int count)
{
    char id[16];
    for (int i = 0; i < count; i++) {
        (void)snprintf(id, sizeof(id), "e%d", i);
        fixture_put(fixture, id, "RENEWAL", id);
    }
}

static struct health_counts counts(struct fixture *fixture)
{
    struct health_counts counts;
    fixture_check(fixture,
                  health_check_counts(fixture->store, &counts, &fixture->err));
    return counts;
}

static void right_counters_are_right(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 3);
    struct health_counts found = counts(fixture);
    assert_int_equal(found.wrong_counters, 0);
    assert_int_equal(found.events, 3);
    assert_int_equal(found.deliveries, 3);
}

static void wrong_counters_are_named(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 3);
    fixture_run(fixture, "UPDATE outbox_count SET count = 7 "
                         "WHERE name = 'pending'");
    struct health_counts found = counts(fixture);
    assert_int_equal(found.wrong_counters, 1);
    assert_string_equal(found.first_wrong, "pending is 7, counted 3");
    fixture_run(fixture, "DELETE FROM outbox_backlog");
    assert_int_equal(counts(fixture).wrong_counters, 2);
    fixture_check(fixture, outbox_recount(fixture->store, &fixture->err));
    assert_int_equal(counts(fixture).wrong_counters, 0);
}

static void events_without_a_delivery_are_counted(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 1);
    fixture_run_without_triggers(
        fixture, "INSERT INTO outbox (payload) VALUES "
                 "('{\"event\":{\"id\":\"x\",\"type\":\"T\"}}')");
    struct health_counts found = counts(fixture);
    assert_int_equal(found.events, 2);
    assert_int_equal(found.deliveries, 1);
}

static struct health_integrity integrity(struct fixture *fixture, bool deep,
                                         int64_t most_ms,
                                         const struct clock *clock)
{
    struct health_integrity integrity;
    fixture_check(fixture,
                  health_check_integrity(fixture->store, deep, most_ms, clock,
                                         &integrity, &fixture->err));
    return integrity;
}

static void a_whole_file_is_whole(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 50);
    for (int deep = 0; deep < 2; deep++) {
        struct health_integrity found =
            integrity(fixture, deep != 0, 0, clock_system());
        assert_true(found.is_whole);
        assert_false(found.ended_early);
    }
}

/* A clock on which every look takes a second. */
static int64_t slow_ms(void *context)
{
    int64_t *now_ms = context;
    *now_ms += 1000;
    return *now_ms;
}

static void a_long_look_ends_in_time(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = 0;
    const struct clock slow = {
        .context = &now_ms, .wall_ms = slow_ms, .monotonic_ms = slow_ms};
    fixture_run(fixture,
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
                "n WHERE i < 3000) INSERT INTO outbox (payload) SELECT "
                "json_object('event', json_object('id', 'e' || i, 'type', 'T'))"
                " FROM n");
    struct health_integrity found = integrity(fixture, false, 1500, &slow);
    assert_true(found.ended_early);
    assert_true(found.is_whole);
    /* the store can be used on */
    assert_int_equal(counts(fixture).events, 3000);
}

static void an_index_that_lies_is_found_by_the_deep_look(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 5);
    /* the row's lane changes, and its place in the index does not */
    fixture_run(fixture,
                "PRAGMA writable_schema = ON; "
                "UPDATE sqlite_master SET sql = replace(sql, '(lane)', "
                "'(kind)') WHERE name = 'outbox_delivery_lane'; "
                "PRAGMA writable_schema = OFF");
    store_close(fixture->store);
    fixture_check(fixture, store_open(fixture->path, STORE_READ, 2000,
                                      &fixture->store, &fixture->err));
    struct health_integrity found = integrity(fixture, true, 0, clock_system());
    assert_false(found.is_whole);
    assert_non_null(strstr(found.found, "outbox_delivery_lane"));
}

static void the_newest_arrival_is_the_last_ones(void **state)
{
    struct fixture *fixture = *state;
    int64_t arrived_ms;
    fixture_check(fixture, health_newest_arrival(fixture->store, &arrived_ms,
                                                 &fixture->err));
    assert_true(arrived_ms == OUTBOX_NO_TIME);
    put(fixture, 2);
    fixture_run(fixture, "UPDATE outbox_delivery SET arrived_ms = id * 10");
    fixture_check(fixture, health_newest_arrival(fixture->store, &arrived_ms,
                                                 &fixture->err));
    assert_int_equal(arrived_ms, 20);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(right_counters_are_right),
        TEST(wrong_counters_are_named),
        TEST(events_without_a_delivery_are_counted),
        TEST(a_whole_file_is_whole),
        TEST(a_long_look_ends_in_time),
        TEST(an_index_that_lies_is_found_by_the_deep_look),
        TEST(the_newest_arrival_is_the_last_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
