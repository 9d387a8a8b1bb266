#include "delivery/backoff.h"

#include "base/random.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct backoff policy = {.base_ms = 1000, .cap_ms = 3600 * 1000};

static void ceiling_doubles_up_to_the_cap(void **state)
{
    (void)state;
    static const struct {
        int attempt;
        int64_t ceiling_ms;
    } rows[] = {
        {-5, 1000},
        {0, 1000},
        {1, 1000},
        {2, 2000},
        {3, 4000},
        {11, 1024 * 1000},
        {12, 2048 * 1000},
        {13, 3600 * 1000},
        {14, 3600 * 1000},
        {64, 3600 * 1000},
        {2000000000, 3600 * 1000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(backoff_ms(&policy, rows[i].attempt, UINT32_MAX, 0),
                         rows[i].ceiling_ms);
}

static void wait_is_drawn_from_nothing_to_the_ceiling(void **state)
{
    (void)state;
    static const struct {
        uint32_t random;
        int64_t wait_ms;
    } rows[] = {
        {0, 0},
        {UINT32_C(1) << 30, 1000},
        {UINT32_C(1) << 31, 2000},
        {UINT32_C(3) << 30, 3000},
        {UINT32_MAX, 4000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(backoff_ms(&policy, 3, rows[i].random, 0),
                         rows[i].wait_ms);
}

static void waits_are_spread_evenly(void **state)
{
    (void)state;
    struct random random = {.state = 7};
    print_message("seed %" PRIu64 "\n", random.state);
    int tenths[10] = {0};
    for (int i = 0; i < 100000; i++) {
        int64_t wait_ms = backoff_ms(&policy, 10, random_next(&random), 0);
        assert_in_range(wait_ms, 0, 512000);
        tenths[wait_ms * 10 / 512001]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(tenths[i], 9500, 10500);
}

static void server_floor_wins_over_a_shorter_wait(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(&policy, 1, 0, 7000), 7000);
    assert_int_equal(backoff_ms(&policy, 7, 0, 7000), 7000);
    assert_int_equal(backoff_ms(&policy, 7, UINT32_MAX, 7000), 64000);
    assert_int_equal(backoff_ms(&policy, 1, 0, 7200 * 1000), 7200 * 1000);
}

static void largest_policy_does_not_overflow(void **state)
{
    (void)state;
    const struct backoff largest = {.base_ms = INT64_MAX - 1,
                                    .cap_ms = INT64_MAX - 1};
    const struct backoff growing = {.base_ms = 1, .cap_ms = INT64_MAX - 1};
    assert_true(backoff_ms(&largest, 5, UINT32_MAX, 0) > INT64_MAX / 2);
    assert_true(backoff_ms(&growing, 500, UINT32_MAX, 0) > INT64_MAX / 2);
    assert_int_equal(backoff_ms(&growing, 500, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ceiling_doubles_up_to_the_cap),
        cmocka_unit_test(wait_is_drawn_from_nothing_to_the_ceiling),
        cmocka_unit_test(waits_are_spread_evenly),
        cmocka_unit_test(server_floor_wins_over_a_shorter_wait),
        cmocka_unit_test(largest_policy_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
