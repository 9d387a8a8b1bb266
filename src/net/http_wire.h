/* http_wire.h - calls made by threads of their own: a seam before a seam.
 *
 * So that bytes move while the relay's thread is busy with the outbox, and the
 * other way round. There are two such threads, with half of the connections
 * each: what one sends wakes whoever answers, and where that is on the same
 * machine he takes its processor, while the other goes on. What waits for a
 * connection waits for either.
 *
 * Each thread has an inner seam, which it alone uses from http_wire_new() to
 * http_wire_free(). Everything here is for one thread, the relay's; signals are
 * blocked in the others. */
#ifndef NET_HTTP_WIRE_H
#define NET_HTTP_WIRE_H

#include "base/err.h"
#include "delivery/http.h"

struct http_wire; /* owned by who made it */

enum { HTTP_WIRE_MOST_THREADS = 2 };

/* How many threads so many connections are for. */
int http_wire_threads(int connections);

/* How many of the connections one of them has. */
int http_wire_share(int connections, int index);

/* Start http_wire_threads() of them; inner has a seam for each, all borrowed.
 * At most so many calls are under way at once; others wait here, and their time
 * begins when they start. Fails with ERR_IO and the like where the system has
 * no thread or descriptor to give. */
MUST_CHECK bool http_wire_new(const struct http *const *inner, int connections,
                              struct http_wire **wire, struct err *err);

/* The seam for the relay; borrowed. What it is given is borrowed until the
 * call is done, as ever. */
const struct http *http_wire_seam(struct http_wire *wire);

/* Have each thread do something about its inner seam (give it another token);
 * returns when all have. */
void http_wire_do(struct http_wire *wire,
                  void (*work)(const struct http *inner, void *context),
                  void *context);

/* Cut what is under way and end the threads; the inner seams are the caller's
 * again. NULL is fine. */
void http_wire_free(struct http_wire *wire);

#endif
