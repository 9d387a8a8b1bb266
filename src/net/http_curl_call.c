#include "net/http_curl_call.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "delivery/intercom.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CONNECT_MS = 10 * 1000 };

struct http_curl_headers {
    struct curl_slist *list;
    int holders;
};

/* --- headers of a request ------------------------------------------------ */

struct http_curl_headers *http_curl_headers_new(const char *token)
{
    static const char *const constant[] = {
        "Intercom-Version: " INTERCOM_VERSION,
        "Content-Type: application/json",
        "Accept: application/json",
        "Expect:", /* no 100-continue: it costs a round trip */
        NULL,
    };
    struct http_curl_headers *made = mem_new(sizeof(*made));
    struct buf line;
    buf_init(&line, 16 * 1024);
    buf_add_format(&line, "Authorization: Bearer %s", token);
    made->list = curl_slist_append(NULL, buf_text(&line));
    buf_free(&line);
    for (size_t i = 0; constant[i] != NULL; i++)
        made->list = curl_slist_append(made->list, constant[i]);
    made->holders = 1;
    return made;
}

void http_curl_headers_release(struct http_curl_headers *headers)
{
    if (--headers->holders > 0)
        return;
    curl_slist_free_all(headers->list);
    free(headers);
}

/* --- an answer comes in --------------------------------------------------- */

static void copy_text(char *out, size_t size, const char *text)
{
    text_copy(out, size, text);
    text_make_one_line(out);
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct http_curl_call *call = context;
    http_curl_head_take_line(&call->head, &call->answer, line, size * count);
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_curl_call *call = context;
    size_t length = size * count;
    size_t room = call->body.maximum - call->body.length;
    if (length > room)
        call->answer.body_was_cut = true;
    buf_add(&call->body, bytes, length < room ? length : room);
    return length;
}

/* libcurl is about to send the request, for the first time or again. */
static int on_sending(void *context, char *address, char *local_address,
                      int port, int local_port)
{
    struct http_curl_call *call = context;
    (void)address;
    (void)local_address;
    (void)port;
    (void)local_port;
    call->may_have_left = true;
    return CURL_PREREQFUNC_OK;
}

/* --- one call ------------------------------------------------------------ */

/* The authorities that may vouch for a server take 0.8 MB and some 10 ms to
 * read. libcurl reads them once for all connections only where they come from a
 * file alone; Debian's looks into a directory, too, which has the same ones. */
static void share_authorities(CURL *easy)
{
    char *file = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_CAINFO, &file);
    if (file == NULL)
        return;
    (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
}

/* Every option that is the same for all calls is set once. */
void http_curl_call_init(struct http_curl_call *call, const char *api_url,
                         const char *proxy, int64_t timeout_ms)
{
    CURL *easy = curl_easy_init();
    CURLU *url = curl_url();
    if (easy == NULL || url == NULL)
        abort(); /* libcurl is out of memory: as base/mem.h */
    *call =
        (struct http_curl_call){.easy = easy, .url = url, .api_url = api_url};
    buf_init(&call->body, HTTP_MOST_ANSWER_BYTES);
    int64_t connect_ms =
        timeout_ms < MOST_CONNECT_MS ? timeout_ms : MOST_CONNECT_MS;
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                           (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Names are looked up in a thread. Who gives up must not wait for it: a
     * name server that is silent would hold up every other call, and the end.
     */
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CURLU, url);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, proxy);
    if (proxy[0] == '\0') /* nor are exceptions to look up for each call */
        (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_sending);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    share_authorities(easy);
}

void http_curl_call_free(struct http_curl_call *call)
{
    curl_easy_cleanup(call->easy);
    curl_url_cleanup(call->url);
    free(call->path);
    buf_free(&call->body);
}

/* libcurl parses a URL that it gets as a text anew for each call, and nearly
 * all calls go to where the one before went. */
static void set_path(struct http_curl_call *call, const char *path)
{
    if (text_equals(call->path, path))
        return;
    struct buf url;
    buf_init(&url, 8 * 1024);
    buf_add_text(&url, call->api_url);
    buf_add_text(&url, path);
    assert(!url.overflow);
    if (curl_url_set(call->url, CURLUPART_URL, buf_text(&url), 0) != CURLUE_OK)
        abort(); /* out of memory: it is known to be a URL */
    buf_free(&url);
    free(call->path);
    call->path = mem_copy_text(path);
}

static void set_method(CURL *easy, const struct http_request *request)
{
    if (request->body == NULL && strcmp(request->method, "GET") == 0) {
        (void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
        return;
    }
    (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t)request->body_length);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                           request->body == NULL ? "" : request->body);
}

void http_curl_call_begin(struct http_curl_call *call,
                          struct http_curl_headers *headers,
                          const struct http_request *request)
{
    call->may_have_left = false;
    buf_clear(&call->body);
    call->answer = (struct http_answer){
        .body = "",
        .started_ms = clock_wall_ms(clock_system()),
    };
    http_curl_head_clear(&call->head, &call->answer);
    call->headers = headers;
    headers->holders++;
    set_path(call, request->path);
    (void)curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, headers->list);
    set_method(call->easy, request);
}

/* --- its end ------------------------------------------------------------- */

static enum http_trouble trouble_of(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum http_trouble trouble;
    } troubles[] = {
        {CURLE_COULDNT_RESOLVE_HOST, HTTP_NO_ADDRESS},
        {CURLE_COULDNT_RESOLVE_PROXY, HTTP_NO_ADDRESS},
        {CURLE_COULDNT_CONNECT, HTTP_REFUSED},
        {CURLE_PROXY, HTTP_REFUSED},
        {CURLE_SSL_CONNECT_ERROR, HTTP_HANDSHAKE},
        {CURLE_PEER_FAILED_VERIFICATION, HTTP_CERTIFICATE},
        {CURLE_SSL_CACERT_BADFILE, HTTP_CERTIFICATE},
        {CURLE_SSL_ISSUER_ERROR, HTTP_CERTIFICATE},
        {CURLE_OPERATION_TIMEDOUT, HTTP_TIMED_OUT},
    };
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        if (troubles[i].code == code)
            return troubles[i].trouble;
    }
    return HTTP_RESET;
}

static void release_headers(struct http_curl_call *call)
{
    http_curl_headers_release(call->headers);
    call->headers = NULL;
}

/* Why there is no answer. libcurl calls it a broken connection when a proxy
 * does not let us through; the proxy's own words are better. */
static void explain(struct http_curl_call *call, CURLcode code)
{
    struct http_answer *answer = &call->answer;
    long proxy_status = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE,
                            &proxy_status);
    answer->trouble = trouble_of(code);
    copy_text(answer->trouble_text, sizeof(answer->trouble_text),
              curl_easy_strerror(code));
    if (call->may_have_left || proxy_status < 300)
        return;
    answer->trouble = HTTP_REFUSED;
    (void)snprintf(answer->trouble_text, sizeof(answer->trouble_text),
                   "the proxy answered %ld", proxy_status);
}

void http_curl_call_end(struct http_curl_call *call, CURLcode code)
{
    struct http_answer *answer = &call->answer;
    curl_off_t took_us = 0;
    long status = 0;
    release_headers(call);
    (void)curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &took_us);
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    answer->took_ms = took_us / 1000;
    answer->body = buf_text(&call->body);
    answer->body_length = call->body.length;
    /* To libcurl a head that breaks off is the end of the answer. */
    if (code == CURLE_OK && !call->head.is_whole)
        code = CURLE_PARTIAL_FILE;
    if (code == CURLE_OK) {
        answer->end = HTTP_ANSWERED;
        answer->status = (int)status;
        http_curl_head_end(&call->head, answer,
                           clock_wall_ms(clock_system()) / 1000);
        if (answer->body[0] == '<')
            answer->is_html = true;
        return;
    }
    answer->end = call->may_have_left ? HTTP_UNKNOWN : HTTP_NOT_SENT;
    explain(call, code);
}

void http_curl_call_cut(struct http_curl_call *call, enum http_trouble trouble,
                        const char *words)
{
    struct http_answer *answer = &call->answer;
    release_headers(call);
    answer->end = call->may_have_left ? HTTP_UNKNOWN : HTTP_NOT_SENT;
    answer->trouble = trouble;
    copy_text(answer->trouble_text, sizeof(answer->trouble_text), words);
}
