#include "net/http_curl.h"

#include "base/mem.h"
#include "net/http_curl_call.h"
#include "net/http_curl_url.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WAIT_MS = 60 * 60 * 1000 };

/* For how long the authorities that were read are used for new connections:
 * libcurl's own day; but where a certificate was refused, somebody may be
 * mending just that. */
static const long TRUSTED_S = 24L * 60 * 60;
static const long DOUBTED_S = 1;

struct call {
    struct http_curl_call one;
    void *owner;
    struct call *next;     /* in the idle or the stopped list */
    struct call *previous; /* in the list of those under way */
    struct call *following;
};

struct http_curl {
    struct http seam;
    CURLM *multi;
    char *api_url;
    char *proxy;                       /* "": none */
    struct http_curl_headers *headers; /* of calls to come */
    int64_t timeout_ms;
    struct call *idle;
    struct call *ended;     /* for next_done(), beside libcurl's own */
    struct call *under_way; /* doubly linked */
    int under_way_count;
    struct call *returned; /* its answer is borrowed by the caller */
    bool doubts; /* a certificate was refused, and no answer came since */
};

/* --- lists of calls ------------------------------------------------------ */

static struct call *make_call(const struct http_curl *http)
{
    struct call *call = mem_new(sizeof(*call));
    http_curl_call_init(&call->one, http->api_url, http->proxy,
                        http->timeout_ms);
    (void)curl_easy_setopt(call->one.easy, CURLOPT_PRIVATE, call);
    return call;
}

static void free_calls(struct call *call)
{
    while (call != NULL) {
        struct call *next = call->next;
        http_curl_call_free(&call->one);
        free(call);
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
    (void)curl_multi_remove_handle(http->multi, call->one.easy);
    http->under_way_count--;
}

static void put_with_ended(struct http_curl *http, struct call *call)
{
    call->next = http->ended;
    http->ended = call;
}

/* --- the seam ------------------------------------------------------------ */

static void cut(struct http_curl *http, struct call *call,
                enum http_trouble trouble, const char *words)
{
    unlink_under_way(http, call);
    http_curl_call_cut(&call->one, trouble, words);
    put_with_ended(http, call);
}

static void start(void *context, const struct http_request *request,
                  void *owner)
{
    struct http_curl *http = context;
    take_back_returned(http);
    struct call *call = take_idle(http);
    call->owner = owner;
    http_curl_call_begin(&call->one, http->headers, request);
    (void)curl_easy_setopt(call->one.easy, CURLOPT_CA_CACHE_TIMEOUT,
                           http->doubts ? DOUBTED_S : TRUSTED_S);
    link_under_way(http, call);
    CURLMcode code = curl_multi_add_handle(http->multi, call->one.easy);
    if (code != CURLM_OK)
        cut(http, call, HTTP_REFUSED, curl_multi_strerror(code));
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
    unlink_under_way(http, call);
    http_curl_call_end(&call->one, code);
    if (call->one.answer.trouble == HTTP_CERTIFICATE)
        http->doubts = true;
    else if (call->one.answer.end == HTTP_ANSWERED)
        http->doubts = false;
    return call;
}

static void put_all_with_ended(struct http_curl *http)
{
    struct call *call;
    while ((call = take_message(http)) != NULL)
        put_with_ended(http, call);
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
    done->answer = call->one.answer;
    return true;
}

/* What has ended already must not wait for what comes next. libcurl asks the
 * system about each connection whenever it performs: so that is done once, for
 * calls that are new (with one the poll ends at once) and for answers. */
static void wait_for_something(void *context, int descriptor, int64_t most_ms)
{
    struct http_curl *http = context;
    int running = 0;
    take_back_returned(http);
    put_all_with_ended(http);
    if (http->ended != NULL)
        return;
    struct curl_waitfd extra = {.fd = descriptor, .events = CURL_WAIT_POLLIN};
    int most = most_ms > MOST_WAIT_MS ? MOST_WAIT_MS : (int)most_ms;
    if (most > 0)
        (void)curl_multi_poll(http->multi, &extra, descriptor < 0 ? 0 : 1, most,
                              NULL);
    (void)curl_multi_perform(http->multi, &running);
}

static void stop(void *context)
{
    struct http_curl *http = context;
    struct call *call;
    take_back_returned(http);
    put_all_with_ended(http); /* in time */
    while ((call = http->under_way) != NULL)
        cut(http, call, HTTP_STOPPED, "stopped");
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
    made->headers = http_curl_headers_new(options->token);
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
    http_curl_headers_release(http->headers); /* calls under way hold theirs */
    http->headers = http_curl_headers_new(token);
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
    http_curl_headers_release(http->headers);
    free(http->api_url);
    free(http->proxy);
    free(http);
    curl_global_cleanup();
}
