/* answers.h - answers for tests of the delivery floor, as short as they can
 * be written. */
#ifndef TESTS_ANSWERS_H
#define TESTS_ANSWERS_H

#include "delivery/http.h"

#include <string.h>

/* An answer with a body; HTML if it begins with '<'. The body is borrowed. */
static inline struct http_answer answer_of(int status, const char *body)
{
    return (struct http_answer){
        .end = HTTP_ANSWERED,
        .status = status,
        .body = body,
        .body_length = strlen(body),
        .is_html = body[0] == '<',
        .quota_limit = HTTP_NONE,
        .quota_left = HTTP_NONE,
        .quota_reset_s = HTTP_NONE,
        .retry_after_s = HTTP_NONE,
        .date_s = HTTP_NONE,
    };
}

static inline struct http_answer no_answer(enum http_end end,
                                           enum http_trouble trouble)
{
    struct http_answer answer = answer_of(0, "");
    answer.end = end;
    answer.trouble = trouble;
    return answer;
}

#define ERROR_LIST(code, message)                                              \
    "{\"type\":\"error.list\",\"request_id\":\"0028f3k1qq7b\",\"errors\":[{"   \
    "\"code\":\"" code "\",\"message\":\"" message "\"}]}"

#endif
