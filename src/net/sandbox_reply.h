/* sandbox_reply.h - one answer of the sandbox before it becomes bytes, and the
 * words of Intercom's errors. Pure. */
#ifndef NET_SANDBOX_REPLY_H
#define NET_SANDBOX_REPLY_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* A UUID and its NUL. */
enum { SANDBOX_REQUEST_ID_BYTES = 37 };

struct sandbox_reply {
    int status;
    const char *content_type; /* static; NULL: no body */
    struct buf body;          /* owned */
    char link[80];            /* the Link header; "": none */
    char request_id[SANDBOX_REQUEST_ID_BYTES];
    bool has_quota; /* the next three are sent as X-RateLimit-* */
    int64_t quota_limit;
    int64_t quota_remaining;
    int64_t quota_reset_s;
    /* A body too large to hold: rows of the world, written one by one. */
    struct sandbox_listing *listing; /* owned; NULL: body */
};

/* Make an answer for request number `number`, whose id follows from seed. */
void sandbox_reply_init(struct sandbox_reply *reply, uint64_t seed,
                        uint64_t number);
void sandbox_reply_free(struct sandbox_reply *reply);

/* Become an error.list of one error. field NULL: none. What was in the body is
 * forgotten. */
void sandbox_reply_error(struct sandbox_reply *reply, int status,
                         const char *code, const char *field,
                         const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Become the error that Intercom sends with this status when nothing more is
 * known. False: no such status. */
bool sandbox_reply_status(struct sandbox_reply *reply, int status);

/* Become an HTML page, as gateways and captive portals send. */
void sandbox_reply_html(struct sandbox_reply *reply, int status);

#endif
