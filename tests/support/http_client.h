/* http_client.h - the client under test, and calls made with it one after the
 * other or together. */
#ifndef SUPPORT_HTTP_CLIENT_H
#define SUPPORT_HTTP_CLIENT_H

#include "net/http_curl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What most of them ask for. */
extern const struct http_request client_get_me;
extern const struct http_request client_post_event;

struct client {
    struct http_curl *http;
    const struct http *seam;
};

/* One call and how it ended. */
struct client_call {
    struct http_request request;
    bool is_done;
    struct http_answer answer; /* its body is owned, client_call_free() */
};

/* A client of http://127.0.0.1:port. Fails the test if it can't be made. */
void client_open(struct client *client, int port, int64_t timeout_ms);

/* The same with every option; see http_curl.h. */
void client_open_with(struct client *client,
                      const struct http_curl_options *options);
void client_close(struct client *client);

/* Start a call; it is done when client_finish() says so. */
void client_start(struct client *client, struct client_call *call);

/* Move bytes until the call is done. Other calls go on meanwhile. */
void client_finish(struct client *client, struct client_call *call);

/* Both. A call can be made again: what its answer held is freed. */
void client_call(struct client *client, struct client_call *call);

/* Take what has ended already, without waiting. */
void client_take_done(struct client *client);

void client_call_free(struct client_call *call);

/* Fail the test unless the call is done and ended so, with words for it. */
void client_expect_end(const struct client_call *call, enum http_end end,
                       enum http_trouble trouble);

#endif
