#include "base/thread.h"

#include <sched.h>
#include <signal.h>

int thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int errnum = pthread_create(thread, NULL, run, context);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return errnum;
}

void thread_work_in_batches(void)
{
    const struct sched_param no_priority = {0};
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &no_priority);
}
