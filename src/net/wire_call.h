/* wire_call.h - calls on their way through src/net/http_wire.c. */
#ifndef NET_WIRE_CALL_H
#define NET_WIRE_CALL_H

#include "base/buf.h"
#include "delivery/http.h"

/* A call on its way there and back. */
struct wire_call {
    struct http_request request;
    struct http_done done;
    struct buf body; /* of the answer */
    struct wire_call *next;
};

/* First in, first out. It holds a pointer into itself: it can't be copied. */
struct wire_queue {
    struct wire_call *first;
    struct wire_call **end;
    int count;
};

/* Make it empty. */
void wire_queue_init(struct wire_queue *queue);

/* Put a call at the end; the queue owns it. */
void wire_queue_add(struct wire_queue *queue, struct wire_call *call);

/* Take the first one; NULL: empty. */
struct wire_call *wire_queue_take(struct wire_queue *queue);

/* Move all of from behind what is in queue. */
void wire_queue_add_all(struct wire_queue *queue, struct wire_queue *from);

/* Free all calls in it; it is empty then. */
void wire_queue_free(struct wire_queue *queue);

/* An empty one; owned. */
struct wire_call *wire_call_new(void);

/* NULL is fine. */
void wire_call_free(struct wire_call *call);

/* It has ended so. The answer's body, which is lent, is copied. */
void wire_call_take_answer(struct wire_call *call,
                           const struct http_answer *answer);

/* It has ended without having been sent. */
void wire_call_end_unsent(struct wire_call *call, enum http_trouble trouble);

#endif
