/* http.h - one HTTP call and how it ended: the relay's second seam.
 *
 * The policy here reads answers; src/net/http_curl makes them on real sockets,
 * the simulation makes them up. One thread uses a seam. */
#ifndef DELIVERY_HTTP_H
#define DELIVERY_HTTP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much of an answer is kept; the rest is dropped (design, Security). */
enum { HTTP_MOST_ANSWER_BYTES = 64 * 1024 };

/* A number that the answer did not have. */
#define HTTP_NONE INT64_MIN

struct http_request {
    const char *method; /* constant: "POST" */
    const char *path;   /* "/contacts/5f…"; borrowed until the call is done */
    const char *body;   /* NULL: none; borrowed until the call is done */
    size_t body_length;
};

enum http_end {
    HTTP_ANSWERED, /* status, headers and body are valid */
    HTTP_NOT_SENT, /* no byte of the request left this machine */
    HTTP_UNKNOWN,  /* sent, but no answer: the peer may have acted */
};

/* Why there is no answer. */
enum http_trouble {
    HTTP_NO_TROUBLE,
    HTTP_NO_ADDRESS,  /* the name does not resolve */
    HTTP_REFUSED,     /* no connection */
    HTTP_HANDSHAKE,   /* TLS failed before a byte of the request left */
    HTTP_CERTIFICATE, /* the peer's certificate is not to be trusted */
    HTTP_TIMED_OUT,   /* we closed the connection */
    HTTP_RESET,       /* the peer closed it, or broke the protocol */
    HTTP_STOPPED,     /* we closed it to end in time (--grace) */
    HTTP_RECALLED,    /* we took it back before it was sent */
};

struct http_answer {
    enum http_end end;
    enum http_trouble trouble;
    char trouble_text[160]; /* the library's words; "" when answered */
    int status;
    char request_id[80];   /* X-Request-Id; "" without */
    char link[200];        /* Link; "" without */
    bool is_html;          /* by Content-Type, or the body begins with '<' */
    int64_t quota_limit;   /* X-RateLimit-Limit, or HTTP_NONE */
    int64_t quota_left;    /* X-RateLimit-Remaining, or HTTP_NONE */
    int64_t quota_reset_s; /* X-RateLimit-Reset, unix seconds, or HTTP_NONE */
    int64_t retry_after_s; /* Retry-After as seconds from now, or HTTP_NONE */
    int64_t date_s;        /* Date, unix seconds, or HTTP_NONE */
    const char *body;      /* NUL-terminated; never NULL; borrowed */
    size_t body_length;    /* at most HTTP_MOST_ANSWER_BYTES */
    bool body_was_cut;     /* there was more */
    int64_t started_ms;    /* wall clock */
    int64_t took_ms;
};

struct http_done {
    void *owner;               /* as given to start() */
    struct http_answer answer; /* body borrowed until the next call of any */
};

struct http {
    void *context;
    /* Begin a call; it ends in next_done(), whatever happens. owner must not
     * be NULL. At most the configured number of calls are under way; more are
     * queued. */
    void (*start)(void *context, const struct http_request *request,
                  void *owner);
    /* Take one finished call. False: none has finished. */
    bool (*next_done)(void *context, struct http_done *done);
    /* Move bytes; return when a call may have finished, when descriptor can be
     * read (-1: none), or after at most_ms. */
    void (*wait)(void *context, int descriptor, int64_t most_ms);
    /* Cut every call under way; each ends with HTTP_STOPPED (HTTP_UNKNOWN, or
     * HTTP_NOT_SENT where no byte left). */
    void (*stop)(void *context);
    /* Take back the calls that are queued; each ends with HTTP_RECALLED
     * (HTTP_NOT_SENT). NULL: none are ever queued here. */
    void (*recall)(void *context);
};

#endif
