/* http_curl.h - HTTP calls on real sockets: libcurl's multi interface.
 *
 * Keep-alive connections to one host, HTTP/1.1 only (Debian's libcurl 7.88
 * failed sporadically on HTTP/2), TLS always verified, redirects never
 * followed. One thread each; a relay has two, on threads of their own
 * (http_wire.h).
 *
 * Connections share the authorities that they trust, which are read from
 * libcurl's file of them once a day, and again after a certificate was refused.
 *
 * libcurl itself sends a request again on a fresh connection when the one it
 * reused turns out closed before a byte of answer came. That is the same bytes
 * again, which promise 3 allows. */
#ifndef NET_HTTP_CURL_H
#define NET_HTTP_CURL_H

#include "base/err.h"
#include "delivery/http.h"

#include <stdbool.h>
#include <stdint.h>

struct http_curl; /* owned by who made it */

struct http_curl_options {
    const char *api_url; /* scheme, host, port, maybe a path; copied */
    const char *token;   /* copied; sent as Authorization: Bearer */
    int connections;     /* calls under way at once; > 0 */
    int64_t timeout_ms;  /* of one call */
    bool insecure_http;  /* allow http:// to other than loopback */
};

/* Make a client. Fails with ERR_INVALID for a URL that is none, has
 * credentials, or is plain http to another host than loopback without
 * insecure_http (a token would travel in clear). The proxy is read from
 * https_proxy here, once; loopback is never proxied. */
MUST_CHECK bool http_curl_new(const struct http_curl_options *options,
                              struct http_curl **http, struct err *err);

/* Send this token from the next call on; copied. */
void http_curl_set_token(struct http_curl *http, const char *token);

/* The proxy that calls go through, without its password; "": none. Borrowed.
 */
const char *http_curl_proxy(const struct http_curl *http);

/* The seam for the relay; borrowed. Its context lives as long as *http. */
const struct http *http_curl_seam(struct http_curl *http);

/* Cut what is under way and free all. NULL is fine. */
void http_curl_free(struct http_curl *http);

#endif
