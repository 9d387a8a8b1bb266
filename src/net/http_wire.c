#include "net/http_wire.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int64_t LONG_MS = INT64_C(60) * 60 * 1000;
enum { MOST_WAIT_MS = 60 * 1000 };

/* A call on its way there and back. */
struct wire_call {
    struct http_request request;
    struct http_done done;
    struct buf body; /* of the answer */
    struct wire_call *next;
};

/* First in, first out. */
struct call_queue {
    struct wire_call *first;
    struct wire_call **end;
};

/* One side tells the other that there is something new. */
struct bell {
    int descriptor;
    bool is_heard; /* the other side waits for it */
    bool has_rung;
};

struct http_wire {
    struct http seam;
    const struct http *inner;
    int connections;
    pthread_t thread;

    struct call_queue queued;    /* the wire's: until a connection is free */
    int under_way;               /* … at the inner seam */
    bool waits_for_relay;        /* … an answer was no success */
    struct call_queue collected; /* … to be handed over */

    pthread_mutex_t mutex; /* over all from here … */
    pthread_cond_t work_done;
    struct call_queue to_start;
    struct call_queue ended;
    struct bell for_wire;
    struct bell for_relay;
    void (*work)(void *context); /* NULL: none */
    void *work_context;
    bool has_bad_news; /* … in ended or taken, which the relay has not seen */
    bool recalls;
    bool ends; /* … to here */

    struct call_queue taken;    /* the relay's: ended ones, to be handed out */
    struct wire_call *returned; /* … its answer is borrowed by the caller */
    struct wire_call *idle;     /* … to be used again */
};

/* --- queues and bells ------------------------------------------------------
 */

static void clear_queue(struct call_queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void add_call(struct call_queue *queue, struct wire_call *call)
{
    call->next = NULL;
    *queue->end = call;
    queue->end = &call->next;
}

static struct wire_call *take_call(struct call_queue *queue)
{
    struct wire_call *call = queue->first;
    if (call == NULL)
        return NULL;
    queue->first = call->next;
    if (queue->first == NULL)
        queue->end = &queue->first;
    return call;
}

/* Append all of from, which becomes empty. */
static void move_calls(struct call_queue *queue, struct call_queue *from)
{
    if (from->first == NULL)
        return;
    *queue->end = from->first;
    queue->end = from->end;
    clear_queue(from);
}

static void free_calls(struct wire_call *call)
{
    while (call != NULL) {
        struct wire_call *next = call->next;
        buf_free(&call->body);
        free(call);
        call = next;
    }
}

static bool make_bell(struct bell *bell)
{
    bell->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return bell->descriptor >= 0;
}

/* With the mutex held, as the next two. */
static void ring(struct bell *bell)
{
    uint64_t one = 1;
    if (!bell->is_heard || bell->has_rung)
        return;
    bell->has_rung = true;
    (void)!write(bell->descriptor, &one, sizeof(one));
}

static void hear(struct bell *bell)
{
    bell->is_heard = true;
}

static void silence(struct bell *bell)
{
    uint64_t count;
    bell->is_heard = false;
    if (bell->has_rung)
        (void)!read(bell->descriptor, &count, sizeof(count));
    bell->has_rung = false;
}

/* --- the wire's thread -----------------------------------------------------
 */

/* Nothing that waits is begun before the relay has seen an answer that may be
 * about the destination. */
static void start_calls(struct http_wire *wire)
{
    struct wire_call *call;
    while (!wire->waits_for_relay && wire->under_way < wire->connections &&
           (call = take_call(&wire->queued)) != NULL) {
        wire->under_way++;
        wire->inner->start(wire->inner->context, &call->request, call);
    }
}

/* What waits for a connection ends without one. */
static void end_queued(struct http_wire *wire, enum http_trouble trouble)
{
    struct wire_call *call;
    while ((call = take_call(&wire->queued)) != NULL) {
        call->done.answer = (struct http_answer){
            .end = HTTP_NOT_SENT,
            .trouble = trouble,
            .body = "",
            .started_ms = clock_wall_ms(clock_system()),
        };
        add_call(&wire->collected, call);
    }
}

/* What has ended, with a copy of its body: the inner seam lends that only
 * until its next call. */
static void collect_ended(struct http_wire *wire)
{
    struct http_done done;
    while (wire->inner->next_done(wire->inner->context, &done)) {
        struct wire_call *call = done.owner;
        wire->under_way--;
        if (done.answer.end != HTTP_ANSWERED || done.answer.status < 200 ||
            done.answer.status > 299)
            wire->waits_for_relay = true;
        buf_clear(&call->body);
        buf_add(&call->body, done.answer.body, done.answer.body_length);
        call->done.answer = done.answer;
        call->done.answer.body = buf_text(&call->body);
        add_call(&wire->collected, call);
    }
}

static void do_work(struct http_wire *wire, void (*work)(void *context))
{
    if (work == NULL)
        return;
    work(wire->work_context);
    (void)pthread_mutex_lock(&wire->mutex);
    wire->work = NULL;
    (void)pthread_cond_signal(&wire->work_done);
    (void)pthread_mutex_unlock(&wire->mutex);
}

/* With the mutex held: take what the relay gave, give what has ended. */
static void exchange(struct http_wire *wire)
{
    silence(&wire->for_wire);
    move_calls(&wire->queued, &wire->to_start);
    if (wire->recalls)
        end_queued(wire, HTTP_RECALLED);
    wire->recalls = false;
    if (wire->collected.first != NULL) {
        wire->has_bad_news = wire->has_bad_news || wire->waits_for_relay;
        ring(&wire->for_relay);
    }
    wire->waits_for_relay = wire->has_bad_news;
    move_calls(&wire->ended, &wire->collected);
    hear(&wire->for_wire);
}

static void *run(void *context)
{
    struct http_wire *wire = context;
    for (;;) {
        (void)pthread_mutex_lock(&wire->mutex);
        exchange(wire);
        void (*work)(void *context) = wire->work;
        bool ends = wire->ends;
        (void)pthread_mutex_unlock(&wire->mutex);
        if (ends)
            return NULL;
        start_calls(wire);
        do_work(wire, work);
        wire->inner->wait(wire->inner->context, wire->for_wire.descriptor,
                          LONG_MS);
        collect_ended(wire);
    }
}

/* --- the seam --------------------------------------------------------------
 */

static void take_back_returned(struct http_wire *wire)
{
    struct wire_call *call = wire->returned;
    if (call == NULL)
        return;
    wire->returned = NULL;
    call->next = wire->idle;
    wire->idle = call;
}

static struct wire_call *take_idle(struct http_wire *wire)
{
    struct wire_call *call = wire->idle;
    if (call != NULL) {
        wire->idle = call->next;
        return call;
    }
    call = mem_new(sizeof(*call));
    buf_init(&call->body, HTTP_MOST_ANSWER_BYTES);
    return call;
}

/* The relay has taken all answers, and recalled what it wanted to. With the
 * mutex held. */
static void note_relay_looked(struct http_wire *wire)
{
    if (!wire->has_bad_news || wire->ended.first != NULL ||
        wire->taken.first != NULL)
        return;
    wire->has_bad_news = false;
    ring(&wire->for_wire);
}

static void start(void *context, const struct http_request *request,
                  void *owner)
{
    struct http_wire *wire = context;
    take_back_returned(wire);
    struct wire_call *call = take_idle(wire);
    call->request = *request;
    call->done.owner = owner;
    (void)pthread_mutex_lock(&wire->mutex);
    add_call(&wire->to_start, call);
    ring(&wire->for_wire);
    (void)pthread_mutex_unlock(&wire->mutex);
}

static bool next_done(void *context, struct http_done *done)
{
    struct http_wire *wire = context;
    take_back_returned(wire);
    if (wire->taken.first == NULL) {
        (void)pthread_mutex_lock(&wire->mutex);
        move_calls(&wire->taken, &wire->ended);
        (void)pthread_mutex_unlock(&wire->mutex);
    }
    struct wire_call *call = take_call(&wire->taken);
    if (call == NULL)
        return false;
    wire->returned = call;
    *done = call->done;
    return true;
}

static bool begin_to_wait(struct http_wire *wire, bool has_time)
{
    (void)pthread_mutex_lock(&wire->mutex);
    note_relay_looked(wire);
    bool is_to_wait = has_time && wire->ended.first == NULL;
    if (is_to_wait)
        hear(&wire->for_relay);
    (void)pthread_mutex_unlock(&wire->mutex);
    return is_to_wait;
}

static void wait_for_something(void *context, int descriptor, int64_t most_ms)
{
    struct http_wire *wire = context;
    take_back_returned(wire);
    if (wire->taken.first != NULL || !begin_to_wait(wire, most_ms > 0))
        return;
    struct pollfd polled[] = {
        {.fd = wire->for_relay.descriptor, .events = POLLIN},
        {.fd = descriptor, .events = POLLIN},
    };
    int most = most_ms > MOST_WAIT_MS ? MOST_WAIT_MS : (int)most_ms;
    (void)poll(polled, descriptor < 0 ? 1 : 2, most);
    (void)pthread_mutex_lock(&wire->mutex);
    silence(&wire->for_relay);
    (void)pthread_mutex_unlock(&wire->mutex);
}

static void stop_inner(void *context)
{
    struct http_wire *wire = context;
    wire->inner->stop(wire->inner->context);
    end_queued(wire, HTTP_STOPPED);
}

static void stop(void *context)
{
    struct http_wire *wire = context;
    http_wire_do(wire, stop_inner, wire);
    /* Its ends are collected before the wire's thread looks here again. */
    http_wire_do(wire, NULL, NULL);
}

static void recall(void *context)
{
    struct http_wire *wire = context;
    (void)pthread_mutex_lock(&wire->mutex);
    wire->recalls = true;
    ring(&wire->for_wire);
    (void)pthread_mutex_unlock(&wire->mutex);
}

/* --- making and freeing ----------------------------------------------------
 */

static void do_nothing(void *context)
{
    (void)context;
}

void http_wire_do(struct http_wire *wire, void (*work)(void *context),
                  void *context)
{
    (void)pthread_mutex_lock(&wire->mutex);
    wire->work = work == NULL ? do_nothing : work;
    wire->work_context = context;
    ring(&wire->for_wire);
    while (wire->work != NULL)
        (void)pthread_cond_wait(&wire->work_done, &wire->mutex);
    (void)pthread_mutex_unlock(&wire->mutex);
}

const struct http *http_wire_seam(struct http_wire *wire)
{
    return &wire->seam;
}

static void free_wire(struct http_wire *wire)
{
    (void)pthread_cond_destroy(&wire->work_done);
    (void)pthread_mutex_destroy(&wire->mutex);
    if (wire->for_wire.descriptor >= 0)
        (void)close(wire->for_wire.descriptor);
    if (wire->for_relay.descriptor >= 0)
        (void)close(wire->for_relay.descriptor);
    free(wire);
}

bool http_wire_new(const struct http *inner, int connections,
                   struct http_wire **wire, struct err *err)
{
    struct http_wire *made = mem_new(sizeof(*made));
    made->inner = inner;
    made->connections = connections;
    clear_queue(&made->queued);
    clear_queue(&made->collected);
    made->for_relay.descriptor = -1;
    clear_queue(&made->to_start);
    clear_queue(&made->ended);
    clear_queue(&made->taken);
    (void)pthread_mutex_init(&made->mutex, NULL);
    (void)pthread_cond_init(&made->work_done, NULL);
    made->seam = (struct http){
        .context = made,
        .start = start,
        .next_done = next_done,
        .wait = wait_for_something,
        .stop = stop,
        .recall = recall,
    };
    int errnum = 0;
    if (!make_bell(&made->for_wire) || !make_bell(&made->for_relay))
        errnum = errno;
    else
        errnum = thread_start(&made->thread, run, made);
    if (errnum != 0) {
        free_wire(made);
        return err_set_errno(err, errnum, "starting the thread for HTTP");
    }
    *wire = made;
    return true;
}

void http_wire_free(struct http_wire *wire)
{
    if (wire == NULL)
        return;
    stop(wire);
    (void)pthread_mutex_lock(&wire->mutex);
    wire->ends = true;
    ring(&wire->for_wire);
    (void)pthread_mutex_unlock(&wire->mutex);
    (void)pthread_join(wire->thread, NULL);
    take_back_returned(wire);
    free_calls(wire->ended.first);
    free_calls(wire->taken.first);
    free_calls(wire->idle);
    free_wire(wire);
}
