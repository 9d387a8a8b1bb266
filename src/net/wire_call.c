#include "net/wire_call.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

void wire_queue_init(struct wire_queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
    queue->count = 0;
}

void wire_queue_add(struct wire_queue *queue, struct wire_call *call)
{
    call->next = NULL;
    *queue->end = call;
    queue->end = &call->next;
    queue->count++;
}

struct wire_call *wire_queue_take(struct wire_queue *queue)
{
    struct wire_call *call = queue->first;
    if (call == NULL)
        return NULL;
    queue->first = call->next;
    if (queue->first == NULL)
        queue->end = &queue->first;
    queue->count--;
    return call;
}

void wire_queue_add_all(struct wire_queue *queue, struct wire_queue *from)
{
    if (from->first == NULL)
        return;
    *queue->end = from->first;
    queue->end = from->end;
    queue->count += from->count;
    wire_queue_init(from);
}

void wire_queue_free(struct wire_queue *queue)
{
    struct wire_call *call;
    while ((call = wire_queue_take(queue)) != NULL)
        wire_call_free(call);
}

struct wire_call *wire_call_new(void)
{
    struct wire_call *call = mem_new(sizeof(*call));
    buf_init(&call->body, HTTP_MOST_ANSWER_BYTES);
    return call;
}

void wire_call_free(struct wire_call *call)
{
    if (call == NULL)
        return;
    buf_free(&call->body);
    free(call);
}

void wire_call_take_answer(struct wire_call *call,
                           const struct http_answer *answer)
{
    buf_clear(&call->body);
    buf_add(&call->body, answer->body, answer->body_length);
    call->done.answer = *answer;
    call->done.answer.body = buf_text(&call->body);
}

void wire_call_end_unsent(struct wire_call *call, enum http_trouble trouble)
{
    call->done.answer = (struct http_answer){
        .end = HTTP_NOT_SENT,
        .trouble = trouble,
        .body = "",
        .started_ms = clock_wall_ms(clock_system()),
    };
}
