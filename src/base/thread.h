/* thread.h - threads of ours: signals are the main thread's. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

/* Start a thread in which every signal is blocked. 0, or the error's number:
 * the system has no more threads to give. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

/* The calling thread works in batches, and takes no core from others when it
 * wakes (SCHED_BATCH): what is running there ends its turn first. Where the
 * system has no such thing, nothing changes. */
void thread_work_in_batches(void);

#endif
