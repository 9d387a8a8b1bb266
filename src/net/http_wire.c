#include "net/http_wire.h"

#include "base/mem.h"
#include "base/thread.h"
#include "net/bell.h"
#include "net/wire_call.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

static const int64_t LONG_MS = INT64_C(60) * 60 * 1000;
enum { MOST_WAIT_MS = 60 * 1000 };

/* One of the threads, with its inner seam. */
struct carrier {
    struct http_wire *wire;
    const struct http *inner;
    pthread_t thread;
    struct wire_queue begun;     /* its own: to be started */
    struct wire_queue collected; /* … to be handed over */
    bool has_bad_news;           /* … an answer was no success */
    /* With the mutex held: */
    struct bell bell;
    int free; /* connections that have nothing to do */
    bool has_work;
};

struct http_wire {
    struct http seam;
    int carrier_count;
    struct carrier carriers[HTTP_WIRE_MOST_THREADS];

    pthread_mutex_t mutex; /* over all from here … */
    pthread_cond_t work_done;
    struct wire_queue queued; /* until a connection is free */
    struct wire_queue ended;
    struct bell bell; /* the relay's */
    void (*work)(const struct http *inner, void *context);
    void *work_context;
    /* An answer that may be about the destination is in ended or taken, and the
     * relay has not seen it. */
    bool has_bad_news;
    bool ends; /* … to here */

    struct wire_queue taken;    /* the relay's: ended ones, to be handed out */
    struct wire_call *returned; /* … its answer is borrowed by the caller */
    struct wire_queue idle;     /* … to be used again */
};

/* --- with the mutex held ------------------------------------------------- */

/* Wake as many as have connections for what is queued. Nothing of it is begun
 * before the relay has seen what may be about the destination. */
static void wake_carriers(struct http_wire *wire)
{
    int room = 0;
    if (wire->has_bad_news)
        return;
    for (int i = 0; i < wire->carrier_count; i++) {
        if (wire->carriers[i].bell.has_rung)
            room += wire->carriers[i].free;
    }
    for (int i = 0; i < wire->carrier_count && room < wire->queued.count; i++) {
        struct carrier *carrier = &wire->carriers[i];
        if (carrier->bell.has_rung || carrier->free == 0)
            continue;
        bell_ring(&carrier->bell);
        room += carrier->free;
    }
}

/* Give what has ended, take what there are connections for. */
static void exchange(struct carrier *carrier)
{
    struct http_wire *wire = carrier->wire;
    struct wire_call *call;
    bell_silence(&carrier->bell);
    carrier->free += carrier->collected.count;
    if (carrier->collected.count > 0)
        bell_ring(&wire->bell);
    wire_queue_add_all(&wire->ended, &carrier->collected);
    wire->has_bad_news = wire->has_bad_news || carrier->has_bad_news;
    carrier->has_bad_news = false;
    while (!wire->has_bad_news && carrier->free > 0 &&
           (call = wire_queue_take(&wire->queued)) != NULL) {
        carrier->free--;
        wire_queue_add(&carrier->begun, call);
    }
    bell_hear(&carrier->bell);
}

/* What waits for a connection ends without one. */
static void end_queued(struct http_wire *wire, enum http_trouble trouble)
{
    for (struct wire_call *call = wire->queued.first; call != NULL;
         call = call->next)
        wire_call_end_unsent(call, trouble);
    wire_queue_add_all(&wire->ended, &wire->queued);
}

/* The relay has taken all answers, and recalled what it wanted to. */
static void note_relay_looked(struct http_wire *wire)
{
    if (!wire->has_bad_news || wire->ended.first != NULL ||
        wire->taken.first != NULL)
        return;
    wire->has_bad_news = false;
    wake_carriers(wire);
}

/* --- a carrier's thread -------------------------------------------------- */

static void start_begun(struct carrier *carrier)
{
    struct wire_call *call;
    while ((call = wire_queue_take(&carrier->begun)) != NULL)
        carrier->inner->start(carrier->inner->context, &call->request, call);
}

/* What has ended, with a copy of its body: the inner seam lends that only
 * until its next call. */
static void collect_ended(struct carrier *carrier)
{
    struct http_done done;
    while (carrier->inner->next_done(carrier->inner->context, &done)) {
        if (done.answer.end != HTTP_ANSWERED || done.answer.status < 200 ||
            done.answer.status > 299)
            carrier->has_bad_news = true;
        wire_call_take_answer(done.owner, &done.answer);
        wire_queue_add(&carrier->collected, done.owner);
    }
}

static void do_work(struct carrier *carrier)
{
    struct http_wire *wire = carrier->wire;
    wire->work(carrier->inner, wire->work_context);
    (void)pthread_mutex_lock(&wire->mutex);
    carrier->has_work = false;
    (void)pthread_cond_signal(&wire->work_done);
    (void)pthread_mutex_unlock(&wire->mutex);
}

static void *run(void *context)
{
    struct carrier *carrier = context;
    struct http_wire *wire = carrier->wire;
    thread_work_in_batches();
    for (;;) {
        (void)pthread_mutex_lock(&wire->mutex);
        exchange(carrier);
        bool has_work = carrier->has_work;
        bool ends = wire->ends;
        (void)pthread_mutex_unlock(&wire->mutex);
        if (ends)
            return NULL;
        start_begun(carrier);
        if (has_work)
            do_work(carrier);
        carrier->inner->wait(carrier->inner->context, carrier->bell.descriptor,
                             LONG_MS);
        collect_ended(carrier);
    }
}

/* --- the seam ------------------------------------------------------------ */

static void take_back_returned(struct http_wire *wire)
{
    if (wire->returned != NULL)
        wire_queue_add(&wire->idle, wire->returned);
    wire->returned = NULL;
}

static void start(void *context, const struct http_request *request,
                  void *owner)
{
    struct http_wire *wire = context;
    take_back_returned(wire);
    struct wire_call *call = wire_queue_take(&wire->idle);
    if (call == NULL)
        call = wire_call_new();
    call->request = *request;
    call->done.owner = owner;
    (void)pthread_mutex_lock(&wire->mutex);
    wire_queue_add(&wire->queued, call);
    wake_carriers(wire);
    (void)pthread_mutex_unlock(&wire->mutex);
}

static bool next_done(void *context, struct http_done *done)
{
    struct http_wire *wire = context;
    take_back_returned(wire);
    if (wire->taken.first == NULL) {
        (void)pthread_mutex_lock(&wire->mutex);
        wire_queue_add_all(&wire->taken, &wire->ended);
        (void)pthread_mutex_unlock(&wire->mutex);
    }
    struct wire_call *call = wire_queue_take(&wire->taken);
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
        bell_hear(&wire->bell);
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
        {.fd = wire->bell.descriptor, .events = POLLIN},
        {.fd = descriptor, .events = POLLIN},
    };
    int most = most_ms > MOST_WAIT_MS ? MOST_WAIT_MS : (int)most_ms;
    (void)poll(polled, descriptor < 0 ? 1 : 2, most);
    (void)pthread_mutex_lock(&wire->mutex);
    bell_silence(&wire->bell);
    (void)pthread_mutex_unlock(&wire->mutex);
}

static void end_all_queued(struct http_wire *wire, enum http_trouble trouble)
{
    (void)pthread_mutex_lock(&wire->mutex);
    end_queued(wire, trouble);
    (void)pthread_mutex_unlock(&wire->mutex);
}

static void stop_inner(const struct http *inner, void *context)
{
    (void)context;
    inner->stop(inner->context);
}

static void do_nothing(const struct http *inner, void *context)
{
    (void)inner;
    (void)context;
}

static void stop(void *context)
{
    struct http_wire *wire = context;
    end_all_queued(wire, HTTP_STOPPED);
    http_wire_do(wire, stop_inner, NULL);
    /* What ended then is collected before a carrier looks here again. */
    http_wire_do(wire, do_nothing, NULL);
}

static void recall(void *context)
{
    end_all_queued(context, HTTP_RECALLED);
}

/* --- making and freeing -------------------------------------------------- */

static bool has_work_to_do(const struct http_wire *wire)
{
    bool has_work = false;
    for (int i = 0; i < wire->carrier_count; i++)
        has_work = has_work || wire->carriers[i].has_work;
    return has_work;
}

void http_wire_do(struct http_wire *wire,
                  void (*work)(const struct http *inner, void *context),
                  void *context)
{
    (void)pthread_mutex_lock(&wire->mutex);
    wire->work = work;
    wire->work_context = context;
    for (int i = 0; i < wire->carrier_count; i++) {
        wire->carriers[i].has_work = true;
        bell_ring(&wire->carriers[i].bell);
    }
    while (has_work_to_do(wire))
        (void)pthread_cond_wait(&wire->work_done, &wire->mutex);
    (void)pthread_mutex_unlock(&wire->mutex);
}

const struct http *http_wire_seam(struct http_wire *wire)
{
    return &wire->seam;
}

/* Those that have been started. */
static void join_carriers(struct http_wire *wire)
{
    (void)pthread_mutex_lock(&wire->mutex);
    wire->ends = true;
    for (int i = 0; i < wire->carrier_count; i++)
        bell_ring(&wire->carriers[i].bell);
    (void)pthread_mutex_unlock(&wire->mutex);
    for (int i = 0; i < wire->carrier_count; i++)
        (void)pthread_join(wire->carriers[i].thread, NULL);
}

static void free_wire(struct http_wire *wire)
{
    take_back_returned(wire);
    wire_queue_free(&wire->ended);
    wire_queue_free(&wire->taken);
    wire_queue_free(&wire->idle);
    (void)pthread_cond_destroy(&wire->work_done);
    (void)pthread_mutex_destroy(&wire->mutex);
    bell_close(&wire->bell);
    for (int i = 0; i < HTTP_WIRE_MOST_THREADS; i++)
        bell_close(&wire->carriers[i].bell);
    free(wire);
}

/* Returns 0, or errno. */
static int start_carrier(struct http_wire *wire, const struct http *inner,
                         int connections)
{
    struct carrier *carrier = &wire->carriers[wire->carrier_count];
    carrier->wire = wire;
    carrier->inner = inner;
    carrier->free = connections;
    wire_queue_init(&carrier->begun);
    wire_queue_init(&carrier->collected);
    if (!bell_open(&carrier->bell))
        return errno;
    int errnum = thread_start(&carrier->thread, run, carrier);
    wire->carrier_count += errnum == 0;
    return errnum;
}

int http_wire_threads(int connections)
{
    return connections < HTTP_WIRE_MOST_THREADS ? 1 : HTTP_WIRE_MOST_THREADS;
}

int http_wire_share(int connections, int index)
{
    int threads = http_wire_threads(connections);
    return connections / threads + (index < connections % threads);
}

bool http_wire_new(const struct http *const *inner, int connections,
                   struct http_wire **wire, struct err *err)
{
    struct http_wire *made = mem_new(sizeof(*made));
    wire_queue_init(&made->queued);
    wire_queue_init(&made->ended);
    wire_queue_init(&made->taken);
    wire_queue_init(&made->idle);
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
    for (int i = 0; i < HTTP_WIRE_MOST_THREADS; i++)
        made->carriers[i].bell.descriptor = -1;
    int errnum = bell_open(&made->bell) ? 0 : errno;
    for (int i = 0; errnum == 0 && i < http_wire_threads(connections); i++)
        errnum = start_carrier(made, inner[i], http_wire_share(connections, i));
    if (errnum != 0) {
        join_carriers(made);
        free_wire(made);
        return err_set_errno(err, errnum, "starting a thread for HTTP");
    }
    *wire = made;
    return true;
}

void http_wire_free(struct http_wire *wire)
{
    if (wire == NULL)
        return;
    stop(wire);
    join_carriers(wire);
    free_wire(wire);
}
