/* bench_sink.c - the least that answers like Intercom, for measuring what
 * calls it: POST and PUT of contacts, POST /events, the list of attributes,
 * GET /me.
 *
 *   bench_sink [--latency MS] [--quota N] [--stuck USER]
 *
 * A user who is stuck is answered 503, come again in 20 hours.
 * One thread and epoll; counts what arrives (sink_book.h). GET /_sink is the
 * counts, GET /_sink/arrivals the first calls with their times, POST /_sink
 * forgets all. It trusts its clients: they are libcurl's, on this machine. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench/sink_book.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define STUCK_S "72000"

enum {
    MOST_REQUEST_BYTES = 256 * 1024,
    MOST_ANSWER_BYTES = 4 * 1024 * 1024,
    MOST_EVENTS = 64,
    WINDOW_S = 10,
};

struct client {
    int descriptor;
    struct buf in;
    struct buf out;
    bool waits;     /* the answer is sent when it is due */
    bool is_gone;   /* … and dropped then */
    int64_t due_us; /* monotonic */
    struct client *next_due;
};

struct sink {
    int epoll;
    int listener;
    int timer;
    int64_t latency_us;
    int64_t quota; /* calls a window; 0: no quota */
    int64_t window;
    int64_t left;
    int64_t requests;  /* ever, for their ids */
    const char *stuck; /* borrowed; NULL: nobody */
    struct sink_book book;
    struct client *first_due; /* in the order of their times */
    struct client **end_due;
};

/* One request, in the client's buffer. */
struct request {
    const char *head;
    size_t head_length;
    const char *body;
    size_t body_length;
};

static void end_with(const char *what)
{
    (void)fprintf(stderr, "bench_sink: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* --- answers ------------------------------------------------------------- */

static void answer(struct sink *sink, struct client *client, const char *status,
                   const char *body)
{
    buf_clear(&client->out);
    buf_add_format(&client->out,
                   "HTTP/1.1 %s\r\nContent-Type: application/json; "
                   "charset=utf-8\r\nX-Request-Id: %016" PRIx64 "\r\n",
                   status, sink->requests);
    if (sink->quota > 0)
        buf_add_format(&client->out,
                       "X-RateLimit-Limit: %" PRId64 "\r\n"
                       "X-RateLimit-Remaining: %" PRId64 "\r\n"
                       "X-RateLimit-Reset: %" PRId64 "\r\n",
                       sink->quota, sink->left, (sink->window + 1) * WINDOW_S);
    buf_add_format(&client->out, "Content-Length: %zu\r\n\r\n", strlen(body));
    buf_add_text(&client->out, body);
}

/* The text between what stands before it and a quote; NULL: not there. */
static const char *find_text(const struct request *request, const char *before,
                             size_t *length)
{
    const char *at =
        memmem(request->body, request->body_length, before, strlen(before));
    if (at == NULL)
        return NULL;
    at += strlen(before);
    const char *end = request->body + request->body_length;
    const char *quote = memchr(at, '"', (size_t)(end - at));
    *length = quote == NULL ? 0 : (size_t)(quote - at);
    return quote == NULL ? NULL : at;
}

/* False: the window's calls are used up. */
static bool take_quota(struct sink *sink)
{
    int64_t window = (int64_t)time(NULL) / WINDOW_S;
    if (sink->quota == 0)
        return true;
    if (window != sink->window)
        sink->left = sink->quota;
    sink->window = window;
    if (sink->left == 0)
        return false;
    sink->left--;
    return true;
}

static void answer_contact(struct sink *sink, struct client *client,
                           const struct sink_call *call)
{
    char body[256];
    (void)snprintf(body, sizeof(body),
                   "{\"type\":\"contact\",\"id\":\"%024" PRIx64
                   "\",\"external_id\":\"%.*s\",\"role\":\"user\"}",
                   sink->requests, (int)call->user_length,
                   call->user == NULL ? "" : call->user);
    answer(sink, client, "200 OK", body);
}

static bool is_stuck(const struct sink *sink, const struct sink_call *call)
{
    return sink->stuck != NULL && call->user != NULL &&
           call->user_length == strlen(sink->stuck) &&
           memcmp(call->user, sink->stuck, call->user_length) == 0;
}

static void take_call(struct sink *sink, struct client *client,
                      const struct request *request)
{
    static const char time_key[] = "\"created_at\":";
    struct sink_call call = {.body_bytes = request->body_length};
    call.is_event = text_has_prefix(request->head, "POST /events ");
    call.user = find_text(
        request, call.is_event ? "\"user_id\":\"" : "\"external_id\":\"",
        &call.user_length);
    const char *time = memmem(request->body, request->body_length, time_key,
                              sizeof(time_key) - 1);
    if (time != NULL)
        call.created_at = strtoll(time + sizeof(time_key) - 1, NULL, 10);
    if (!take_quota(sink)) {
        sink->book.refused++;
        answer(sink, client, "429 Too Many Requests",
               "{\"type\":\"error.list\",\"errors\":[{\"code\":"
               "\"rate_limit_exceeded\",\"message\":\"slow down\"}]}");
        return;
    }
    if (is_stuck(sink, &call)) {
        answer(sink, client, "503 Service Unavailable\r\nRetry-After: " STUCK_S,
               "");
        return;
    }
    sink_book_note(&sink->book, &call);
    client->waits = sink->latency_us > 0;
    if (call.is_event)
        answer(sink, client, "202 Accepted", "");
    else
        answer_contact(sink, client, &call);
}

static void answer_counts(struct sink *sink, struct client *client)
{
    const struct sink_book *book = &sink->book;
    struct buf body;
    buf_init(&body, MOST_ANSWER_BYTES);
    buf_add_format(&body,
                   "{\"calls\":%" PRId64 ",\"events\":%" PRId64
                   ",\"distinct\":%zu,\"doubles\":%" PRId64
                   ",\"disorder\":%" PRId64 ",\"refused\":%" PRId64
                   ",\"body_bytes\":%" PRId64 ",\"us\":%" PRId64 "}",
                   book->calls, book->events, book->seen.count, book->doubles,
                   book->disorder, book->refused, book->body_bytes,
                   book->last_us - book->first_us);
    answer(sink, client, "200 OK", buf_text(&body));
    buf_free(&body);
}

static void answer_arrivals(struct sink *sink, struct client *client)
{
    struct buf body;
    buf_init(&body, MOST_ANSWER_BYTES);
    buf_add_byte(&body, '[');
    for (size_t i = 0; i < sink->book.arrival_count; i++) {
        const struct sink_arrival *arrival = &sink->book.arrivals[i];
        buf_add_format(&body, "%s[\"%s\",%" PRId64 "]", i == 0 ? "" : ",",
                       arrival->user, arrival->at_us);
    }
    buf_add_byte(&body, ']');
    answer(sink, client, "200 OK", buf_text(&body));
    buf_free(&body);
}

static void forget(struct sink *sink, struct client *client)
{
    sink_book_clear(&sink->book);
    answer(sink, client, "200 OK", "{}");
}

static void answer_me(struct sink *sink, struct client *client)
{
    answer(sink, client, "200 OK", "{\"type\":\"admin\",\"id\":\"1\"}");
}

static void answer_attributes(struct sink *sink, struct client *client)
{
    answer(sink, client, "200 OK",
           "{\"type\":\"list\",\"data\":[{\"name\":\"latest_store\"},"
           "{\"name\":\"latest_entitlement\"},{\"name\":\"expires_at\"},"
           "{\"name\":\"subscription_status\"}]}");
}

static void take_request(struct sink *sink, struct client *client,
                         const struct request *request)
{
    static const struct {
        const char *prefix;
        void (*take)(struct sink *sink, struct client *client);
    } others[] = {
        {"GET /_sink/arrivals ", answer_arrivals},
        {"GET /_sink ", answer_counts},
        {"POST /_sink ", forget},
        {"GET /me ", answer_me},
        {"GET /data_attributes", answer_attributes},
    };
    sink->requests++;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (text_has_prefix(request->head, others[i].prefix)) {
            others[i].take(sink, client);
            return;
        }
    }
    take_call(sink, client, request);
}

/* --- bytes --------------------------------------------------------------- */

static void send_out(struct client *client)
{
    const char *bytes = buf_text(&client->out);
    size_t left = client->out.length;
    while (left > 0) {
        ssize_t sent = send(client->descriptor, bytes, left, MSG_NOSIGNAL);
        if (sent < 0)
            break; /* it is gone: the next read tells */
        bytes += sent;
        left -= (size_t)sent;
    }
}

static void set_timer(struct sink *sink)
{
    struct itimerspec when = {0};
    if (sink->first_due != NULL) {
        when.it_value.tv_sec = sink->first_due->due_us / 1000000;
        when.it_value.tv_nsec = sink->first_due->due_us % 1000000 * 1000;
    }
    (void)timerfd_settime(sink->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void send_or_wait(struct sink *sink, struct client *client)
{
    if (!client->waits) {
        send_out(client);
        return;
    }
    bool was_empty = sink->first_due == NULL;
    client->due_us = sink_now_us() + sink->latency_us;
    client->next_due = NULL;
    *sink->end_due = client;
    sink->end_due = &client->next_due;
    if (was_empty)
        set_timer(sink);
}

static void close_client(int epoll, struct client *client)
{
    if (client->waits) { /* send_due() has it in its list */
        client->is_gone = true;
        (void)epoll_ctl(epoll, EPOLL_CTL_DEL, client->descriptor, NULL);
        return;
    }
    (void)close(client->descriptor);
    buf_free(&client->in);
    buf_free(&client->out);
    free(client);
}

static void send_due(struct sink *sink)
{
    uint64_t times;
    (void)!read(sink->timer, &times, sizeof(times));
    int64_t now_us = sink_now_us();
    while (sink->first_due != NULL && sink->first_due->due_us <= now_us) {
        struct client *client = sink->first_due;
        sink->first_due = client->next_due;
        client->waits = false;
        if (client->is_gone)
            close_client(sink->epoll, client);
        else
            send_out(client);
    }
    if (sink->first_due == NULL)
        sink->end_due = &sink->first_due;
    set_timer(sink);
}

/* True if the client's buffer holds a whole request. */
static bool find_request(const struct client *client, struct request *request)
{
    static const char length_name[] = "\r\nContent-Length:";
    const char *text = buf_text(&client->in);
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *length = strcasestr(text, length_name);
    *request = (struct request){
        .head = text,
        .head_length = (size_t)(end - text) + 4,
        .body = end + 4,
    };
    if (length != NULL && length < end)
        request->body_length =
            strtoul(length + sizeof(length_name) - 1, NULL, 10);
    return client->in.length >= request->head_length + request->body_length;
}

static void read_client(struct sink *sink, struct client *client)
{
    char bytes[16 * 1024];
    struct request request;
    ssize_t length = read(client->descriptor, bytes, sizeof(bytes));
    if (length <= 0) {
        close_client(sink->epoll, client);
        return;
    }
    buf_add(&client->in, bytes, (size_t)length);
    if (!find_request(client, &request))
        return;
    take_request(sink, client, &request);
    buf_drop_front(&client->in, request.head_length + request.body_length);
    send_or_wait(sink, client);
}

/* --- the loop ------------------------------------------------------------ */

static void watch(const struct sink *sink, int descriptor, void *owner)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = owner};
    if (epoll_ctl(sink->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0)
        end_with("epoll_ctl");
}

static void accept_client(const struct sink *sink)
{
    int one = 1;
    int descriptor = accept4(sink->listener, NULL, NULL, SOCK_CLOEXEC);
    if (descriptor < 0)
        return;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    struct client *client = mem_new(sizeof(*client));
    client->descriptor = descriptor;
    buf_init(&client->in, MOST_REQUEST_BYTES);
    buf_init(&client->out, MOST_ANSWER_BYTES + 1024);
    watch(sink, descriptor, client);
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr *any = (const struct sockaddr *)(void *)&address;
    if (listener < 0 || bind(listener, any, length) != 0 ||
        listen(listener, 1024) != 0 ||
        getsockname(listener, (struct sockaddr *)(void *)&address, &length) !=
            0)
        end_with("listening");
    (void)printf("listening on http://127.0.0.1:%d\n",
                 (int)ntohs(address.sin_port));
    (void)fflush(stdout);
    return listener;
}

static int64_t read_number(const char *text)
{
    int64_t number;
    if (text == NULL || !text_parse_int64(text, 0, 1000000, &number)) {
        (void)fprintf(stderr, "bench_sink [--latency MS] [--quota N] "
                              "[--stuck USER]\n");
        exit(2);
    }
    return number;
}

static void take_option(struct sink *sink, const char *option,
                        const char *value)
{
    if (text_equals(option, "--stuck"))
        sink->stuck = value;
    else if (text_equals(option, "--latency"))
        sink->latency_us = read_number(value) * 1000;
    else
        sink->quota = read_number(value);
}

int main(int count, char **words)
{
    struct sink sink = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
    sink.end_due = &sink.first_due;
    for (int i = 1; i < count; i += 2)
        take_option(&sink, words[i], words[i + 1]);
    sink.listener = listen_on_loopback();
    sink.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    watch(&sink, sink.listener, NULL);
    watch(&sink, sink.timer, &sink);
    for (;;) {
        struct epoll_event events[MOST_EVENTS];
        int ready = epoll_wait(sink.epoll, events, MOST_EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == NULL)
                accept_client(&sink);
            else if (events[i].data.ptr == &sink)
                send_due(&sink);
            else
                read_client(&sink, events[i].data.ptr);
        }
    }
}
