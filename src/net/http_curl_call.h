/* http_curl_call.h - one HTTP call on an easy handle of libcurl's, which is
 * used again and again: what it sends, and what came of it.
 *
 * It opens no connection: whoever owns it gives the handle to libcurl between
 * _begin() and _end() or _cut(). One thread. */
#ifndef NET_HTTP_CURL_CALL_H
#define NET_HTTP_CURL_CALL_H

#include "base/buf.h"
#include "delivery/http.h"
#include "net/http_curl_head.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/* --- headers ------------------------------------------------------------- */

/* What every call with this token sends. Freed when it is released as often as
 * it was made (1) and held by a call. */
struct http_curl_headers;

struct http_curl_headers *http_curl_headers_new(const char *token);
void http_curl_headers_release(struct http_curl_headers *headers);

/* --- one call ------------------------------------------------------------ */

struct http_curl_call {
    CURL *easy;                        /* owned */
    CURLU *url;                        /* owned: of the call before, or this */
    char *path;                        /* owned: what url ends with; or NULL */
    const char *api_url;               /* borrowed */
    struct http_curl_headers *headers; /* held between begin and end; or NULL */
    struct buf body;
    struct http_answer answer; /* valid behind the end; borrows body */
    struct http_curl_head head;
    bool may_have_left; /* a byte of the request may be on its way */
};

/* Set once what is the same for all calls. api_url is borrowed, and is one that
 * http_curl_url_read() takes. proxy "": none. The call must not move until it
 * is freed: libcurl writes to it. */
void http_curl_call_init(struct http_curl_call *call, const char *api_url,
                         const char *proxy, int64_t timeout_ms);
void http_curl_call_free(struct http_curl_call *call);

/* Forget the call before, and make the handle ready for this request; its body
 * is borrowed until the end. */
void http_curl_call_begin(struct http_curl_call *call,
                          struct http_curl_headers *headers,
                          const struct http_request *request);

/* libcurl is done with it, with this code: answer is valid. */
void http_curl_call_end(struct http_curl_call *call, CURLcode code);
/* It was taken from libcurl before: answer says so, in words for a person. */
void http_curl_call_cut(struct http_curl_call *call, enum http_trouble trouble,
                        const char *words);

#endif
