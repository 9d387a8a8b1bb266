#include "net/sandbox_timer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

/* How often a waiter's peer is looked at. */
enum { LOOK_MS = 100 };

enum { NO_SOCKET = -1 };

struct wait {
    int64_t due_ms; /* monotonic */
    void *waiter;
    int socket; /* wait until its peer is gone; NO_SOCKET: until due */
};

struct sandbox_timer {
    void (*wake)(void *waiter);
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct wait *heap; /* owned; the soonest is first */
    size_t count;
    size_t capacity;
    bool stopping;
    bool joined;
};

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

static void swap(struct wait *a, struct wait *b)
{
    struct wait kept = *a;
    *a = *b;
    *b = kept;
}

static void push(struct sandbox_timer *timer, struct wait wait)
{
    if (timer->count == timer->capacity) {
        timer->capacity = timer->capacity == 0 ? 64 : timer->capacity * 2;
        timer->heap =
            mem_resize(timer->heap, timer->capacity * sizeof(*timer->heap));
    }
    size_t at = timer->count++;
    timer->heap[at] = wait;
    while (at > 0 &&
           timer->heap[at].due_ms < timer->heap[(at - 1) / 2].due_ms) {
        swap(&timer->heap[at], &timer->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static struct wait pop(struct sandbox_timer *timer)
{
    struct wait first = timer->heap[0];
    struct wait *heap = timer->heap;
    heap[0] = heap[--timer->count];
    size_t at = 0;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < timer->count && heap[child].due_ms < heap[least].due_ms)
                least = child;
        }
        if (least == at)
            return first;
        swap(&heap[at], &heap[least]);
        at = least;
    }
}

static void wait_for_change(struct sandbox_timer *timer)
{
    if (timer->count == 0) {
        pthread_cond_wait(&timer->changed, &timer->lock);
        return;
    }
    int64_t due_ms = timer->heap[0].due_ms;
    struct timespec until = {
        .tv_sec = due_ms / 1000,
        .tv_nsec = due_ms % 1000 * 1000000,
    };
    pthread_cond_timedwait(&timer->changed, &timer->lock, &until);
}

/* Called and returns with the lock held; lets go of it while waking. */
static void settle(struct sandbox_timer *timer, struct wait wait)
{
    if (!timer->stopping && wait.socket != NO_SOCKET &&
        !sandbox_timer_peer_is_gone(wait.socket)) {
        wait.due_ms = now_ms() + LOOK_MS;
        push(timer, wait);
        return;
    }
    pthread_mutex_unlock(&timer->lock);
    timer->wake(wait.waiter);
    pthread_mutex_lock(&timer->lock);
}

static void *run(void *context)
{
    struct sandbox_timer *timer = context;
    pthread_mutex_lock(&timer->lock);
    while (!timer->stopping || timer->count > 0) {
        if (timer->count > 0 &&
            (timer->stopping || timer->heap[0].due_ms <= now_ms()))
            settle(timer, pop(timer));
        else
            wait_for_change(timer);
    }
    pthread_mutex_unlock(&timer->lock);
    return NULL;
}

static bool add(struct sandbox_timer *timer, struct wait wait)
{
    pthread_mutex_lock(&timer->lock);
    bool taken = !timer->stopping;
    if (taken) {
        bool is_soonest =
            timer->count == 0 || wait.due_ms < timer->heap[0].due_ms;
        push(timer, wait);
        if (is_soonest)
            pthread_cond_signal(&timer->changed);
    }
    pthread_mutex_unlock(&timer->lock);
    return taken;
}

bool sandbox_timer_start(void (*wake)(void *waiter),
                         struct sandbox_timer **timer, struct err *err)
{
    struct sandbox_timer *made = mem_new(sizeof(*made));
    pthread_condattr_t attributes;
    made->wake = wake;
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    int failure = thread_start(&made->thread, run, made);
    if (failure != 0) {
        made->joined = true;
        sandbox_timer_free(made);
        return err_set_errno(err, failure, "cannot start a thread");
    }
    *timer = made;
    return true;
}

bool sandbox_timer_add(struct sandbox_timer *timer, void *waiter,
                       int64_t delay_ms)
{
    return add(timer, (struct wait){now_ms() + delay_ms, waiter, NO_SOCKET});
}

bool sandbox_timer_add_until_gone(struct sandbox_timer *timer, void *waiter,
                                  int socket)
{
    return add(timer, (struct wait){now_ms() + LOOK_MS, waiter, socket});
}

bool sandbox_timer_peer_is_gone(int socket)
{
    char byte = '\0';
    ssize_t got = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

void sandbox_timer_stop(struct sandbox_timer *timer)
{
    if (timer == NULL || timer->joined)
        return;
    pthread_mutex_lock(&timer->lock);
    timer->stopping = true;
    pthread_cond_signal(&timer->changed);
    pthread_mutex_unlock(&timer->lock);
    pthread_join(timer->thread, NULL);
    timer->joined = true;
}

void sandbox_timer_free(struct sandbox_timer *timer)
{
    if (timer == NULL)
        return;
    sandbox_timer_stop(timer);
    pthread_cond_destroy(&timer->changed);
    pthread_mutex_destroy(&timer->lock);
    free(timer->heap);
    free(timer);
}
