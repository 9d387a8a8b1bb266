/* http_wire.h - calls made by a thread of its own: a seam before a seam.
 *
 * So that bytes move while the relay's thread is busy with the outbox, and the
 * other way round. The inner seam is used by the wire's thread alone, from
 * http_wire_new() to http_wire_free(). Everything here is for one thread, the
 * relay's; signals are blocked in the wire's. */
#ifndef NET_HTTP_WIRE_H
#define NET_HTTP_WIRE_H

#include "base/err.h"
#include "delivery/http.h"

struct http_wire; /* owned by who made it */

/* Start the thread; inner is borrowed. At most so many calls are under way
 * there at once; others wait here, and their time begins when they start. Fails
 * with ERR_IO and the like where the system has no thread or descriptor to
 * give. */
MUST_CHECK bool http_wire_new(const struct http *inner, int connections,
                              struct http_wire **wire, struct err *err);

/* The seam for the relay; borrowed. What it is given is borrowed until the
 * call is done, as ever. */
const struct http *http_wire_seam(struct http_wire *wire);

/* Have the wire's thread do something that is about the inner seam (give it
 * another token); returns when it is done. */
void http_wire_do(struct http_wire *wire, void (*work)(void *context),
                  void *context);

/* Cut what is under way and end the thread; the inner seam is the caller's
 * again. NULL is fine. */
void http_wire_free(struct http_wire *wire);

#endif
