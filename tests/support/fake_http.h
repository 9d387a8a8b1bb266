/* fake_http.h - an HTTP seam without a network, under a fake clock.
 *
 * Owns the calls under way and their times. Who answers is a server that the
 * maker names: tests have support/fake_intercom.h, the simulation its own.
 * Every call is kept, with its times, for a test to look at. */
#ifndef SUPPORT_FAKE_HTTP_H
#define SUPPORT_FAKE_HTTP_H

#include "delivery/http.h"
#include "support/fake_clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_MOST_CALLS = 20000 };

struct fake_http; /* owned by who made it */

struct fake_call {
    char request[200];  /* "POST /contacts" */
    char *body;         /* "" without; owned */
    char user[120];     /* whose, as far as the server knows; "" else */
    int64_t started_ms; /* monotonic */
    int64_t ended_ms;   /* -1: under way */
    enum http_end end;
    int status;
};

/* A call under way, as its server sees it. */
struct fake_exchange {
    const struct http_request *request; /* during take() only */
    void *owner;                        /* as given to start() */
    struct fake_call *call;
    struct http_answer answer; /* 200 without any header at first */
    char *body;                /* of the answer; owned; NULL: "" */
    int64_t due_ms;            /* monotonic: when it ends */
    void *note;                /* the server's own */
};

/* Who answers. context is borrowed. */
struct fake_server {
    void *context;
    /* A request has come: say when it ends, and name its user. What it does
     * may be done now, or at its end. */
    void (*take)(void *context, struct fake_exchange *exchange);
    /* Its time has come; NULL: take() has filled the answer. */
    void (*answer)(void *context, struct fake_exchange *exchange);
    /* It is cut before that; NULL: nothing is to be done. What the client sees
     * is filled by the seam. */
    void (*cut)(void *context, struct fake_exchange *exchange);
};

/* The clock is borrowed, the server copied. */
struct fake_http *fake_http_new(struct fake_clock *clock,
                                const struct fake_server *server);
void fake_http_free(struct fake_http *fake);
const struct http *fake_http_seam(struct fake_http *fake);

/* End every call under way now, as its server answers, though nobody may take
 * the answers for long: the client's process has been halted. */
void fake_http_end_all(struct fake_http *fake);

/* The calls so far. */
int fake_http_calls(const struct fake_http *fake);
const struct fake_call *fake_http_call(const struct fake_http *fake, int index);
/* How many of them begin with request (NULL: all) and are of user (NULL:
 * anyone's). */
int fake_http_count(const struct fake_http *fake, const char *request,
                    const char *user);
int fake_http_under_way(const struct fake_http *fake);
/* How many of them are of this user. */
int fake_http_under_way_of(const struct fake_http *fake, const char *user);
/* The most that were under way together. */
int fake_http_most_under_way(const struct fake_http *fake);

/* How often what is queued was to be taken back. */
int fake_http_recalls(const struct fake_http *fake);

/* When the next call ends (monotonic); INT64_MAX: none is under way. */
int64_t fake_http_next_end_ms(const struct fake_http *fake);

#endif
