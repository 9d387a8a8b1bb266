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

static int64_t mended_heads(struct fixture *fixture)
{
    fixture_check(fixture, outbox_recount(fixture->store, &fixture->err));
    assert_int_equal(counts(fixture).lost, 0);
    return fixture_number(fixture, "SELECT count(*) FROM outbox_delivery "
                                   "WHERE due_ms IS NOT NULL");
}

/* One user's; his head has been changed by hand. */
static void what_its_lane_would_not_come_to_is_lost(void **state)
{
    static const struct {
        const char *change;
        int64_t lost;
        int64_t heads;
        int64_t head;
    } rows[] = {
        {"", 0, 1, 1},
        {"DELETE FROM outbox_delivery WHERE id = 1", 3, 1, 2},
        {"UPDATE outbox_delivery SET due_ms = NULL", 4, 1, 1},
        {"UPDATE outbox_delivery SET due_ms = NULL, unknown = (id = 3)", 4, 1,
         3},
        {"UPDATE outbox_delivery SET due_ms = NULL;"
         "UPDATE outbox_delivery SET due_ms = 0 WHERE id = 3",
         2, 1, 3},
        {"UPDATE outbox_delivery SET due_ms = NULL, state = CASE WHEN id = 3 "
         "THEN 'sending' ELSE state END",
         2, 0, -1},
        {"UPDATE outbox_delivery SET due_ms = NULL, put_back = 1", 4, 1, 1},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture_run(fixture,
                    "DELETE FROM outbox_delivery;"
                    "INSERT INTO outbox_delivery (id, lane, due_ms, arrived_ms)"
                    " VALUES (1, 'a', 0, 0), (2, 'a', NULL, 0),"
                    " (3, 'a', NULL, 0), (4, 'a', NULL, 0)");
        fixture_run(fixture, rows[i].change);
        assert_int_equal(counts(fixture).lost, rows[i].lost);
        assert_int_equal(mended_heads(fixture), rows[i].heads);
        assert_int_equal(
            fixture_number(fixture, "SELECT coalesce(max(id), -1) FROM "
                                    "outbox_delivery WHERE due_ms IS NOT NULL"),
            rows[i].head);
    }
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
        TEST(what_its_lane_would_not_come_to_is_lost),
        TEST(a_whole_file_is_whole),
        TEST(a_long_look_ends_in_time),
        TEST(an_index_that_lies_is_found_by_the_deep_look),
        TEST(the_newest_arrival_is_the_last_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
