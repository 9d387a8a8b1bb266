#include "net/receiver_response.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_BYTES = 1024 };

static void add_header(struct MHD_Response *response, const char *name,
                       const char *value)
{
    (void)MHD_add_response_header(response, name, value);
}

/* The answer's body and its headers; NULL: out of memory. */
static struct MHD_Response *make_response(enum receiver_answer answer,
                                          const char *detail)
{
    struct buf body;
    buf_init(&body, ANSWER_BYTES);
    receiver_answer_write(answer, detail, &body);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.length, body.bytes, MHD_RESPMEM_MUST_COPY);
    buf_free(&body);
    if (response == NULL)
        return NULL;
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (receiver_answers[answer].retry_after_s > 0) {
        char seconds[16];
        (void)snprintf(seconds, sizeof(seconds), "%d",
                       receiver_answers[answer].retry_after_s);
        add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    if (answer == RECEIVER_TOO_LARGE)
        add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

/* Takes over the text. */
static struct MHD_Response *make_metrics(struct buf *text)
{
    size_t length = text->length;
    char *bytes = buf_take(text);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        free(bytes);
    else
        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                   "text/plain; version=0.0.4; charset=utf-8");
    return response;
}

void receiver_responses_init(struct receiver_responses *responses)
{
    *responses = (struct receiver_responses){.fixed = {NULL}};
    for (int i = 0; i < RECEIVER_ANSWER_COUNT; i++) {
        if (receiver_answers[i].text != NULL)
            responses->fixed[i] = make_response((enum receiver_answer)i, "");
    }
}

void receiver_responses_free(struct receiver_responses *responses)
{
    for (int i = 0; i < RECEIVER_ANSWER_COUNT; i++) {
        if (responses->fixed[i] != NULL)
            MHD_destroy_response(responses->fixed[i]);
    }
}

struct MHD_Response *
receiver_responses_get(struct receiver_responses *responses,
                       const struct receiver_request *request, struct buf *text)
{
    if (text->length > 0)
        return make_metrics(text);
    if (responses->fixed[request->answer] != NULL)
        return responses->fixed[request->answer];
    struct MHD_Response *response =
        make_response(request->answer, request->detail);
    if (response != NULL && request->answer == RECEIVER_NO_METHOD)
        add_header(response, MHD_HTTP_HEADER_ALLOW,
                   receiver_route_methods(request->route));
    return response;
}

void receiver_responses_put(struct receiver_responses *responses,
                            struct MHD_Response *response)
{
    for (int i = 0; i < RECEIVER_ANSWER_COUNT; i++) {
        if (response == responses->fixed[i])
            return;
    }
    MHD_destroy_response(response);
}
