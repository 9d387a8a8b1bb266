/* http_curl_head.h - reads the headers of one answer, a line at a time as
 * libcurl hands them over. No socket, no clock. */
#ifndef NET_HTTP_CURL_HEAD_H
#define NET_HTTP_CURL_HEAD_H

#include "delivery/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_curl_head {
    int64_t retry_at_s; /* Retry-After as a date, or HTTP_NONE */
    bool is_whole;      /* the empty line behind the headers has come */
};

/* Forget what an answer said: numbers are HTTP_NONE, texts empty. */
void http_curl_head_clear(struct http_curl_head *head,
                          struct http_answer *answer);

/* Take one line, its end included. A status line forgets what came before: an
 * interim answer (100, 103). A number that is none, or over 10^12, counts as
 * absent. */
void http_curl_head_take_line(struct http_curl_head *head,
                              struct http_answer *answer, const char *line,
                              size_t length);

/* All lines are there: a Retry-After that is a date becomes seconds from Date,
 * or from now_s (unix) without one. */
void http_curl_head_end(const struct http_curl_head *head,
                        struct http_answer *answer, int64_t now_s);

#endif
