#include "sim/gate.h"

#include "base/mem.h"
#include "net/wire_call.h"

#include <stdlib.h>

struct gate {
    struct http seam;
    const struct http *inner;
    struct sim *sim;
    int process;
    struct store *store;
    struct wire_queue waiting;
    struct wire_queue ended;
    struct wire_call *returned; /* its answer is borrowed by the caller */
    bool is_wanted;             /* a sync, whatever waits */
};

/* --- the seam ------------------------------------------------------------- */

static void start(void *context, const struct http_request *request,
                  void *owner)
{
    struct gate *gate = context;
    if (!request->after_sync) {
        gate->inner->start(gate->inner->context, request, owner);
        return;
    }
    struct wire_call *call = wire_call_new();
    call->request = *request;
    call->done.owner = owner;
    wire_queue_add(&gate->waiting, call);
}

static bool next_done(void *context, struct http_done *done)
{
    struct gate *gate = context;
    wire_call_free(gate->returned);
    gate->returned = wire_queue_take(&gate->ended);
    if (gate->returned == NULL)
        return gate->inner->next_done(gate->inner->context, done);
    *done = gate->returned->done;
    return true;
}

static void take_back(struct gate *gate, enum http_trouble trouble)
{
    for (struct wire_call *call = gate->waiting.first; call != NULL;
         call = call->next)
        call->taken_back = trouble;
}

static void stop(void *context)
{
    struct gate *gate = context;
    take_back(gate, HTTP_STOPPED);
    if (gate_waits(gate))
        (void)gate_pass(gate);
    gate->inner->stop(gate->inner->context);
}

static void recall(void *context)
{
    struct gate *gate = context;
    take_back(gate, HTTP_RECALLED);
    gate->inner->recall(gate->inner->context);
}

static void sync_soon(void *context)
{
    struct gate *gate = context;
    gate->is_wanted = true;
}

/* --- the interface -------------------------------------------------------- */

struct gate *gate_new(struct sim *sim, int process, const struct http *inner,
                      struct store *store)
{
    struct gate *made = mem_new(sizeof(*made));
    made->sim = sim;
    made->process = process;
    made->inner = inner;
    made->store = store;
    wire_queue_init(&made->waiting);
    wire_queue_init(&made->ended);
    made->seam = (struct http){
        .context = made,
        .start = start,
        .next_done = next_done,
        .stop = stop,
        .recall = recall,
        .sync = sync_soon,
    };
    return made;
}

void gate_free(struct gate *gate)
{
    if (gate == NULL)
        return;
    wire_call_free(gate->returned);
    wire_queue_free(&gate->waiting);
    wire_queue_free(&gate->ended);
    free(gate);
}

const struct http *gate_seam(struct gate *gate)
{
    return &gate->seam;
}

bool gate_waits(const struct gate *gate)
{
    return gate->is_wanted || gate->waiting.first != NULL;
}

static void end_unsent(struct gate *gate, struct wire_call *call)
{
    wire_call_end_unsent(call, call->taken_back);
    call->done.answer.started_ms = gate->sim->clock.wall_ms;
    wire_queue_add(&gate->ended, call);
}

bool gate_pass(struct gate *gate)
{
    struct err err;
    struct wire_call *call;
    gate->is_wanted = false;
    disk_run_as(gate->sim->disk, gate->process);
    bool is_synced = store_sync(gate->store, &err);
    sim_trace(gate->sim, "  relay %d: %d calls wait for a sync: %s",
              gate->process, gate->waiting.count,
              is_synced ? "it is made" : err.text);
    while ((call = wire_queue_take(&gate->waiting)) != NULL) {
        if (!is_synced && call->taken_back == HTTP_NO_TROUBLE)
            call->taken_back = HTTP_RECALLED;
        if (call->taken_back == HTTP_NO_TROUBLE) {
            gate->inner->start(gate->inner->context, &call->request,
                               call->done.owner);
            wire_call_free(call);
        } else {
            end_unsent(gate, call);
        }
    }
    return is_synced;
}
