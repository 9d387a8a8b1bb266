/* bodies.h - webhook bodies out of a stream, one at a time, with their lines.
 *
 * What is read: objects one after the other, each on one line or on many, with
 * or without a line's end between them; or a list of objects; or both. Commas
 * between them, blank lines, CRLF and a UTF-8 byte order mark at the front are
 * left out. Nothing at all is fine, too.
 *
 * What is wrong is refused with its line and a reason, and takes nothing good
 * with it (see resync.h for where the next body is looked for):
 * - what is not JSON by RFC 8259: strict, as the database is;
 * - what is JSON but not an object;
 * - a body over EVENT_MOST_BYTES, which is read to its end and dropped;
 * - a body or a list that has not ended when the stream does.
 * Each line outside of an object is refused of its own, so that a stream with
 * one body a line gives exactly one result a line that is not blank.
 * Whether a body is a webhook is event_parse()'s business.
 *
 * Needs 2.1 MiB at most, whatever comes. One owner, one thread. */
#ifndef CLI_BODIES_H
#define CLI_BODIES_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct bodies;

struct body {
    const char *bytes; /* borrowed until the next call */
    size_t length;
    int64_t line;     /* on which it begins; the first is 1 */
    const char *file; /* of body_files: borrowed as they are; else NULL */
};

enum bodies_result {
    BODIES_ONE,        /* *body is filled */
    BODIES_REFUSED,    /* body->line and file are valid; err says why */
    BODIES_UNREADABLE, /* err says why; there is no more to come from there */
    BODIES_END,
};

/* Read from a descriptor (borrowed; open for reading, and blocking). */
struct bodies *bodies_new(int descriptor);
void bodies_free(struct bodies *bodies);

/* Call function(context) before each read that would have to wait for more
 * input (a pipe, a terminal), so that what came so far can be finished. */
void bodies_on_wait(struct bodies *bodies, void (*function)(void *context),
                    void *context);

/* The next body, or what is wrong. A body is returned as soon as its last byte
 * has been read. */
MUST_CHECK enum bodies_result bodies_next(struct bodies *bodies,
                                          struct body *body, struct err *err);

#endif
