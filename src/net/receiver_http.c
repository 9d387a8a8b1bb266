#include "net/receiver_http.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/receiver_connections.h"
#include "net/receiver_log.h"
#include "net/receiver_response.h"

#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* For a head and a piece of the body. An Authorization value has up to
     * 5,000 characters, and proxies add headers of their own. */
    CONNECTION_BYTES = 24 * 1024,
    MOST_HELD_BYTES = 128 * 1024 * 1024,
    PEER_BYTES = INET6_ADDRSTRLEN,
    /* libmicrohttpd's own limit; the owner keeps a lower one. */
    MOST_CONNECTIONS = 100000,
};

/* TLS 1.2 and up, in GnuTLS's words. */
static const char tls_priorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

struct receiver_http {
    struct MHD_Daemon *daemon; /* owned; NULL while it starts */
    int descriptor;
    const struct receiver_auth *auth;
    struct receiver_stats *stats;
    struct receiver_connections connections;
    struct receiver_budget budget;
    struct receiver_jobs gathered;
    struct receiver_log log;
    int64_t now_ms; /* monotonic, as given last */
    struct receiver_responses responses;
    char start_trouble[200]; /* what libmicrohttpd said while it started */
};

/* One request on its way, from its head to the end of its answer. */
struct exchange {
    struct receiver_job job; /* first: a job is an exchange */
    struct receiver_http *http;
    struct MHD_Connection *connection;
    struct receiver_request request;
    int64_t began_ms;
};

static struct receiver_connection *
connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

static void enter(struct receiver_http *http, struct MHD_Connection *connection,
                  enum receiver_phase phase)
{
    receiver_connections_set(&http->connections, connection_of(connection),
                             phase, http->now_ms);
}

static const char *name_peer(struct MHD_Connection *connection, char *out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *any = info->client_addr;
    const void *address = NULL;
    if (any != NULL && any->sa_family == AF_INET)
        address = &((const struct sockaddr_in *)(const void *)any)->sin_addr;
    else if (any != NULL && any->sa_family == AF_INET6)
        address = &((const struct sockaddr_in6 *)(const void *)any)->sin6_addr;
    if (address == NULL ||
        inet_ntop(any->sa_family, address, out, PEER_BYTES) == NULL)
        (void)snprintf(out, PEER_BYTES, "?");
    return out;
}

/* --- answers ------------------------------------------------------------- */

static void count_answer(struct exchange *exchange)
{
    const struct receiver_request *request = &exchange->request;
    struct receiver_http *http = exchange->http;
    char peer[PEER_BYTES];
    receiver_stats_count(
        &http->stats->answers[request->route][request->answer]);
    if (request->route == RECEIVER_ROUTE_WEBHOOK)
        histogram_add(&http->stats->request_ms,
                      http->now_ms - exchange->began_ms);
    if (receiver_answers[request->answer].status != 200)
        receiver_log_answer(&http->log, request->answer,
                            name_peer(exchange->connection, peer),
                            request->cause, http->now_ms);
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct receiver_http *http = exchange->http;
    assert(exchange->request.has_answer);
    struct MHD_Response *response = receiver_responses_get(
        &http->responses, &exchange->request, &exchange->job.text);
    if (response == NULL)
        return MHD_NO;
    int status = receiver_answers[exchange->request.answer].status;
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, (unsigned)status, response);
    receiver_responses_put(&http->responses, response);
    enter(http, exchange->connection, RECEIVER_PHASE_ANSWER);
    count_answer(exchange);
    return result;
}

/* --- requests ------------------------------------------------------------ */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result begin(struct receiver_http *http,
                             struct MHD_Connection *connection,
                             const struct receiver_head *head, void **request)
{
    /* It could not be answered any more, so it must not be committed. */
    if (connection_of(connection)->is_cut)
        return MHD_NO;
    struct exchange *exchange = mem_new(sizeof(*exchange));
    exchange->http = http;
    exchange->connection = connection;
    exchange->began_ms = http->now_ms;
    *request = exchange;
    enter(http, connection, RECEIVER_PHASE_BODY);
    if (receiver_request_begin(&exchange->request, http->auth, &http->budget,
                               head))
        return MHD_YES;
    /* To answer before the body came makes libmicrohttpd close behind it. */
    return send_answer(exchange);
}

static enum MHD_Result take(struct exchange *exchange, const char *bytes,
                            size_t *length)
{
    struct receiver_http *http = exchange->http;
    bool goes_on = receiver_request_take(&exchange->request, bytes, *length);
    *length = 0;
    if (goes_on)
        return MHD_YES;
    receiver_connections_cut(&http->connections,
                             connection_of(exchange->connection),
                             RECEIVER_CUT_SIZE);
    return MHD_NO;
}

static enum MHD_Result end(struct exchange *exchange)
{
    struct receiver_http *http = exchange->http;
    if (connection_of(exchange->connection)->is_cut)
        return MHD_NO; /* as in begin() */
    enum receiver_next next =
        receiver_request_end(&exchange->request, clock_wall_ms(clock_system()));
    if (next == RECEIVER_NEXT_ANSWER)
        return send_answer(exchange);
    exchange->job.what = next;
    exchange->job.request = &exchange->request;
    MHD_suspend_connection(exchange->connection);
    enter(http, exchange->connection, RECEIVER_PHASE_WORK);
    receiver_jobs_add(&http->gathered, &exchange->job);
    return MHD_YES;
}

/* libmicrohttpd calls this for the head, for each piece of the body, and when
 * all of it is there; not again for a connection that was suspended, since its
 * answer is queued before it is resumed. */
static enum MHD_Result take_request(void *context,
                                    struct MHD_Connection *connection,
                                    const char *path, const char *method,
                                    const char *version, const char *bytes,
                                    size_t *length, void **request)
{
    (void)version;
    if (*request == NULL) {
        const struct receiver_head head = {
            .method = method,
            .path = path,
            .authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
            .signature = header(connection, "X-RevenueCat-Webhook-Signature"),
            .content_length =
                header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH),
        };
        return begin(context, connection, &head, request);
    }
    if (*length > 0)
        return take(*request, bytes, length);
    return end(*request);
}

static void *note_request_line(void *context, const char *uri,
                               struct MHD_Connection *connection)
{
    (void)uri;
    enter(context, connection, RECEIVER_PHASE_HEAD);
    return NULL;
}

static void end_request(void *context, struct MHD_Connection *connection,
                        void **request, enum MHD_RequestTerminationCode why)
{
    struct exchange *exchange = *request;
    (void)why;
    enter(context, connection, RECEIVER_PHASE_IDLE);
    if (exchange == NULL)
        return;
    receiver_request_free(&exchange->request);
    buf_free(&exchange->job.text);
    free(exchange);
    *request = NULL;
}

static void note_connection(void *context, struct MHD_Connection *connection,
                            void **socket_context,
                            enum MHD_ConnectionNotificationCode what)
{
    struct receiver_http *http = context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(
            connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket_context = receiver_connections_add(
            &http->connections, info->connect_fd, http->now_ms);
    } else {
        receiver_connections_remove(&http->connections, *socket_context);
        *socket_context = NULL;
    }
}

/* What libmicrohttpd answers by itself, never asking us: requests that are no
 * HTTP, or whose head is too large. Its log is the only place that tells. */
static void __attribute__((format(printf, 2, 0)))
take_log(void *context, const char *format, va_list arguments)
{
    static const char malformed[] =
        "Error processing request (HTTP response code is %u";
    struct receiver_http *http = context;
    if (http->daemon == NULL) {
        (void)vsnprintf(http->start_trouble, sizeof(http->start_trouble),
                        format, arguments);
        text_make_one_line(http->start_trouble);
    } else if (text_has_prefix(format, malformed)) {
        receiver_stats_count(&http->stats->malformed);
        receiver_log_malformed(&http->log, va_arg(arguments, unsigned),
                               http->now_ms);
    }
}

/* --- the interface ------------------------------------------------------- */

static bool start_daemon(struct receiver_http *http,
                         const struct receiver_http_options *options,
                         struct err *err)
{
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0,
         (char *)(uintptr_t)options->tls_certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (char *)(uintptr_t)options->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)(uintptr_t)tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    bool is_tls = options->tls_certificate != NULL;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_ERROR_LOG | (is_tls ? MHD_USE_TLS : 0),
        0, NULL, NULL, take_request, http, MHD_OPTION_EXTERNAL_LOGGER, take_log,
        http, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MOST_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_URI_LOG_CALLBACK,
        note_request_line, http, MHD_OPTION_NOTIFY_COMPLETED, end_request, http,
        MHD_OPTION_NOTIFY_CONNECTION, note_connection, http, MHD_OPTION_ARRAY,
        is_tls ? tls : &tls[3], MHD_OPTION_END);
    if (daemon == NULL)
        return err_set(err, is_tls ? ERR_INVALID : ERR_IO,
                       "cannot start the HTTP server%s: %s",
                       is_tls ? " with this certificate and key" : "",
                       http->start_trouble);
    http->daemon = daemon;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    http->descriptor = info->epoll_fd;
    return true;
}

bool receiver_http_new(const struct receiver_http_options *options,
                       struct receiver_http **http, struct err *err)
{
    struct receiver_http *made = mem_new(sizeof(*made));
    made->auth = options->auth;
    made->stats = options->stats;
    made->budget.most_bytes = MOST_HELD_BYTES;
    receiver_connections_init(&made->connections, options->stats);
    receiver_responses_init(&made->responses);
    if (!start_daemon(made, options, err)) {
        receiver_http_free(made);
        return false;
    }
    *http = made;
    return true;
}

void receiver_http_free(struct receiver_http *http)
{
    if (http == NULL)
        return;
    if (http->daemon != NULL)
        MHD_stop_daemon(http->daemon);
    receiver_responses_free(&http->responses);
    free(http);
}

bool receiver_http_add(struct receiver_http *http, int socket,
                       const struct sockaddr *peer, socklen_t peer_length,
                       int64_t now)
{
    http->now_ms = now;
    return MHD_add_connection(http->daemon, socket, peer, peer_length) ==
           MHD_YES;
}

int receiver_http_descriptor(const struct receiver_http *http)
{
    return http->descriptor;
}

int64_t receiver_http_wait_ms(const struct receiver_http *http, int64_t now)
{
    MHD_UNSIGNED_LONG_LONG pending_ms;
    /* There are no timeouts of libmicrohttpd's own: this is about bytes that
     * it has read already. */
    if (MHD_get_timeout(http->daemon, &pending_ms) == MHD_YES &&
        pending_ms == 0)
        return 0;
    int64_t check_ms = http->connections.next_check_ms;
    if (check_ms == INT64_MAX)
        return INT64_MAX;
    return check_ms > now ? check_ms - now : 0;
}

void receiver_http_run(struct receiver_http *http, int64_t now)
{
    http->now_ms = now;
    receiver_connections_cut_late(&http->connections, now);
    (void)MHD_run(http->daemon);
}

void receiver_http_take_jobs(struct receiver_http *http,
                             struct receiver_jobs *jobs)
{
    *jobs = http->gathered;
    http->gathered.first = NULL;
}

void receiver_http_finish(struct receiver_http *http,
                          struct receiver_jobs *jobs, int64_t now)
{
    struct receiver_job *job;
    http->now_ms = now;
    while ((job = receiver_jobs_take(jobs)) != NULL) {
        struct exchange *exchange = (struct exchange *)job;
        struct MHD_Connection *connection = exchange->connection;
        /* Without an answer queued, it is asked for again after the resume. */
        (void)send_answer(exchange);
        MHD_resume_connection(connection);
    }
}

int receiver_http_count(const struct receiver_http *http)
{
    return http->connections.count;
}

bool receiver_http_make_room(struct receiver_http *http)
{
    return receiver_connections_make_room(&http->connections);
}

void receiver_http_empty(struct receiver_http *http, bool all)
{
    if (all)
        receiver_connections_cut_all(&http->connections, RECEIVER_CUT_STOP);
    else
        receiver_connections_empty(&http->connections);
}
