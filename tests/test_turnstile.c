#include "outbox/turnstile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { LONG_MS = 60000, TURNS = 10000 };

static const char path[] = "/a/file";

/* A thread that is inside nearly all the time: it comes back at once. */
struct greedy {
    pthread_t thread;
    _Atomic bool is_over;
    _Atomic long turns;
    long inside; /* a counter that only who is inside may touch */
};

static void *be_greedy(void *context)
{
    struct greedy *greedy = context;
    struct turnstile *turnstile = turnstile_open(path);
    while (!greedy->is_over) {
        if (!turnstile_enter(turnstile, LONG_MS))
            break;
        greedy->inside++;
        atomic_fetch_add(&greedy->turns, 1);
        turnstile_leave(turnstile);
    }
    turnstile_close(turnstile);
    return NULL;
}

static void one_is_inside_at_a_time(void **state)
{
    (void)state;
    struct greedy greedy = {.inside = 0};
    struct turnstile *turnstile = turnstile_open(path);
    assert_int_equal(pthread_create(&greedy.thread, NULL, be_greedy, &greedy),
                     0);
    while (greedy.turns == 0)
        (void)sched_yield();
    for (int i = 0; i < TURNS; i++) {
        assert_true(turnstile_enter(turnstile, LONG_MS));
        greedy.inside++;
        turnstile_leave(turnstile);
    }
    greedy.is_over = true;
    (void)pthread_join(greedy.thread, NULL);
    assert_int_equal(greedy.inside, greedy.turns + TURNS);
    turnstile_close(turnstile);
}

static void who_waits_too_long_is_told_and_blocks_nobody(void **state)
{
    (void)state;
    struct turnstile *first = turnstile_open(path);
    struct turnstile *second = turnstile_open(path);
    assert_true(turnstile_enter(first, 0));
    assert_false(turnstile_enter(second, 0));
    assert_false(turnstile_enter(second, 20));
    turnstile_leave(second); /* fine: it is not inside */
    turnstile_leave(first);
    assert_true(turnstile_enter(second, 0));
    assert_false(turnstile_enter(first, 0));
    turnstile_close(second);
    assert_true(turnstile_enter(first, 0));
    turnstile_close(first);
    turnstile_close(NULL);
}

static void every_file_has_its_own(void **state)
{
    (void)state;
    struct turnstile *one = turnstile_open(path);
    struct turnstile *other = turnstile_open("/another/file");
    assert_true(turnstile_enter(one, 0));
    assert_true(turnstile_enter(other, 0));
    turnstile_close(one);
    turnstile_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_inside_at_a_time),
        cmocka_unit_test(who_waits_too_long_is_told_and_blocks_nobody),
        cmocka_unit_test(every_file_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
