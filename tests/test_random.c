/* test_random.c - a run can be repeated from its seed. */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void numbers_are_the_upper_halves_of_splitmix64(void **state)
{
    (void)state;
    /* The published sequences of splitmix64, shifted right by 32. */
    static const struct {
        uint64_t seed;
        uint32_t numbers[3];
    } rows[] = {
        {0, {0xE220A839, 0x6E789E6A, 0x06C45D18}},
        {1234567, {0x599ED017, 0x2C73F084, 0x883EBCE5}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct random random = {rows[i].seed};
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(random_next(&random), rows[i].numbers[k]);
    }
}

static void numbers_below_a_limit_stay_below_it(void **state)
{
    (void)state;
    static const uint32_t limits[] = {1, 2, 3, 1000, 0x80000001, UINT32_MAX};
    struct random random = {42};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        for (int k = 0; k < 1000; k++)
            assert_true(random_below(&random, limits[i]) < limits[i]);
    }
}

static void numbers_below_a_limit_are_spread_evenly(void **state)
{
    (void)state;
    enum { LIMIT = 10, DRAWS = 100000, EVEN = DRAWS / LIMIT };
    struct random random = {42};
    int counts[LIMIT] = {0};
    for (int i = 0; i < DRAWS; i++)
        counts[random_below(&random, LIMIT)]++;
    /* Five standard deviations (95) either way. */
    for (int i = 0; i < LIMIT; i++)
        assert_in_range(counts[i], EVEN - 475, EVEN + 475);
}

static void seeds_of_the_system_differ(void **state)
{
    (void)state;
    uint64_t first = random_seed_from_system();
    assert_true(first != random_seed_from_system());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_the_upper_halves_of_splitmix64),
        cmocka_unit_test(numbers_below_a_limit_stay_below_it),
        cmocka_unit_test(numbers_below_a_limit_are_spread_evenly),
        cmocka_unit_test(seeds_of_the_system_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
