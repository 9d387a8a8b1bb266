/* Threads of ours: signals are the main thread's, and some let others finish.
 */
#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

struct seen {
    bool works_in_batches;
    int policy;
    sigset_t blocked;
};

static void *look(void *context)
{
    struct seen *seen = context;
    struct sched_param unused;
    if (seen->works_in_batches)
        thread_work_in_batches();
    (void)pthread_getschedparam(pthread_self(), &seen->policy, &unused);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    return NULL;
}

static struct seen look_in_a_thread(bool works_in_batches)
{
    struct seen seen = {.works_in_batches = works_in_batches};
    pthread_t thread;
    assert_int_equal(thread_start(&thread, look, &seen), 0);
    (void)pthread_join(thread, NULL);
    return seen;
}

static void one_works_in_batches_and_no_other(void **state)
{
    int before;
    int after;
    struct sched_param unused;
    (void)state;
    (void)pthread_getschedparam(pthread_self(), &before, &unused);
    assert_int_equal(look_in_a_thread(true).policy, SCHED_BATCH);
    (void)pthread_getschedparam(pthread_self(), &after, &unused);
    assert_int_equal(after, before);
    assert_int_equal(look_in_a_thread(false).policy, before);
}

static void signals_are_the_main_threads(void **state)
{
    sigset_t ours;
    (void)state;
    struct seen seen = look_in_a_thread(false);
    assert_int_equal(sigismember(&seen.blocked, SIGTERM), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGINT), 1);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &ours);
    assert_int_equal(sigismember(&ours, SIGTERM), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_works_in_batches_and_no_other),
        cmocka_unit_test(signals_are_the_main_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
