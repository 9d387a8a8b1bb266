/* queue.h - a list of flights, first in first out. */
#ifndef RELAY_QUEUE_H
#define RELAY_QUEUE_H

#include "relay/flight.h"

struct queue {
    struct flight *first;
    struct flight **end;
    int count;
};

/* Make it empty. A queue holds a pointer into itself: it can't be copied. */
void queue_init(struct queue *queue);

/* Put a flight at the end; the queue owns it. */
void queue_add(struct queue *queue, struct flight *flight);

/* Take the first one; NULL: empty. */
struct flight *queue_take(struct queue *queue);

/* Move all of from behind what is in queue. */
void queue_add_all(struct queue *queue, struct queue *from);

/* Free all flights in it; it is empty then. */
void queue_free(struct queue *queue);

#endif
