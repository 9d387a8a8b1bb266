#include "delivery/server_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void learn(struct server_clock *clock, int64_t from_ms, int64_t until_ms,
                  int64_t sent_ms, int64_t came_ms)
{
    const struct server_glimpse glimpse = {from_ms, until_ms, sent_ms, came_ms};
    server_clock_learn(clock, &glimpse);
}

static void one_answer_bounds_the_difference(void **state)
{
    (void)state;
    struct server_clock clock;
    server_clock_init(&clock);
    assert_false(clock.is_known);
    learn(&clock, 91000, 92000, 1000, 1200);
    assert_true(clock.is_known);
    assert_int_equal(clock.least_ms, 89800);
    assert_int_equal(clock.most_ms, 91000);
}

static void answers_together_are_narrower_than_each(void **state)
{
    (void)state;
    struct server_clock clock;
    server_clock_init(&clock);
    /* theirs is 90,500 ahead; each answer shows whole seconds */
    for (int64_t sent_ms = 1000; sent_ms < 3000; sent_ms += 130) {
        int64_t second = (sent_ms + 50 + 90500) / 1000 * 1000;
        learn(&clock, second, second + 1000, sent_ms, sent_ms + 100);
    }
    assert_in_range(clock.least_ms, 90300, 90500);
    assert_in_range(clock.most_ms, 90500, 90700);
}

static void answer_that_contradicts_replaces_all(void **state)
{
    (void)state;
    struct server_clock clock;
    server_clock_init(&clock);
    learn(&clock, 5000, 6000, 5000, 5100);
    learn(&clock, 2000, 3000, 5200, 5300);
    assert_int_equal(clock.least_ms, -3300);
    assert_int_equal(clock.most_ms, -2200);
}

static void bounds_widen_as_clocks_drift(void **state)
{
    (void)state;
    struct server_clock clock;
    server_clock_init(&clock);
    learn(&clock, 1000, 1100, 1000, 1000);
    int64_t later_ms = 1000 + 1000 * 1000;
    learn(&clock, later_ms - 5000, later_ms + 5000, later_ms, later_ms);
    assert_int_equal(clock.least_ms, -100);
    assert_int_equal(clock.most_ms, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer_bounds_the_difference),
        cmocka_unit_test(answers_together_are_narrower_than_each),
        cmocka_unit_test(answer_that_contradicts_replaces_all),
        cmocka_unit_test(bounds_widen_as_clocks_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
