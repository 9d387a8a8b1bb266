#include "delivery/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 32 };

static const uint32_t LATEST = UINT32_MAX; /* jitter: as late as can be */

/* Feed results: a letter a lane; capital: it got through. */
static void feed(struct breaker *breaker, const char *results, int64_t now_ms)
{
    for (; *results != '\0'; results++) {
        bool got_through = *results < 'a';
        char lane[2] = {got_through ? (char)(*results + 'a' - 'A') : *results};
        breaker_take_result(breaker, lane, got_through, now_ms, LATEST);
    }
}

static void opens_when_five_lanes_in_a_row_fail(void **state)
{
    (void)state;
    static const struct {
        const char *results;
        bool opens;
    } rows[] = {
        {"", false},
        {"abcd", false},
        {"abcde", true},
        {"aaaaaaaaaaaa", false}, /* one user's trouble */
        {"abababababab", false},
        {"aabbccdde", true},
        {"abcdEabcd", false}, /* something got through between */
        {"abcdEabcde", true},
        {"abcdAe", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct breaker breaker;
        breaker_init(&breaker);
        feed(&breaker, rows[i].results, 1000);
        assert_int_equal(breaker.is_open, rows[i].opens);
        int allowed = breaker_allowed(&breaker, 1000, 0, MOST);
        assert_int_equal(allowed, rows[i].opens ? 0 : MOST);
    }
}

static void open_one_lets_a_single_probe_through(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    feed(&breaker, "abcde", 1000);
    assert_int_equal(breaker_next_ms(&breaker, 1000), 3000);
    assert_int_equal(breaker_allowed(&breaker, 2999, 0, MOST), 0);
    assert_int_equal(breaker_allowed(&breaker, 3000, 0, MOST), 1);
    assert_int_equal(breaker_allowed(&breaker, 3001, 1, MOST), 0);
    assert_true(breaker_next_ms(&breaker, 3001) == INT64_MAX);
    assert_int_equal(breaker_allowed(&breaker, 3000, 0, 0), 0);
}

static void probe_waits_for_those_under_way_when_it_opened(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    feed(&breaker, "abcde", 1000);
    assert_int_equal(breaker_allowed(&breaker, 3000, 2, MOST), 0);
    assert_true(breaker_next_ms(&breaker, 3000) == INT64_MAX);
    feed(&breaker, "f", 3100);
    assert_int_equal(breaker_next_ms(&breaker, 3100), 3100);
    assert_int_equal(breaker_allowed(&breaker, 3100, 1, MOST), 0);
    feed(&breaker, "g", 3200);
    assert_int_equal(breaker.probes, 0);
    assert_int_equal(breaker_allowed(&breaker, 3200, 0, MOST), 1);
}

static void probes_that_fail_come_further_apart(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    feed(&breaker, "abcde", 0);
    int64_t now_ms = 0;
    static const int64_t waits_ms[] = {2000,  4000,  8000, 16000,
                                       32000, 60000, 60000};
    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        assert_int_equal(breaker_next_ms(&breaker, now_ms),
                         now_ms + waits_ms[i]);
        now_ms += waits_ms[i];
        assert_int_equal(breaker_allowed(&breaker, now_ms, 0, MOST), 1);
        feed(&breaker, "a", now_ms);
    }
}

static void probe_never_comes_at_once(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    feed(&breaker, "abcd", 0);
    breaker_take_result(&breaker, "e", false, 0, 0);
    assert_int_equal(breaker_next_ms(&breaker, 0), 1000);
}

static void success_closes_it_and_starts_slowly(void **state)
{
    (void)state;
    static const struct {
        int64_t after_ms;
        int under_way;
        int allowed;
    } rows[] = {
        {0, 0, 1},     {0, 1, 0},       {999, 1, 0},           {1000, 1, 1},
        {1000, 0, 2},  {2000, 0, 4},    {2000, 9, 0},          {3999, 3, 5},
        {4000, 0, 16}, {5000, 0, MOST}, {5000, 12, MOST - 12},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct breaker breaker;
        breaker_init(&breaker);
        feed(&breaker, "abcde", 0);
        assert_int_equal(breaker_allowed(&breaker, 2000, 0, MOST), 1);
        feed(&breaker, "A", 2500);
        assert_false(breaker.is_open);
        int under_way = rows[i].under_way;
        assert_int_equal(breaker_allowed(&breaker, 2500 + rows[i].after_ms,
                                         under_way, MOST - under_way),
                         rows[i].allowed);
    }
}

static void slow_start_after_a_hold_ends(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    breaker_start_slowly(&breaker, 10000);
    assert_int_equal(breaker_allowed(&breaker, 10000, 0, MOST), 1);
    assert_int_equal(breaker_next_ms(&breaker, 10400), 11000);
    assert_int_equal(breaker_allowed(&breaker, 15000, 0, MOST), MOST);
    assert_int_equal(breaker_next_ms(&breaker, 15000), 15000);
    assert_int_equal(breaker_allowed(&breaker, 15001, 0, 1000), 1000);
}

static void slow_start_that_fails_opens_it_again(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    breaker_start_slowly(&breaker, 10000);
    feed(&breaker, "abcde", 10500);
    assert_true(breaker.is_open);
    assert_int_equal(breaker_allowed(&breaker, 11000, 0, MOST), 0);
}

static void clock_set_back_stops_nothing(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    breaker_start_slowly(&breaker, 1000000);
    assert_int_equal(breaker_allowed(&breaker, 5000, 0, MOST), 1);
    assert_int_equal(breaker_allowed(&breaker, 7000, 0, MOST), 4);
    feed(&breaker, "abcde", 1000000);
    assert_int_equal(breaker_allowed(&breaker, 5000, 0, MOST), 1);
}

static void nothing_is_limited_in_good_times(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker);
    assert_int_equal(breaker_next_ms(&breaker, 77), 77);
    assert_int_equal(breaker_allowed(&breaker, 77, 100, MOST), MOST);
    assert_int_equal(breaker_allowed(&breaker, 77, 100, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_when_five_lanes_in_a_row_fail),
        cmocka_unit_test(open_one_lets_a_single_probe_through),
        cmocka_unit_test(probe_waits_for_those_under_way_when_it_opened),
        cmocka_unit_test(probes_that_fail_come_further_apart),
        cmocka_unit_test(probe_never_comes_at_once),
        cmocka_unit_test(success_closes_it_and_starts_slowly),
        cmocka_unit_test(slow_start_after_a_hold_ends),
        cmocka_unit_test(slow_start_that_fails_opens_it_again),
        cmocka_unit_test(clock_set_back_stops_nothing),
        cmocka_unit_test(nothing_is_limited_in_good_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
