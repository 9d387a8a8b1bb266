/* test_deliveries_count.c - how many a filter chooses, and when that is counted
 * again. */
#include "tui/deliveries_count.h"

#include "support/outbox_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ROWS = 3 * CURSOR_SLICE, NOW_MS = 1000000 };

static int open_rows(void **state)
{
    char sql[300];
    (void)fixture_open(state);
    (void)snprintf(sql, sizeof(sql),
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                   "FROM n WHERE i < %d) INSERT INTO outbox_delivery (id, "
                   "lane, arrived_ms, state, settled_ms) SELECT i, 'u' || i, "
                   "1, 'delivered', 1 FROM n",
                   ROWS);
    fixture_run(*state, sql);
    return 0;
}

static struct filter read_filter(const char *text)
{
    struct filter filter;
    struct filter_place place;
    struct err err;
    if (!filter_parse(text, &filter, &place, &err))
        fail_msg("%s", err.text);
    return filter;
}

static void count_slice(struct fixture *fixture, struct deliveries_count *count)
{
    fixture_check(fixture, deliveries_count_slice(count, fixture->store, NOW_MS,
                                                  &fixture->err));
}

static void count_all(struct fixture *fixture, struct deliveries_count *count)
{
    while (count->is_counting)
        count_slice(fixture, count);
}

static void the_first_count_grows_and_later_ones_do_not_flicker(void **state)
{
    struct fixture *fixture = *state;
    struct deliveries_count count = {.is_counting = false};
    const struct filter filter = read_filter("id:1..100000");
    deliveries_count_begin(&count, &filter, NOW_MS);
    count_slice(fixture, &count);
    assert_true(count.is_counting);
    assert_false(count.is_known);
    assert_in_range(count.matching, 1, ROWS - 1);
    count_all(fixture, &count);
    assert_true(count.is_known);
    assert_int_equal(count.matching, ROWS);

    fixture_run_without_triggers(fixture,
                                 "DELETE FROM outbox_delivery WHERE id = 7");
    deliveries_count_begin(&count, &filter, count.next_ms);
    count_slice(fixture, &count);
    assert_int_equal(count.matching, ROWS);
    count_all(fixture, &count);
    assert_int_equal(count.matching, ROWS - 1);
}

static void a_count_that_took_long_is_not_made_again_so_soon(void **state)
{
    struct fixture *fixture = *state;
    struct deliveries_count count = {.is_counting = false};
    const struct filter filter = read_filter("id:1..100000");
    deliveries_count_begin(&count, &filter, NOW_MS);
    count_all(fixture, &count);
    assert_true(count.took_ms >= ROWS / CURSOR_SLICE);
    assert_int_equal(count.next_ms, NOW_MS + 20 * count.took_ms);
    deliveries_count_begin(&count, &filter, count.next_ms - 1);
    assert_false(count.is_counting);
    deliveries_count_begin(&count, &filter, count.next_ms);
    assert_true(count.is_counting);
}

static void what_is_stopped_stays_stopped(void **state)
{
    struct fixture *fixture = *state;
    struct deliveries_count count = {.is_counting = false};
    const struct filter filter = read_filter("id:1..100000");
    deliveries_count_begin(&count, &filter, NOW_MS);
    count_slice(fixture, &count);
    int64_t so_far = count.matching;
    deliveries_count_stop(&count);
    deliveries_count_begin(&count, &filter, NOW_MS + 3600 * 1000);
    assert_false(count.is_counting);
    assert_int_equal(count.matching, so_far);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_rows, fixture_close)
    const struct CMUnitTest tests[] = {
        RULE(the_first_count_grows_and_later_ones_do_not_flicker),
        RULE(a_count_that_took_long_is_not_made_again_so_soon),
        RULE(what_is_stopped_stays_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
