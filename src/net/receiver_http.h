/* receiver_http.h - the receiver's HTTP: connections through libmicrohttpd,
 * requests out of them, answers back.
 *
 * It has no thread and no listening socket of its own: who owns it gives it
 * connections, lets it run, passes its jobs on, and brings them back. What
 * needs the database leaves as a job, with its connection suspended. All
 * times are given, and monotonic. One thread. */
#ifndef NET_RECEIVER_HTTP_H
#define NET_RECEIVER_HTTP_H

#include "base/err.h"
#include "net/receiver_auth.h"
#include "net/receiver_commit.h"
#include "net/receiver_stats.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct receiver_http; /* owned by who made it */

struct receiver_http_options {
    const struct receiver_auth *auth; /* borrowed */
    struct receiver_stats *stats;     /* borrowed */
    const char *tls_certificate;      /* PEM, borrowed; NULL: plain http */
    const char *tls_key;              /* PEM, borrowed */
};

/* Fails with ERR_INVALID (certificate and key do not fit) or ERR_IO. */
MUST_CHECK bool receiver_http_new(const struct receiver_http_options *options,
                                  struct receiver_http **http, struct err *err);

/* All jobs must be back. NULL is fine. */
void receiver_http_free(struct receiver_http *http);

/* Serve a connected socket; takes it over. False: out of memory, it is closed.
 */
MUST_CHECK bool receiver_http_add(struct receiver_http *http, int socket,
                                  const struct sockaddr *peer,
                                  socklen_t peer_length, int64_t now_ms);

/* Becomes readable when there is something to run for; borrowed. */
int receiver_http_descriptor(const struct receiver_http *http);

/* Run at the latest in so many milliseconds; INT64_MAX: the descriptor tells.
 */
int64_t receiver_http_wait_ms(const struct receiver_http *http, int64_t now_ms);

/* Move bytes, take requests, send answers; cut who is late. */
void receiver_http_run(struct receiver_http *http, int64_t now_ms);

/* Take the jobs that have gathered. */
void receiver_http_take_jobs(struct receiver_http *http,
                             struct receiver_jobs *jobs);

/* These are done: send their answers. */
void receiver_http_finish(struct receiver_http *http,
                          struct receiver_jobs *jobs, int64_t now_ms);

/* The connections that are open. */
int receiver_http_count(const struct receiver_http *http);

/* Close the connection that has been idle longest, to make room for another
 * one. False: there is none. It is gone after the next run. */
bool receiver_http_make_room(struct receiver_http *http);

/* Close what has no request under way; with all: cut everything. */
void receiver_http_empty(struct receiver_http *http, bool all);

#endif
