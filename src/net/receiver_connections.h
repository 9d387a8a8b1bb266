/* receiver_connections.h - the connections that are open, each with what it is
 * waited for and how long.
 *
 * libmicrohttpd's own timeout starts again with each byte, so that a client
 * who sends one now and then is never late. These deadlines hold for the whole
 * of a phase. Owns the list, not the sockets: a connection is cut by shutting
 * its socket down, and closed by libmicrohttpd. One thread. */
#ifndef NET_RECEIVER_CONNECTIONS_H
#define NET_RECEIVER_CONNECTIONS_H

#include "net/receiver_stats.h"

#include <stdbool.h>
#include <stdint.h>

enum receiver_phase {
    RECEIVER_PHASE_OPEN,   /* accepted: the first head is awaited */
    RECEIVER_PHASE_HEAD,   /* a request line came: the rest of the head is */
    RECEIVER_PHASE_BODY,   /* the body is */
    RECEIVER_PHASE_WORK,   /* ours to answer; no deadline */
    RECEIVER_PHASE_ANSWER, /* the answer is being sent */
    RECEIVER_PHASE_IDLE,   /* answered: another request may come */
};

struct receiver_connection {
    struct receiver_connection *previous, *next;
    int socket; /* borrowed */
    enum receiver_phase phase;
    int64_t deadline_ms; /* monotonic; INT64_MAX: none */
    bool is_cut;         /* what still lies in its socket is not to be taken */
};

struct receiver_connections {
    struct receiver_connection *first;
    int count;
    int64_t next_check_ms;        /* no deadline is before */
    struct receiver_stats *stats; /* borrowed */
};

void receiver_connections_init(struct receiver_connections *connections,
                               struct receiver_stats *stats);

/* A connection has begun; it is freed by _remove(). */
struct receiver_connection *
receiver_connections_add(struct receiver_connections *connections, int socket,
                         int64_t now_ms);
void receiver_connections_remove(struct receiver_connections *connections,
                                 struct receiver_connection *connection);

/* It enters this phase now. */
void receiver_connections_set(struct receiver_connections *connections,
                              struct receiver_connection *connection,
                              enum receiver_phase phase, int64_t now_ms);

/* Cut those whose time is over. Cheap while none's is. */
void receiver_connections_cut_late(struct receiver_connections *connections,
                                   int64_t now_ms);

/* Cut the one that has waited longest for a head, to make room. False: all
 * have a request under way, or one that lies in their socket unread. */
bool receiver_connections_make_room(struct receiver_connections *connections);

/* Cut all that have no request under way, nor one that lies in their socket
 * unread. */
void receiver_connections_empty(struct receiver_connections *connections);

/* Cut one, or all, for this reason. */
void receiver_connections_cut(struct receiver_connections *connections,
                              struct receiver_connection *connection,
                              enum receiver_cut why);
void receiver_connections_cut_all(struct receiver_connections *connections,
                                  enum receiver_cut why);

#endif
