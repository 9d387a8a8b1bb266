/* What comes after a delivery is remembered, or forgotten, and never wrong. */
#include "outbox/followers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_was_put_is_taken_once(void **state)
{
    (void)state;
    const int64_t seven[FOLLOWERS_MOST] = {11, 12, 13, 14, 15, 16, INT64_MAX};
    int64_t ids[FOLLOWERS_MOST];
    struct followers *followers = followers_new();
    assert_int_equal(followers_take(followers, 10, ids), 0);
    followers_put(followers, 10, seven, FOLLOWERS_MOST);
    assert_int_equal(followers_take(followers, 10, ids), FOLLOWERS_MOST);
    assert_memory_equal(ids, seven, sizeof(seven));
    assert_int_equal(followers_take(followers, 10, ids), 0);
    followers_put(followers, 10, seven, 2);
    assert_int_equal(followers_take(followers, 10, ids), 2);
    assert_memory_equal(ids, seven, 2 * sizeof(*seven));
    followers_free(followers);
}

static void the_last_one_of_a_lane_takes_no_place(void **state)
{
    (void)state;
    const int64_t next[] = {12};
    int64_t ids[FOLLOWERS_MOST];
    struct followers *followers = followers_new();
    followers_put(followers, 10, next, 1);
    followers_put(followers, 10, NULL, 0);
    assert_int_equal(followers_take(followers, 10, ids), 1);
    followers_free(followers);
}

/* Many more than there are places: what is found is its own. */
static void nobody_gets_what_comes_after_another(void **state)
{
    enum { COUNT = 100000, STEP = 7 };
    (void)state;
    int64_t ids[FOLLOWERS_MOST];
    int found = 0;
    struct followers *followers = followers_new();
    for (int64_t id = 1; id <= COUNT; id++) {
        const int64_t next[] = {id * STEP + 1, id * STEP + 2};
        followers_put(followers, id * STEP, next, 2);
    }
    for (int64_t id = 1; id <= COUNT; id++) {
        int count = followers_take(followers, id * STEP, ids);
        if (count == 0)
            continue;
        found++;
        assert_int_equal(count, 2);
        assert_int_equal(ids[0], id * STEP + 1);
        assert_int_equal(ids[1], id * STEP + 2);
    }
    assert_in_range(found, 1000, COUNT / 2);
    followers_free(followers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_taken_once),
        cmocka_unit_test(the_last_one_of_a_lane_takes_no_place),
        cmocka_unit_test(nobody_gets_what_comes_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
