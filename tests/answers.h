/* answers.h - answers for tests of the delivery floor, as short as they can
 * be written. */
#ifndef TESTS_ANSWERS_H
#define TESTS_ANSWERS_H

#include "support/plain_answer.h"

static inline struct http_answer no_answer(enum http_end end,
                                           enum http_trouble trouble)
{
    struct http_answer answer = plain_answer(0, "");
    answer.end = end;
    answer.trouble = trouble;
    return answer;
}

#define ERROR_LIST(code, message)                                              \
    "{\"type\":\"error.list\",\"request_id\":\"0028f3k1qq7b\",\"errors\":[{"   \
    "\"code\":\"" code "\",\"message\":\"" message "\"}]}"

#endif
