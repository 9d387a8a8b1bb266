/* plain_answer.h - an answer without a header that the relay reads. */
#ifndef SUPPORT_PLAIN_ANSWER_H
#define SUPPORT_PLAIN_ANSWER_H

#include "delivery/http.h"

/* The body is borrowed; it is HTML if it begins with '<'. The call started at 0
 * and took no time. */
struct http_answer plain_answer(int status, const char *body);

#endif
