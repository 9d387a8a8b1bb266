#include "outbox/turnstile.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* One for each file that is open in this process. */
struct gate {
    struct gate *next;
    char *path;
    int users; /* handles; under gates_mutex */
    /* A flag under a mutex, and not a mutex that is held throughout: to wait
     * for it by the monotonic clock is a call that the thread sanitizer does
     * not know. */
    pthread_mutex_t mutex;
    pthread_cond_t left; /* its clock is the monotonic one */
    bool is_taken;       /* under mutex */
};

struct turnstile {
    struct gate *gate;
    bool inside;
};

static pthread_mutex_t gates_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct gate *gates; /* under gates_mutex */

static struct gate *find_gate(const char *path)
{
    struct gate *gate = gates;
    while (gate != NULL && !text_equals(gate->path, path))
        gate = gate->next;
    return gate;
}

static struct gate *make_gate(const char *path)
{
    struct gate *gate = mem_new(sizeof(*gate));
    gate->path = mem_copy_text(path);
    (void)pthread_mutex_init(&gate->mutex, NULL);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&gate->left, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    gate->next = gates;
    gates = gate;
    return gate;
}

static void remove_gate(struct gate *gate)
{
    struct gate **link = &gates;
    while (*link != gate)
        link = &(*link)->next;
    *link = gate->next;
    (void)pthread_cond_destroy(&gate->left);
    (void)pthread_mutex_destroy(&gate->mutex);
    free(gate->path);
    free(gate);
}

struct turnstile *turnstile_open(const char *real_path)
{
    struct turnstile *turnstile = mem_new(sizeof(*turnstile));
    (void)pthread_mutex_lock(&gates_mutex);
    turnstile->gate = find_gate(real_path);
    if (turnstile->gate == NULL)
        turnstile->gate = make_gate(real_path);
    turnstile->gate->users++;
    (void)pthread_mutex_unlock(&gates_mutex);
    return turnstile;
}

void turnstile_close(struct turnstile *turnstile)
{
    if (turnstile == NULL)
        return;
    turnstile_leave(turnstile);
    (void)pthread_mutex_lock(&gates_mutex);
    if (--turnstile->gate->users == 0)
        remove_gate(turnstile->gate);
    (void)pthread_mutex_unlock(&gates_mutex);
    free(turnstile);
}

bool turnstile_enter(struct turnstile *turnstile, int wait_ms)
{
    assert(!turnstile->inside);
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    struct gate *gate = turnstile->gate;
    int waited = 0;
    (void)pthread_mutex_lock(&gate->mutex);
    while (gate->is_taken && waited == 0)
        waited = pthread_cond_timedwait(&gate->left, &gate->mutex, &until);
    turnstile->inside = !gate->is_taken;
    gate->is_taken = true;
    (void)pthread_mutex_unlock(&gate->mutex);
    return turnstile->inside;
}

void turnstile_leave(struct turnstile *turnstile)
{
    if (!turnstile->inside)
        return;
    struct gate *gate = turnstile->gate;
    turnstile->inside = false;
    (void)pthread_mutex_lock(&gate->mutex);
    gate->is_taken = false;
    (void)pthread_cond_signal(&gate->left);
    (void)pthread_mutex_unlock(&gate->mutex);
}
