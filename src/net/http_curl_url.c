#include "net/http_curl_url.h"

#include "base/mem.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool host_is_loopback(const char *host)
{
    struct in_addr address;
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 &&
            text_has_prefix(host, "127."));
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *value = NULL;
    bool has = curl_url_get(url, part, &value, 0) == 0;
    curl_free(value);
    return has;
}

/* "https:///v1": libcurl would take the path's first part for the host. */
static bool lacks_host(const char *api_url)
{
    const char *behind = strstr(api_url, "://");
    return behind != NULL && behind[3] == '/';
}

/* Read scheme and host. The text of a URL that may hold credentials is not
 * repeated. */
static bool check_url(CURLU *url, const char *api_url, char **scheme,
                      char **host, struct err *err)
{
    if (strchr(api_url, '@') != NULL)
        return err_set(err, ERR_INVALID,
                       "the API URL has credentials in it; use --token-file");
    if (url == NULL || lacks_host(api_url) ||
        curl_url_set(url, CURLUPART_URL, api_url, 0) != 0 ||
        curl_url_get(url, CURLUPART_SCHEME, scheme, 0) != 0 ||
        curl_url_get(url, CURLUPART_HOST, host, 0) != 0 ||
        (strcmp(*scheme, "http") != 0 && strcmp(*scheme, "https") != 0) ||
        has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
        return err_set(err, ERR_INVALID,
                       "%s: not scheme, host and port; for example "
                       "https://api.intercom.io",
                       api_url);
    return true;
}

/* Check the URL; tell whether its host is this machine and it is https. */
static bool read_url(const char *api_url, bool *is_loopback, bool *is_https,
                     struct err *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    bool valid = check_url(url, api_url, &scheme, &host, err);
    if (valid) {
        *is_loopback = host_is_loopback(host);
        *is_https = strcmp(scheme, "https") == 0;
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return valid;
}

/* Paths begin with one. */
static char *copy_without_final_slash(const char *api_url)
{
    size_t length = strlen(api_url);
    while (length > 0 && api_url[length - 1] == '/')
        length--;
    return mem_copy_bytes(api_url, length);
}

static const char *proxy_from_environment(bool is_loopback, bool is_https)
{
    if (is_loopback || !is_https)
        return "";
    const char *proxy = getenv("https_proxy");
    if (proxy == NULL)
        proxy = getenv("HTTPS_PROXY");
    return proxy == NULL ? "" : proxy;
}

bool http_curl_url_read(const char *api_url, bool insecure_http, char **url,
                        char **proxy, struct err *err)
{
    bool is_loopback;
    bool is_https;
    if (!read_url(api_url, &is_loopback, &is_https, err))
        return false;
    if (!is_https && !is_loopback && !insecure_http)
        return err_set(err, ERR_INVALID,
                       "%s: plain http would show the token to everyone on "
                       "the way; use https (or --insecure-http)",
                       api_url);
    *url = copy_without_final_slash(api_url);
    *proxy = mem_copy_text(proxy_from_environment(is_loopback, is_https));
    return true;
}
