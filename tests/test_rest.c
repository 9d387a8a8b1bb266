/* When the relay leaves the outbox alone. */
#include "relay/rest.h"

#include "support/caught_stderr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { NOW = 1000000 };

static const struct err busy = {.code = ERR_BUSY, .text = "locked"};
static const struct err full = {.code = ERR_FULL, .text = "disk is full"};

static void nobody_beside_us_is_waited_for(void **state)
{
    (void)state;
    struct rest rest = {0};
    rest_after_commit(&rest, NOW - 20, NOW);
    assert_int_equal(rest_time_left(&rest, NOW), 0);
}

static void the_lock_is_left_free_as_long_as_it_was_held(void **state)
{
    (void)state;
    static const struct {
        int64_t held_ms, ago_ms, left_ms;
    } rows[] = {
        {20, 0, 20}, {0, 0, 3}, {2, 0, 3}, {20, 200, 20}, {20, 201, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rest rest = {0};
        rest_notice_others(&rest, NOW - rows[i].ago_ms);
        rest_after_commit(&rest, NOW - rows[i].held_ms, NOW);
        assert_int_equal(rest_time_left(&rest, NOW), rows[i].left_ms);
        assert_int_equal(rest_time_left(&rest, NOW + rows[i].left_ms), 0);
    }
}

static void who_writes_when_the_relay_begins_has_time_to_show_it(void **state)
{
    (void)state;
    struct rest rest = {0};
    rest_begin(&rest, NOW);
    rest_after_commit(&rest, NOW + 48, NOW + 50);
    assert_int_equal(rest_time_left(&rest, NOW + 50), 3);
    assert_true(rest_is_beside_others(&rest, NOW + 50));
    assert_false(rest_is_beside_others(&rest, NOW + 51));
    rest_after_commit(&rest, NOW + 55, NOW + 60);
    assert_int_equal(rest_time_left(&rest, NOW + 60), 0);
    rest_notice_others(&rest, NOW + 60);
    assert_true(rest_is_beside_others(&rest, NOW + 260));
}

static void a_full_disk_is_waited_out_longer_each_time(void **state)
{
    (void)state;
    static const int64_t waits_ms[] = {50, 100, 200, 400, 800, 1000, 1000};
    struct rest rest = {0};
    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        rest_after_failure(&rest, &full, NOW);
        assert_int_equal(rest_time_left(&rest, NOW), waits_ms[i]);
    }
    rest_end_failure(&rest);
    rest_after_failure(&rest, &full, NOW);
    assert_int_equal(rest_time_left(&rest, NOW), 50);
}

static void a_lock_is_waited_out_briefly_each_time(void **state)
{
    (void)state;
    struct rest rest = {0};
    for (int i = 0; i < 5; i++) {
        rest_after_failure(&rest, &busy, NOW);
        assert_int_equal(rest_time_left(&rest, NOW), 50);
    }
}

/* How many lines a failure this long after the first one is worth. */
static int lines_of_two(int64_t later_ms)
{
    struct rest rest = {0};
    int lines = 0;
    caught_stderr_begin();
    rest_after_failure(&rest, &full, NOW);
    rest_after_failure(&rest, &full, NOW + later_ms);
    for (const char *at = caught_stderr_end();
         (at = strstr(at, "disk is full; trying again")) != NULL; at++)
        lines++;
    return lines;
}

static void it_is_told_once_in_ten_seconds(void **state)
{
    (void)state;
    assert_int_equal(lines_of_two(50), 1);
    assert_int_equal(lines_of_two(9999), 1);
    assert_int_equal(lines_of_two(10000), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_beside_us_is_waited_for),
        cmocka_unit_test(the_lock_is_left_free_as_long_as_it_was_held),
        cmocka_unit_test(who_writes_when_the_relay_begins_has_time_to_show_it),
        cmocka_unit_test(a_full_disk_is_waited_out_longer_each_time),
        cmocka_unit_test(it_is_told_once_in_ten_seconds),
        cmocka_unit_test(a_lock_is_waited_out_briefly_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
