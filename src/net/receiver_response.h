/* receiver_response.h - the receiver's answers as libmicrohttpd sends them:
 * status, headers and body of each row of receiver_answer.h, and the page of
 * metrics. Those that are always the same are made once. One thread. */
#ifndef NET_RECEIVER_RESPONSE_H
#define NET_RECEIVER_RESPONSE_H

#include "base/buf.h"
#include "net/receiver_answer.h"
#include "net/receiver_request.h"

#include <microhttpd.h>

struct receiver_responses {
    /* Owned; NULL: the detail is part of it, it is made each time. */
    struct MHD_Response *fixed[RECEIVER_ANSWER_COUNT];
};

void receiver_responses_init(struct receiver_responses *responses);
/* What was given has to be back. */
void receiver_responses_free(struct receiver_responses *responses);

/* The response to a request that has its answer; with a text that is not empty
 * that is the page, and the text is taken over. Give it back with _put(). NULL:
 * out of memory. */
struct MHD_Response *
receiver_responses_get(struct receiver_responses *responses,
                       const struct receiver_request *request,
                       struct buf *text);
void receiver_responses_put(struct receiver_responses *responses,
                            struct MHD_Response *response);

#endif
