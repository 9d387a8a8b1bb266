#include "net/wire_gate.h"

#include "base/mem.h"
#include "base/thread.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

struct wire_gate {
    struct wire_gate_options options;
    pthread_t thread;
    pthread_mutex_t mutex; /* over all from here */
    pthread_cond_t came;   /* something did, or the end */
    pthread_cond_t is_empty;
    struct wire_queue waiting;
    struct wire_queue passing; /* the sync for these is being made */
    bool is_wanted;            /* … a sync is, whatever waits */
    bool is_syncing;
    bool ends;
};

/* With the mutex held. */
static bool has_work(const struct wire_gate *gate)
{
    return gate->waiting.first != NULL || gate->is_wanted;
}

/* With the mutex held: sort what passed by what becomes of it. A sync that
 * failed is no fault of the call: it goes back, as if it had never been due. */
static void sort_passed(struct wire_gate *gate, bool is_synced,
                        struct wire_queue *to_make, struct wire_queue *ended)
{
    struct wire_call *call;
    while ((call = wire_queue_take(&gate->passing)) != NULL) {
        if (!is_synced && call->taken_back == HTTP_NO_TROUBLE)
            call->taken_back = HTTP_RECALLED;
        if (call->taken_back == HTTP_NO_TROUBLE) {
            wire_queue_add(to_make, call);
            continue;
        }
        wire_call_end_unsent(call, call->taken_back);
        wire_queue_add(ended, call);
    }
}

/* With the mutex held, but not while the disk works. Who waits for the gate to
 * be empty finds what was inside where it was let out to. */
static void pass_some(struct wire_gate *gate)
{
    const struct wire_gate_options *options = &gate->options;
    struct wire_queue to_make;
    struct wire_queue ended;
    wire_queue_init(&to_make);
    wire_queue_init(&ended);
    wire_queue_add_all(&gate->passing, &gate->waiting);
    gate->is_wanted = false;
    gate->is_syncing = true;
    (void)pthread_mutex_unlock(&gate->mutex);
    bool is_synced = options->sync(options->sync_context);
    (void)pthread_mutex_lock(&gate->mutex);
    sort_passed(gate, is_synced, &to_make, &ended);
    options->let_out(options->let_out_context, &to_make, &ended);
    gate->is_syncing = false;
    if (!has_work(gate))
        (void)pthread_cond_signal(&gate->is_empty);
}

static void *run(void *context)
{
    struct wire_gate *gate = context;
    (void)pthread_mutex_lock(&gate->mutex);
    while (!gate->ends) {
        if (!has_work(gate))
            (void)pthread_cond_wait(&gate->came, &gate->mutex);
        else
            pass_some(gate);
    }
    (void)pthread_mutex_unlock(&gate->mutex);
    return NULL;
}

/* --- the interface ------------------------------------------------------- */

void wire_gate_add(struct wire_gate *gate, struct wire_call *call)
{
    call->taken_back = HTTP_NO_TROUBLE;
    (void)pthread_mutex_lock(&gate->mutex);
    if (!has_work(gate))
        (void)pthread_cond_signal(&gate->came);
    wire_queue_add(&gate->waiting, call);
    (void)pthread_mutex_unlock(&gate->mutex);
}

void wire_gate_sync(struct wire_gate *gate)
{
    (void)pthread_mutex_lock(&gate->mutex);
    if (!has_work(gate))
        (void)pthread_cond_signal(&gate->came);
    gate->is_wanted = true;
    (void)pthread_mutex_unlock(&gate->mutex);
}

static void mark(struct wire_queue *queue, enum http_trouble trouble)
{
    for (struct wire_call *call = queue->first; call != NULL; call = call->next)
        call->taken_back = trouble;
}

void wire_gate_take_back(struct wire_gate *gate, enum http_trouble trouble)
{
    (void)pthread_mutex_lock(&gate->mutex);
    mark(&gate->waiting, trouble);
    mark(&gate->passing, trouble);
    (void)pthread_mutex_unlock(&gate->mutex);
}

void wire_gate_wait(struct wire_gate *gate)
{
    (void)pthread_mutex_lock(&gate->mutex);
    while (has_work(gate) || gate->is_syncing)
        (void)pthread_cond_wait(&gate->is_empty, &gate->mutex);
    (void)pthread_mutex_unlock(&gate->mutex);
}

static void free_gate(struct wire_gate *gate)
{
    (void)pthread_cond_destroy(&gate->came);
    (void)pthread_cond_destroy(&gate->is_empty);
    (void)pthread_mutex_destroy(&gate->mutex);
    free(gate);
}

int wire_gate_new(const struct wire_gate_options *options,
                  struct wire_gate **gate)
{
    struct wire_gate *made = mem_new(sizeof(*made));
    made->options = *options;
    wire_queue_init(&made->waiting);
    wire_queue_init(&made->passing);
    (void)pthread_mutex_init(&made->mutex, NULL);
    (void)pthread_cond_init(&made->came, NULL);
    (void)pthread_cond_init(&made->is_empty, NULL);
    int errnum = thread_start(&made->thread, run, made);
    if (errnum != 0) {
        free_gate(made);
        return errnum;
    }
    *gate = made;
    return 0;
}

void wire_gate_free(struct wire_gate *gate)
{
    if (gate == NULL)
        return;
    (void)pthread_mutex_lock(&gate->mutex);
    assert(!has_work(gate) && !gate->is_syncing);
    gate->ends = true;
    (void)pthread_cond_signal(&gate->came);
    (void)pthread_mutex_unlock(&gate->mutex);
    (void)pthread_join(gate->thread, NULL);
    free_gate(gate);
}
