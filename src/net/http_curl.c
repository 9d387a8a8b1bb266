#include "net/http_curl.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "delivery/intercom.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_CONNECT_MS = 10 * 1000 };

/* One call: an easy handle that is used again and again. */
struct call {
    struct http_curl *http;
    CURL *easy;
    void *owner;
    struct buf body;
    struct http_answer answer;
    struct call *next;     /* in the idle or the stopped list */
    struct call *previous; /* in the list of those under way */
    struct call *following;
};

struct http_curl {
    struct http seam;
    CURLM *multi;
    char *api_url;
    char *proxy; /* "": none */
    struct curl_slist *headers;
    /* Headers of an older token, until the calls that use them are over. */
    struct curl_slist *old_headers;
    int64_t timeout_ms;
    struct call *idle;
    struct call *stopped;   /* cut by stop(), to be returned by next_done() */
    struct call *under_way; /* doubly linked */
    int under_way_count;
    struct call *returned; /* its answer is borrowed by the caller */
};

/* --- headers of an answer ------------------------------------------------ */

static void copy_text(char *out, size_t size, const char *value, size_t length)
{
    if (length >= size)
        length = size - 1;
    memcpy(out, value, length);
    out[length] = '\0';
    text_make_one_line(out);
}

static int64_t number_of(const char *value, size_t length)
{
    char digits[24];
    int64_t number;
    if (length == 0 || length >= sizeof(digits))
        return HTTP_NONE;
    copy_text(digits, sizeof(digits), value, length);
    return text_parse_int64(digits, 0, INT64_MAX, &number) ? number : HTTP_NONE;
}

static int64_t date_of(const char *value, size_t length)
{
    char text[64];
    copy_text(text, sizeof(text), value, length);
    time_t when = curl_getdate(text, NULL);
    return when < 0 ? HTTP_NONE : (int64_t)when;
}

/* Retry-After is a number of seconds or a date; a date counts from Date, or
 * from our clock without one. */
static int64_t wait_of(const char *value, size_t length, int64_t date_s)
{
    int64_t seconds = number_of(value, length);
    if (seconds != HTTP_NONE)
        return seconds;
    int64_t until_s = date_of(value, length);
    if (until_s == HTTP_NONE)
        return HTTP_NONE;
    int64_t now_s =
        date_s != HTTP_NONE ? date_s : clock_wall_ms(clock_system()) / 1000;
    return until_s > now_s ? until_s - now_s : 0;
}

static bool value_has(const char *value, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    for (size_t i = 0; i + word_length <= length; i++) {
        if (strncasecmp(value + i, word, word_length) == 0)
            return true;
    }
    return false;
}

static void take_header(struct http_answer *answer, const char *name,
                        size_t name_length, const char *value, size_t length)
{
    struct {
        const char *name;
        int64_t *number;
    } numbers[] = {
        {"x-ratelimit-limit", &answer->quota_limit},
        {"x-ratelimit-remaining", &answer->quota_left},
        {"x-ratelimit-reset", &answer->quota_reset_s},
    };
#define NAME_IS(text)                                                          \
    (name_length == sizeof(text) - 1 &&                                        \
     strncasecmp(name, text, sizeof(text) - 1) == 0)

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strlen(numbers[i].name) == name_length &&
            strncasecmp(name, numbers[i].name, name_length) == 0)
            *numbers[i].number = number_of(value, length);
    }
    if (NAME_IS("x-request-id"))
        copy_text(answer->request_id, sizeof(answer->request_id), value,
                  length);
    else if (NAME_IS("link"))
        copy_text(answer->link, sizeof(answer->link), value, length);
    else if (NAME_IS("content-type"))
        answer->is_html = value_has(value, length, "html");
    else if (NAME_IS("date"))
        answer->date_s = date_of(value, length);
    else if (NAME_IS("retry-after"))
        answer->retry_after_s = wait_of(value, length, answer->date_s);
#undef NAME_IS
}

static void clear_headers(struct http_answer *answer)
{
    answer->request_id[0] = '\0';
    answer->link[0] = '\0';
    answer->is_html = false;
    answer->quota_limit = HTTP_NONE;
    answer->quota_left = HTTP_NONE;
    answer->quota_reset_s = HTTP_NONE;
    answer->retry_after_s = HTTP_NONE;
    answer->date_s = HTTP_NONE;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct call *call = context;
    size_t length = size * count;
    if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        clear_headers(&call->answer); /* an interim 100 came before */
        return length;
    }
    const char *colon = memchr(line, ':', length);
    if (colon == NULL)
        return length;
    const char *value = colon + 1;
    const char *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    take_header(&call->answer, line, (size_t)(colon - line), value,
                (size_t)(end - value));
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    size_t length = size * count;
    size_t room = call->body.maximum - call->body.length;
    if (length > room)
        call->answer.body_was_cut = true;
    buf_add(&call->body, bytes, length < room ? length : room);
    return length;
}

/* --- one call ------------------------------------------------------------ */

/* Every option that is the same for all calls is set once. */
static struct call *make_call(struct http_curl *http)
{
    struct call *call = mem_new(sizeof(*call));
    call->http = http;
    call->easy = curl_easy_init();
    if (call->easy == NULL)
        abort(); /* libcurl is out of memory: as base/mem.h */
    buf_init(&call->body, HTTP_MOST_ANSWER_BYTES);

    CURL *easy = call->easy;
    int64_t connect_ms =
        http->timeout_ms < MOST_CONNECT_MS ? http->timeout_ms : MOST_CONNECT_MS;
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                           (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, http->proxy);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)http->timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    return call;
}

static void free_call(struct call *call)
{
    curl_easy_cleanup(call->easy);
    buf_free(&call->body);
    free(call);
}

static void free_calls(struct call *call)
{
    while (call != NULL) {
        struct call *next = call->next;
        free_call(call);
        call = next;
    }
}

static struct call *take_idle(struct http_curl *http)
{
    struct call *call = http->idle;
    if (call == NULL)
        return make_call(http);
    http->idle = call->next;
    call->next = NULL;
    return call;
}

/* The caller is done with the answer that next_done() lent it. */
static void take_back_returned(struct http_curl *http)
{
    struct call *call = http->returned;
    if (call == NULL)
        return;
    http->returned = NULL;
    call->next = http->idle;
    http->idle = call;
}

static void link_under_way(struct http_curl *http, struct call *call)
{
    call->previous = NULL;
    call->following = http->under_way;
    if (http->under_way != NULL)
        http->under_way->previous = call;
    http->under_way = call;
    http->under_way_count++;
}

static void unlink_under_way(struct http_curl *http, struct call *call)
{
    if (call->previous != NULL)
        call->previous->following = call->following;
    else
        http->under_way = call->following;
    if (call->following != NULL)
        call->following->previous = call->previous;
    (void)curl_multi_remove_handle(http->multi, call->easy);
    http->under_way_count--;
    if (http->under_way == NULL && http->old_headers != NULL) {
        curl_slist_free_all(http->old_headers);
        http->old_headers = NULL;
    }
}

/* No byte of the request has left: libcurl sets the time just before it
 * begins to send. */
static bool nothing_was_sent(struct call *call)
{
    curl_off_t before_transfer_us = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T,
                            &before_transfer_us);
    return before_transfer_us == 0;
}

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

static void end_call(struct call *call, CURLcode code)
{
    struct http_answer *answer = &call->answer;
    curl_off_t took_us = 0;
    long status = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &took_us);
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    answer->took_ms = took_us / 1000;
    answer->body = buf_text(&call->body);
    answer->body_length = call->body.length;
    if (code == CURLE_OK) {
        answer->end = HTTP_ANSWERED;
        answer->status = (int)status;
        if (answer->body[0] == '<')
            answer->is_html = true;
        return;
    }
    answer->end = nothing_was_sent(call) ? HTTP_NOT_SENT : HTTP_UNKNOWN;
    answer->trouble = trouble_of(code);
    const char *words = curl_easy_strerror(code);
    copy_text(answer->trouble_text, sizeof(answer->trouble_text), words,
              strlen(words));
}

static void set_request(struct call *call, const struct http_request *request)
{
    CURL *easy = call->easy;
    struct buf url;
    buf_init(&url, 8 * 1024);
    buf_add_text(&url, call->http->api_url);
    buf_add_text(&url, request->path);
    assert(!url.overflow);
    (void)curl_easy_setopt(easy, CURLOPT_URL, buf_text(&url));
    buf_free(&url);

    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->http->headers);
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

/* --- the seam ------------------------------------------------------------ */

static void start(void *context, const struct http_request *request,
                  void *owner)
{
    struct http_curl *http = context;
    take_back_returned(http);
    struct call *call = take_idle(http);
    call->owner = owner;
    buf_clear(&call->body);
    call->answer = (struct http_answer){
        .body = "",
        .started_ms = clock_wall_ms(clock_system()),
    };
    clear_headers(&call->answer);
    set_request(call, request);
    link_under_way(http, call);
    CURLMcode code = curl_multi_add_handle(http->multi, call->easy);
    if (code != CURLM_OK) {
        unlink_under_way(http, call);
        call->answer.end = HTTP_NOT_SENT;
        call->answer.trouble = HTTP_REFUSED;
        const char *words = curl_multi_strerror(code);
        copy_text(call->answer.trouble_text, sizeof(call->answer.trouble_text),
                  words, strlen(words));
        call->next = http->stopped;
        http->stopped = call;
    }
}

static void return_call(struct http_curl *http, struct call *call,
                        struct http_done *done)
{
    http->returned = call;
    done->owner = call->owner;
    done->answer = call->answer;
}

static bool next_done(void *context, struct http_done *done)
{
    struct http_curl *http = context;
    take_back_returned(http);
    struct call *call = http->stopped;
    if (call != NULL) {
        http->stopped = call->next;
        call->next = NULL;
        return_call(http, call, done);
        return true;
    }
    int left;
    CURLMsg *message = curl_multi_info_read(http->multi, &left);
    if (message == NULL)
        return false;
    assert(message->msg == CURLMSG_DONE);
    CURLcode code = message->data.result;
    char *private = NULL;
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    call = (struct call *)(void *)private;
    end_call(call, code);
    unlink_under_way(http, call);
    return_call(http, call, done);
    return true;
}

static void wait_for_something(void *context, int descriptor, int64_t most_ms)
{
    struct http_curl *http = context;
    take_back_returned(http);
    int running = 0;
    (void)curl_multi_perform(http->multi, &running);
    /* What has ended already must not wait for what comes next. */
    bool something_ended =
        http->stopped != NULL || running < http->under_way_count;
    if (something_ended || most_ms <= 0)
        return;
    struct curl_waitfd extra = {.fd = descriptor, .events = CURL_WAIT_POLLIN};
    int most = most_ms > 60 * 1000 ? 60 * 1000 : (int)most_ms;
    (void)curl_multi_poll(http->multi, &extra, descriptor < 0 ? 0 : 1, most,
                          NULL);
    (void)curl_multi_perform(http->multi, &running);
}

static void stop(void *context)
{
    struct http_curl *http = context;
    take_back_returned(http);
    while (http->under_way != NULL) {
        struct call *call = http->under_way;
        bool not_sent = nothing_was_sent(call);
        unlink_under_way(http, call);
        call->answer.end = not_sent ? HTTP_NOT_SENT : HTTP_UNKNOWN;
        call->answer.trouble = HTTP_STOPPED;
        copy_text(call->answer.trouble_text, sizeof(call->answer.trouble_text),
                  "stopped", strlen("stopped"));
        call->next = http->stopped;
        http->stopped = call;
    }
}

/* --- making and freeing -------------------------------------------------- */

static bool host_is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 ||
           text_has_prefix(host, "127.") || strcmp(host, "[::1]") == 0;
}

/* Check the URL; tell whether its host is this machine and it is https. */
static bool read_url(const char *api_url, bool *is_loopback, bool *is_https,
                     struct err *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    char *user = NULL;
    bool valid = false;
    if (url == NULL || curl_url_set(url, CURLUPART_URL, api_url, 0) != 0 ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != 0 ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != 0 ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        (void)err_set(err, ERR_INVALID,
                      "%s: no http or https URL; for example "
                      "https://api.intercom.io",
                      api_url);
    } else if (curl_url_get(url, CURLUPART_USER, &user, 0) == 0) {
        (void)err_set(err, ERR_INVALID,
                      "the API URL has credentials in it; use --token-file");
    } else {
        *is_loopback = host_is_loopback(host);
        *is_https = strcmp(scheme, "https") == 0;
        valid = true;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(url);
    return valid;
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

static struct curl_slist *make_headers(const char *token)
{
    static const char *const constant[] = {
        "Intercom-Version: " INTERCOM_VERSION,
        "Content-Type: application/json",
        "Accept: application/json",
        "Expect:", /* no 100-continue: it costs a round trip */
        NULL,
    };
    struct buf line;
    buf_init(&line, 16 * 1024);
    buf_add_format(&line, "Authorization: Bearer %s", token);
    struct curl_slist *headers = curl_slist_append(NULL, buf_text(&line));
    buf_free(&line);
    for (size_t i = 0; constant[i] != NULL; i++)
        headers = curl_slist_append(headers, constant[i]);
    return headers;
}

bool http_curl_new(const struct http_curl_options *options,
                   struct http_curl **http, struct err *err)
{
    bool is_loopback;
    bool is_https;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return err_set(err, ERR_IO, "libcurl can't be initialised");
    if (!read_url(options->api_url, &is_loopback, &is_https, err))
        return false;
    if (!is_https && !is_loopback && !options->insecure_http)
        return err_set(err, ERR_INVALID,
                       "%s: plain http would show the token to everyone on "
                       "the way; use https (or --insecure-http)",
                       options->api_url);

    struct http_curl *made = mem_new(sizeof(*made));
    made->multi = curl_multi_init();
    if (made->multi == NULL)
        abort(); /* libcurl is out of memory: as base/mem.h */
    made->api_url = mem_copy_text(options->api_url);
    made->proxy = mem_copy_text(proxy_from_environment(is_loopback, is_https));
    made->timeout_ms = options->timeout_ms;
    made->headers = make_headers(options->token);
    made->seam = (struct http){
        .context = made,
        .start = start,
        .next_done = next_done,
        .wait = wait_for_something,
        .stop = stop,
    };
    (void)curl_multi_setopt(made->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                            (long)options->connections);
    (void)curl_multi_setopt(made->multi, CURLMOPT_MAXCONNECTS,
                            (long)options->connections);
    (void)curl_multi_setopt(made->multi, CURLMOPT_PIPELINING,
                            (long)CURLPIPE_NOTHING);
    *http = made;
    return true;
}

void http_curl_set_token(struct http_curl *http, const char *token)
{
    /* Calls under way keep the list they began with; an even older one can
     * have no users left but those, so it is chained to be freed with it. */
    if (http->under_way == NULL) {
        curl_slist_free_all(http->headers);
    } else {
        struct curl_slist **end = &http->old_headers;
        while (*end != NULL)
            end = &(*end)->next;
        *end = http->headers;
    }
    http->headers = make_headers(token);
}

const struct http *http_curl_seam(struct http_curl *http)
{
    return &http->seam;
}

void http_curl_free(struct http_curl *http)
{
    if (http == NULL)
        return;
    stop(http);
    take_back_returned(http);
    free_calls(http->stopped);
    free_calls(http->idle);
    (void)curl_multi_cleanup(http->multi);
    curl_slist_free_all(http->headers);
    curl_slist_free_all(http->old_headers);
    free(http->api_url);
    free(http->proxy);
    free(http);
    curl_global_cleanup();
}
