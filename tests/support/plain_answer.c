#include "support/plain_answer.h"

#include <string.h>

struct http_answer plain_answer(int status, const char *body)
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
