#include "net/receiver_connections.h"

#include "base/mem.h"

#include <stdlib.h>
#include <sys/socket.h>

static const int64_t NO_DEADLINE = INT64_MAX;

/* How long each phase may take, and what it is called when it took longer. An
 * idle connection lives longer than the 60 s that nginx keeps one, so that it
 * is never we who close the one that the next webhook is just being sent on. */
static const struct {
    int64_t most_ms; /* 0: as long as it takes */
    enum receiver_cut cut;
} phases[] = {
    [RECEIVER_PHASE_OPEN] = {10000, RECEIVER_CUT_HEAD},
    [RECEIVER_PHASE_HEAD] = {10000, RECEIVER_CUT_HEAD},
    [RECEIVER_PHASE_BODY] = {30000, RECEIVER_CUT_BODY},
    [RECEIVER_PHASE_WORK] = {0, RECEIVER_CUT_ANSWER},
    [RECEIVER_PHASE_ANSWER] = {10000, RECEIVER_CUT_ANSWER},
    [RECEIVER_PHASE_IDLE] = {75000, RECEIVER_CUT_IDLE},
};

void receiver_connections_init(struct receiver_connections *connections,
                               struct receiver_stats *stats)
{
    *connections = (struct receiver_connections){
        .next_check_ms = NO_DEADLINE,
        .stats = stats,
    };
}

struct receiver_connection *
receiver_connections_add(struct receiver_connections *connections, int socket,
                         int64_t now_ms)
{
    struct receiver_connection *made = mem_new(sizeof(*made));
    made->socket = socket;
    made->next = connections->first;
    if (made->next != NULL)
        made->next->previous = made;
    connections->first = made;
    connections->count++;
    atomic_fetch_add(&connections->stats->connections, 1);
    receiver_stats_count(&connections->stats->accepted);
    receiver_connections_set(connections, made, RECEIVER_PHASE_OPEN, now_ms);
    return made;
}

void receiver_connections_remove(struct receiver_connections *connections,
                                 struct receiver_connection *connection)
{
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        connections->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    connections->count--;
    atomic_fetch_sub(&connections->stats->connections, 1);
    free(connection);
}

void receiver_connections_set(struct receiver_connections *connections,
                              struct receiver_connection *connection,
                              enum receiver_phase phase, int64_t now_ms)
{
    connection->phase = phase;
    connection->deadline_ms = phases[phase].most_ms == 0
                                  ? NO_DEADLINE
                                  : now_ms + phases[phase].most_ms;
    if (connection->deadline_ms < connections->next_check_ms)
        connections->next_check_ms = connection->deadline_ms;
}

void receiver_connections_cut(struct receiver_connections *connections,
                              struct receiver_connection *connection,
                              enum receiver_cut why)
{
    if (connection->is_cut)
        return;
    connection->is_cut = true;
    connection->deadline_ms = NO_DEADLINE;
    receiver_stats_count(&connections->stats->cuts[why]);
    (void)shutdown(connection->socket, SHUT_RDWR);
}

/* True if nobody would miss it: no request is under way, and none lies in its
 * socket, sent but not read yet. */
static bool is_idle(const struct receiver_connection *connection)
{
    char byte;
    return !connection->is_cut &&
           (connection->phase == RECEIVER_PHASE_IDLE ||
            connection->phase == RECEIVER_PHASE_OPEN) &&
           recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* The next request may just have come: that one is read first. */
static bool is_to_be_cut(const struct receiver_connection *connection)
{
    return connection->phase != RECEIVER_PHASE_IDLE || is_idle(connection);
}

void receiver_connections_cut_late(struct receiver_connections *connections,
                                   int64_t now_ms)
{
    if (now_ms < connections->next_check_ms)
        return;
    connections->next_check_ms = NO_DEADLINE;
    for (struct receiver_connection *at = connections->first; at != NULL;
         at = at->next) {
        if (at->deadline_ms <= now_ms && is_to_be_cut(at))
            receiver_connections_cut(connections, at, phases[at->phase].cut);
        else if (at->deadline_ms < connections->next_check_ms)
            connections->next_check_ms = at->deadline_ms;
    }
}

/* When it began to wait. */
static int64_t since_ms(const struct receiver_connection *connection)
{
    return connection->deadline_ms - phases[connection->phase].most_ms;
}

bool receiver_connections_make_room(struct receiver_connections *connections)
{
    struct receiver_connection *longest = NULL;
    for (struct receiver_connection *at = connections->first; at != NULL;
         at = at->next) {
        if ((longest == NULL || since_ms(at) < since_ms(longest)) &&
            is_idle(at))
            longest = at;
    }
    if (longest == NULL)
        return false;
    receiver_connections_cut(connections, longest, RECEIVER_CUT_ROOM);
    return true;
}

void receiver_connections_empty(struct receiver_connections *connections)
{
    for (struct receiver_connection *at = connections->first; at != NULL;
         at = at->next) {
        if (is_idle(at))
            receiver_connections_cut(connections, at, RECEIVER_CUT_IDLE);
    }
}

void receiver_connections_cut_all(struct receiver_connections *connections,
                                  enum receiver_cut why)
{
    for (struct receiver_connection *at = connections->first; at != NULL;
         at = at->next) {
        receiver_connections_cut(connections, at, why);
    }
}
