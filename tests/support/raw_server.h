/* raw_server.h - a TCP server of a test's own that answers byte for byte what
 * the test wants: also what no real server would say.
 *
 * Loopback only, on a port that the system chooses; one thread a connection.
 * What clients sent is kept until the server is freed. */
#ifndef SUPPORT_RAW_SERVER_H
#define SUPPORT_RAW_SERVER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { RAW_MOST_CONNECTIONS = 128, RAW_MOST_REQUESTS = 4096 };

struct raw_server; /* owned by who started it */

struct raw_connection {
    struct raw_server *server;
    void *context; /* as given to raw_server_start() */
    int socket;
    int number; /* 1: the first that the server accepted */
};

/* Serve one connection, in a thread of its own; the connection is closed when
 * it returns. It must return once a read or a send fails. */
typedef void raw_serve(struct raw_connection *connection);

/* Start listening. Ends the process if the machine has no port left. */
struct raw_server *raw_server_start(raw_serve *serve, void *context);

/* Cut all connections, join all threads, free. */
void raw_server_free(struct raw_server *server);

int raw_server_port(const struct raw_server *server);

/* Connections accepted so far. */
int raw_server_connections(struct raw_server *server);

/* Requests read whole so far. */
int raw_server_requests(struct raw_server *server);

/* The bytes of one request, in the order in which they were read; borrowed
 * until the server is freed. */
const char *raw_server_request(struct raw_server *server, int index,
                               size_t *length);

/* --- for serve functions ------------------------------------------------- */

/* Read one request: its head, and as much body as Content-Length says. False:
 * the peer has closed. */
MUST_CHECK bool raw_read_request(struct raw_connection *connection);

/* Answer every request with the context, a text; NULL: RAW_ACCEPTED. */
void raw_answer_all(struct raw_connection *connection);

#define RAW_ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

void raw_send(struct raw_connection *connection, const char *text);
void raw_send_bytes(struct raw_connection *connection, const void *bytes,
                    size_t length);

/* Close with a reset instead of an orderly end. */
void raw_reset(struct raw_connection *connection);

/* Say nothing until the peer closes, or the server is freed. */
void raw_wait_for_end(struct raw_connection *connection);

#endif
