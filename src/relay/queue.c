#include "relay/queue.h"

#include <stddef.h>

void queue_init(struct queue *queue)
{
    *queue = (struct queue){.first = NULL};
    queue->end = &queue->first;
}

void queue_add(struct queue *queue, struct flight *flight)
{
    flight->next = NULL;
    *queue->end = flight;
    queue->end = &flight->next;
    queue->count++;
}

struct flight *queue_take(struct queue *queue)
{
    struct flight *flight = queue->first;
    if (flight == NULL)
        return NULL;
    queue->first = flight->next;
    if (queue->first == NULL)
        queue->end = &queue->first;
    queue->count--;
    flight->next = NULL;
    return flight;
}

void queue_add_all(struct queue *queue, struct queue *from)
{
    struct flight *flight;
    while ((flight = queue_take(from)) != NULL)
        queue_add(queue, flight);
}

void queue_free(struct queue *queue)
{
    struct flight *flight;
    while ((flight = queue_take(queue)) != NULL)
        flight_free(flight);
}
