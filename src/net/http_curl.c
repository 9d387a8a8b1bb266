#include "net/http_curl.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "delivery/intercom.h"
#include "net/http_curl_head.h"
#include "net/http_curl_url.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CONNECT_MS = 10 * 1000, MOST_WAIT_MS = 60 * 60 * 1000 };

/* What every call sends; freed with the last call that uses it. */
struct headers {
    struct curl_slist *list;
    int holders;
};

/* One call: an easy handle that is used again and again. */
struct call {
    struct http_curl *http;
    CURL *easy;
    void *owner;
    struct headers *headers; /* while it is under way */
    struct buf body;
    struct http_answer answer;
    struct http_curl_head head;
    bool may_have_left;    /* a byte of the request may be on its way */
    struct call *next;     /* in the idle or the stopped list */
    struct call *previous; /* in the list of those under way */
    struct call *following;
};

struct http_curl {
    struct http seam;
    CURLM *multi;
    char *api_url;
    char *proxy;             /* "": none */
    struct headers *headers; /* of calls to come */
    int64_t timeout_ms;
    struct call *idle;
    struct call *ended;     /* for next_done(), beside libcurl's own */
    struct call *under_way; /* doubly linked */
    int under_way_count;
    struct call *returned; /* its answer is borrowed by the caller */
};

/* --- an answer comes in --------------------------------------------------- */

static void copy_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text);
    text_make_one_line(out);
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct call *call = context;
    http_curl_head_take_line(&call->head, &call->answer, line, size * count);
    return size * count;
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

/* --- headers of a request ------------------------------------------------ */

static struct headers *make_headers(const char *token)
{
    static const char *const constant[] = {
        "Intercom-Version: " INTERCOM_VERSION,
        "Content-Type: application/json",
        "Accept: application/json",
        "Expect:", /* no 100-continue: it costs a round trip */
        NULL,
    };
    struct headers *made = mem_new(sizeof(*made));
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

static void release_headers(struct headers *headers)
{
    if (--headers->holders > 0)
        return;
    curl_slist_free_all(headers->list);
    free(headers);
}

/* libcurl is about to send the request, for the first time or again. */
static int on_sending(void *context, char *address, char *local_address,
                      int port, int local_port)
{
    struct call *call = context;
    (void)address;
    (void)local_address;
    (void)port;
    (void)local_port;
    call->may_have_left = true;
    return CURL_PREREQFUNC_OK;
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
    /* Names are looked up in a thread. Who gives up must not wait for it: a
     * name server that is silent would hold up every other call, and the end.
     */
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, http->proxy);
    (void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)http->timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_sending);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
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
    release_headers(call->headers);
    call->headers = NULL;
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

/* Why there is no answer. libcurl calls it a broken connection when a proxy
 * does not let us through; the proxy's own words are better. */
static void explain(struct call *call, CURLcode code)
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

    call->headers = call->http->headers;
    call->headers->holders++;
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers->list);
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
    call->may_have_left = false;
    buf_clear(&call->body);
    call->answer = (struct http_answer){
        .body = "",
        .started_ms = clock_wall_ms(clock_system()),
    };
    http_curl_head_clear(&call->head, &call->answer);
    set_request(call, request);
    link_under_way(http, call);
    CURLMcode code = curl_multi_add_handle(http->multi, call->easy);
    if (code != CURLM_OK) {
        unlink_under_way(http, call);
        call->answer.end = HTTP_NOT_SENT;
        call->answer.trouble = HTTP_REFUSED;
        const char *words = curl_multi_strerror(code);
        copy_text(call->answer.trouble_text, sizeof(call->answer.trouble_text),
                  words);
        call->next = http->ended;
        http->ended = call;
    }
}

/* A call that libcurl has ended, no longer under way; NULL: none. */
static struct call *take_message(struct http_curl *http)
{
    int left;
    CURLMsg *message = curl_multi_info_read(http->multi, &left);
    if (message == NULL)
        return NULL;
    assert(message->msg == CURLMSG_DONE);
    CURLcode code = message->data.result;
    char *private = NULL;
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    struct call *call = (struct call *)(void *)private;
    end_call(call, code);
    unlink_under_way(http, call);
    return call;
}

static bool next_done(void *context, struct http_done *done)
{
    struct http_curl *http = context;
    take_back_returned(http);
    struct call *call = http->ended;
    if (call != NULL)
        http->ended = call->next;
    else
        call = take_message(http);
    if (call == NULL)
        return false;
    call->next = NULL;
    http->returned = call;
    done->owner = call->owner;
    done->answer = call->answer;
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
        http->ended != NULL || running < http->under_way_count;
    if (something_ended || most_ms <= 0)
        return;
    struct curl_waitfd extra = {.fd = descriptor, .events = CURL_WAIT_POLLIN};
    int most = most_ms > MOST_WAIT_MS ? MOST_WAIT_MS : (int)most_ms;
    (void)curl_multi_poll(http->multi, &extra, descriptor < 0 ? 0 : 1, most,
                          NULL);
    (void)curl_multi_perform(http->multi, &running);
}

static void put_with_ended(struct http_curl *http, struct call *call)
{
    call->next = http->ended;
    http->ended = call;
}

static void cut(struct http_curl *http, struct call *call)
{
    unlink_under_way(http, call);
    call->answer.end = call->may_have_left ? HTTP_UNKNOWN : HTTP_NOT_SENT;
    call->answer.trouble = HTTP_STOPPED;
    copy_text(call->answer.trouble_text, sizeof(call->answer.trouble_text),
              "stopped");
    put_with_ended(http, call);
}

static void stop(void *context)
{
    struct http_curl *http = context;
    struct call *call;
    take_back_returned(http);
    while ((call = take_message(http)) != NULL) /* ended in time */
        put_with_ended(http, call);
    while ((call = http->under_way) != NULL)
        cut(http, call);
}

/* --- making and freeing -------------------------------------------------- */

bool http_curl_new(const struct http_curl_options *options,
                   struct http_curl **http, struct err *err)
{
    char *api_url;
    char *proxy;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return err_set(err, ERR_IO, "libcurl can't be initialised");
    if (!http_curl_url_read(options->api_url, options->insecure_http, &api_url,
                            &proxy, err))
        return false;

    struct http_curl *made = mem_new(sizeof(*made));
    made->multi = curl_multi_init();
    if (made->multi == NULL)
        abort(); /* libcurl is out of memory: as base/mem.h */
    made->api_url = api_url;
    made->proxy = proxy;
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
    release_headers(http->headers); /* calls under way hold theirs */
    http->headers = make_headers(token);
}

const char *http_curl_proxy(const struct http_curl *http)
{
    const char *at = strrchr(http->proxy, '@');
    return at == NULL ? http->proxy : at + 1;
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
    free_calls(http->ended);
    free_calls(http->idle);
    (void)curl_multi_cleanup(http->multi);
    release_headers(http->headers);
    free(http->api_url);
    free(http->proxy);
    free(http);
    curl_global_cleanup();
}
