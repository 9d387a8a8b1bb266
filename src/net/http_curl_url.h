/* http_curl_url.h - where calls go: the API's URL, checked, and the proxy on
 * the way there. No socket. */
#ifndef NET_HTTP_CURL_URL_H
#define NET_HTTP_CURL_URL_H

#include "base/err.h"

#include <stdbool.h>

/* Check the URL and read https_proxy; see http_curl_new() for what is refused.
 * *url is without final slashes, because paths begin with one; *proxy is "" if
 * there is none. Both are owned by the caller. */
MUST_CHECK bool http_curl_url_read(const char *api_url, bool insecure_http,
                                   char **url, char **proxy, struct err *err);

#endif
