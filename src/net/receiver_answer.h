/* receiver_answer.h - what the receiver can answer, as one table: it feeds the
 * HTTP status, the JSON body, the log and the metrics. Pure. */
#ifndef NET_RECEIVER_ANSWER_H
#define NET_RECEIVER_ANSWER_H

#include "base/buf.h"

#include <stdbool.h>

/* RevenueCat takes nothing but 200 as success, and sends all else again. The
 * text is for the sender's eyes: no path, no secret, no hint about
 * credentials. NULL: the request's own detail says it. Seconds of Retry-After;
 * 0: none. The first one is what a forgotten answer would be. */
/* clang-format off */
#define RECEIVER_ANSWERS(ANSWER)                                               \
    /*     constant      status  word            retry  text              */   \
    ANSWER(UNAVAILABLE,  503,    "unavailable",  60,                           \
           "the outbox cannot be written; send it again")                      \
    ANSWER(ACCEPTED,     200,    "accepted",     0,  "")                       \
    ANSWER(DUPLICATE,    200,    "duplicate",    0,  "")                       \
    ANSWER(OK,           200,    "ok",           0,  "")                       \
    ANSWER(REFUSED,      400,    "refused",      0,  NULL)                     \
    ANSWER(UNAUTHORIZED, 401,    "unauthorized", 0,  "not authorized")         \
    ANSWER(NO_PATH,      404,    "not_found",    0,                            \
           "webhooks go to POST /webhooks/revenuecat")                         \
    ANSWER(NO_METHOD,    405,    "wrong_method", 0,  NULL)                     \
    ANSWER(TOO_LARGE,    413,    "too_large",    0,                            \
           "a webhook has at most 1 MiB")                                      \
    ANSWER(BUSY,         503,    "busy",         30,                           \
           "the outbox is locked; send it again")                              \
    ANSWER(FULL,         503,    "full",         60,                           \
           "no room on the disk; send it again")                               \
    ANSWER(OVERLOADED,   503,    "overloaded",   5,                            \
           "too much at once; send it again")                                  \
    ANSWER(NOT_READY,    503,    "not_ready",    5,  NULL)
/* clang-format on */

#define RECEIVER_ANSWER_CONSTANT(constant, status, word, retry, text)          \
    RECEIVER_##constant,
enum receiver_answer {
    RECEIVER_ANSWERS(RECEIVER_ANSWER_CONSTANT) RECEIVER_ANSWER_COUNT
};
#undef RECEIVER_ANSWER_CONSTANT

struct receiver_answer_row {
    int status;
    const char *word;
    int retry_after_s; /* 0: none */
    const char *text;  /* NULL: the detail */
};

extern const struct receiver_answer_row receiver_answers[RECEIVER_ANSWER_COUNT];

/* Append the JSON body. detail is what the answer's text does not say; any
 * text. */
void receiver_answer_write(enum receiver_answer answer, const char *detail,
                           struct buf *out);

#endif
