#include "net/receiver_request.h"

#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *path;
    const char *methods;
} routes[] = {
#define ROW(constant, path, word, methods)                                     \
    [RECEIVER_ROUTE_##constant] = {path, methods},
    RECEIVER_ROUTES(ROW)
#undef ROW
};

const char *receiver_route_methods(enum receiver_route route)
{
    return routes[route].methods;
}

static enum receiver_route find_route(const char *path)
{
    for (size_t i = 0; i < RECEIVER_ROUTE_OTHER; i++) {
        if (text_equals(routes[i].path, path))
            return (enum receiver_route)i;
    }
    return RECEIVER_ROUTE_OTHER;
}

/* One of a list of words with commas between them. */
static bool takes_method(enum receiver_route route, const char *method)
{
    size_t length = strlen(method);
    const char *at = routes[route].methods;
    while (*at != '\0') {
        size_t word = strcspn(at, ",");
        if (word == length && strncmp(at, method, length) == 0)
            return true;
        at += word;
        at += strspn(at, ", ");
    }
    return false;
}

void receiver_request_answer(struct receiver_request *request,
                             enum receiver_answer answer, const char *detail,
                             const char *cause)
{
    request->has_answer = true;
    request->answer = answer;
    text_copy(request->detail, sizeof(request->detail),
              detail == NULL ? "" : detail);
    text_copy(request->cause, sizeof(request->cause),
              cause == NULL ? "" : cause);
}

/* Credentials are looked at before anything that costs. */
static void judge_head(struct receiver_request *request,
                       const struct receiver_head *head)
{
    struct err err;
    char text[160];
    if (request->route == RECEIVER_ROUTE_OTHER) {
        receiver_request_answer(request, RECEIVER_NO_PATH, NULL, NULL);
    } else if (!takes_method(request->route, head->method)) {
        (void)snprintf(text, sizeof(text), "this path takes %s",
                       routes[request->route].methods);
        receiver_request_answer(request, RECEIVER_NO_METHOD, text, NULL);
    } else if (request->route == RECEIVER_ROUTE_WEBHOOK &&
               !receiver_auth_check_value(request->auth, head->authorization,
                                          &err)) {
        receiver_request_answer(request, RECEIVER_UNAUTHORIZED, NULL, err.text);
    }
}

static void answer_too_large(struct receiver_request *request)
{
    receiver_request_answer(request, RECEIVER_TOO_LARGE, NULL, NULL);
}

bool receiver_request_begin(struct receiver_request *request,
                            const struct receiver_auth *auth,
                            struct receiver_budget *budget,
                            const struct receiver_head *head)
{
    *request = (struct receiver_request){.auth = auth, .budget = budget};
    buf_init(&request->body, RECEIVER_MOST_BODY_BYTES);
    request->route = find_route(head->path);
    judge_head(request, head);
    if (!request->has_answer && receiver_auth_needs_body(auth))
        request->signature = mem_copy_text(head->signature);

    int64_t length = 0;
    /* Numbers beyond any are libmicrohttpd's to refuse. */
    if (head->content_length == NULL ||
        !text_parse_int64(head->content_length, 0, INT64_MAX, &length))
        return true;
    if (!request->has_answer && length > RECEIVER_MOST_BODY_BYTES)
        answer_too_large(request);
    return length <= RECEIVER_MOST_DROPPED_BYTES;
}

static void drop_body(struct receiver_request *request)
{
    request->budget->held_bytes -= request->body.length;
    buf_free(&request->body);
}

bool receiver_request_take(struct receiver_request *request, const char *bytes,
                           size_t length)
{
    request->read_bytes += length;
    if (request->read_bytes > RECEIVER_MOST_DROPPED_BYTES)
        return false;
    if (request->has_answer || request->route != RECEIVER_ROUTE_WEBHOOK)
        return true;
    if (request->read_bytes > RECEIVER_MOST_BODY_BYTES) {
        answer_too_large(request);
        drop_body(request);
    } else if (length >
               request->budget->most_bytes - request->budget->held_bytes) {
        receiver_request_answer(request, RECEIVER_OVERLOADED, NULL,
                                "the bodies of all requests together have "
                                "reached their limit");
        drop_body(request);
    } else {
        buf_add(&request->body, bytes, length);
        request->budget->held_bytes += length;
    }
    return true;
}

enum receiver_next receiver_request_end(struct receiver_request *request,
                                        int64_t now_ms)
{
    struct err err;
    if (request->has_answer)
        return RECEIVER_NEXT_ANSWER;
    switch (request->route) {
    case RECEIVER_ROUTE_READY:
        return RECEIVER_NEXT_READY;
    case RECEIVER_ROUTE_METRICS:
        return RECEIVER_NEXT_METRICS;
    case RECEIVER_ROUTE_WEBHOOK:
        if (receiver_auth_check_signature(request->auth, request->signature,
                                          buf_text(&request->body),
                                          request->body.length, now_ms, &err))
            return RECEIVER_NEXT_COMMIT;
        receiver_request_answer(request, RECEIVER_UNAUTHORIZED, NULL, err.text);
        return RECEIVER_NEXT_ANSWER;
    default:
        receiver_request_answer(request, RECEIVER_OK, NULL, NULL);
        return RECEIVER_NEXT_ANSWER;
    }
}

void receiver_request_free(struct receiver_request *request)
{
    if (request->budget != NULL)
        drop_body(request);
    free(request->signature);
    *request = (struct receiver_request){.signature = NULL};
}
