/* receiver_request.h - one request, from its head to what becomes of it: the
 * rules of the receiver, without sockets, clock or database.
 *
 * begin() judges the head, take() gathers or drops the body, end() says what
 * is to be done. One thread. */
#ifndef NET_RECEIVER_REQUEST_H
#define NET_RECEIVER_REQUEST_H

#include "base/buf.h"
#include "net/receiver_answer.h"
#include "net/receiver_auth.h"
#include "net/receiver_stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RECEIVER_MOST_BODY_BYTES = 1024 * 1024, /* of a webhook (design) */
    /* What is not taken is read and dropped up to here, so that the sender
     * comes to read the answer. */
    RECEIVER_MOST_DROPPED_BYTES = 4 * 1024 * 1024,
};

/* What the bodies of all requests together may take. */
struct receiver_budget {
    size_t held_bytes;
    size_t most_bytes;
};

/* Borrowed, during receiver_request_begin(). NULL: no such header. */
struct receiver_head {
    const char *method;
    const char *path;
    const char *authorization;
    const char *signature;
    const char *content_length;
};

struct receiver_request {
    const struct receiver_auth *auth; /* borrowed */
    struct receiver_budget *budget;   /* borrowed */
    enum receiver_route route;
    char *signature; /* owned; NULL: none */
    struct buf body;
    size_t read_bytes; /* of the body, dropped ones included */
    bool has_answer;
    enum receiver_answer answer;
    char detail[160]; /* for the sender, where the answer has no text */
    char cause[256];  /* for the log; "" where the answer says all */
};

/* Begin with the head. False: the body would be too large to be read and
 * dropped; answer at once (request->answer) and close. True: read the body. */
bool receiver_request_begin(struct receiver_request *request,
                            const struct receiver_auth *auth,
                            struct receiver_budget *budget,
                            const struct receiver_head *head);

/* A piece of the body. False: the body is endless; cut the connection. */
bool receiver_request_take(struct receiver_request *request, const char *bytes,
                           size_t length);

enum receiver_next {
    RECEIVER_NEXT_ANSWER,  /* request->answer */
    RECEIVER_NEXT_COMMIT,  /* request->body is a webhook: commit it */
    RECEIVER_NEXT_READY,   /* see whether we are ready */
    RECEIVER_NEXT_METRICS, /* gather the metrics */
};

/* The body is there. */
enum receiver_next receiver_request_end(struct receiver_request *request,
                                        int64_t now_ms);

/* Set the answer; detail and cause may be NULL. */
void receiver_request_answer(struct receiver_request *request,
                             enum receiver_answer answer, const char *detail,
                             const char *cause);

/* Free it, and give the budget back. A zeroed one is fine. */
void receiver_request_free(struct receiver_request *request);

/* The methods that a path takes, as Allow says them. */
const char *receiver_route_methods(enum receiver_route route);

#endif
