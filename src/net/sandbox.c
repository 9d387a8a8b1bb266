#include "net/sandbox.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/listener.h"
#include "net/sandbox_answer.h"
#include "net/sandbox_loop.h"
#include "net/sandbox_site.h"
#include "net/sandbox_timer.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_CONNECTIONS = 32768,
    /* For the headers and a piece of the body. Cleared after each request, so
     * the default of 32 KiB costs. */
    CONNECTION_BYTES = 8 * 1024,
};

struct sandbox {
    struct MHD_Daemon *daemon; /* owned; NULL while not started */
    struct sandbox_loop loop;
    struct sandbox_timer *timer;
    pthread_mutex_t lock; /* of the site; held for one call at a time */
    struct sandbox_site site;
    uint16_t port;
};

/* One request on its way, from its headers to the end of its answer. */
struct call {
    struct sandbox *sandbox;
    struct MHD_Connection *connection;
    struct buf body;
    struct sandbox_outcome outcome;
    bool is_served;
};

static int socket_of(const struct call *call)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info->connect_fd;
}

static bool is_awaited(const void *call)
{
    return !sandbox_timer_peer_is_gone(socket_of(call));
}

static void wake_call(void *waiter)
{
    const struct call *call = waiter;
    sandbox_loop_resume(&call->sandbox->loop, call->connection);
}

static struct call *begin_call(struct sandbox *sandbox,
                               struct MHD_Connection *connection)
{
    struct call *call = mem_new(sizeof(*call));
    call->sandbox = sandbox;
    call->connection = connection;
    call->outcome.calling = SANDBOX_NO_ROW;
    buf_init(&call->body, SANDBOX_BODY_LIMIT);
    return call;
}

static const char *header(const struct call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

static const char *query(const struct call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND,
                                       name);
}

static void serve(struct call *call, const char *method, const char *path)
{
    struct sandbox *sandbox = call->sandbox;
    struct sandbox_request request = {
        .method = method,
        .path = path,
        .query_user = query(call, "user"),
        .query_model = query(call, "model"),
        .authorization = header(call, "Authorization"),
        .version = header(call, "Intercom-Version"),
        .content_type = header(call, "Content-Type"),
        .body = buf_text(&call->body),
        .body_length = call->body.length,
        .body_too_large = call->body.overflow,
        .now_ms = clock_wall_ms(clock_system()),
        .monotonic_ms = clock_monotonic_ms(clock_system()),
        .call = call,
    };
    pthread_mutex_lock(&sandbox->lock);
    sandbox_site_serve(&sandbox->site, &request, &call->outcome);
    pthread_mutex_unlock(&sandbox->lock);
    call->is_served = true;
}

/* Put the call aside until its time has come. Suspended first: the timer may
 * wake it before the next line. */
static void put_aside(struct call *call)
{
    struct sandbox_timer *timer = call->sandbox->timer;
    bool is_waiting = false;
    MHD_suspend_connection(call->connection);
    if (call->outcome.leave == SANDBOX_LEAVE_NEVER)
        is_waiting = sandbox_timer_add_until_gone(timer, call, socket_of(call));
    else
        is_waiting = sandbox_timer_add(timer, call, call->outcome.delay_ms);
    if (!is_waiting)
        wake_call(call);
}

/* From here on the answer is on its way: another call of this user is not
 * parallel to it any more. */
static void end_user_call(struct call *call)
{
    struct sandbox *sandbox = call->sandbox;
    if (call->outcome.calling == SANDBOX_NO_ROW)
        return;
    pthread_mutex_lock(&sandbox->lock);
    sandbox_world_end_call(&sandbox->site.world, call->outcome.calling, call);
    pthread_mutex_unlock(&sandbox->lock);
    call->outcome.calling = SANDBOX_NO_ROW;
}

/* Closing the socket with nothing lingering sends a reset. */
static enum MHD_Result reset_connection(struct call *call)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(socket_of(call), SOL_SOCKET, SO_LINGER, &none,
                     sizeof(none));
    return MHD_NO;
}

static enum MHD_Result leave(struct call *call)
{
    enum sandbox_leave how = call->outcome.leave;
    end_user_call(call);
    if (how == SANDBOX_LEAVE_RESET || how == SANDBOX_LEAVE_NEVER)
        return reset_connection(call);
    return sandbox_answer_queue(call->connection, &call->outcome.reply,
                                how == SANDBOX_LEAVE_CUT, &call->sandbox->lock);
}

/* libmicrohttpd calls this for the headers, for each piece of the body, when
 * all of it is there, and again when a suspended connection goes on. */
static enum MHD_Result take_request(void *context,
                                    struct MHD_Connection *connection,
                                    const char *path, const char *method,
                                    const char *version, const char *bytes,
                                    size_t *length, void **request)
{
    struct call *call = *request;
    (void)version;
    if (call == NULL) {
        *request = begin_call(context, connection);
        return MHD_YES;
    }
    if (*length > 0) {
        buf_add(&call->body, bytes, *length);
        *length = 0;
        return MHD_YES;
    }
    if (!call->is_served) {
        serve(call, method, path);
        if (call->outcome.delay_ms > 0 ||
            call->outcome.leave == SANDBOX_LEAVE_NEVER) {
            put_aside(call);
            return MHD_YES;
        }
    }
    return leave(call);
}

static void end_call(void *context, struct MHD_Connection *connection,
                     void **request, enum MHD_RequestTerminationCode why)
{
    struct call *call = *request;
    (void)context;
    (void)connection;
    (void)why;
    if (call == NULL)
        return;
    end_user_call(call);
    sandbox_reply_free(&call->outcome.reply);
    buf_free(&call->body);
    free(call);
    *request = NULL;
}

static void count_connection(void *context, struct MHD_Connection *connection,
                             void **socket_context,
                             enum MHD_ConnectionNotificationCode what)
{
    struct sandbox *sandbox = context;
    struct sandbox_site *site = &sandbox->site;
    (void)connection;
    (void)socket_context;
    pthread_mutex_lock(&sandbox->lock);
    site->open_connections += what == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1;
    if (site->open_connections > site->peak_connections)
        site->peak_connections = site->open_connections;
    pthread_mutex_unlock(&sandbox->lock);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED)
        sandbox_loop_make_room(&sandbox->loop);
}

/* Paths are decoded segment by segment, after they were cut at the slashes. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection,
                           char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

/* Takes over the socket. */
static bool start_daemon(struct sandbox *sandbox, int socket, struct err *err)
{
    sandbox->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL,
        take_request, sandbox, MHD_OPTION_LISTEN_SOCKET, socket,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)MOST_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_COMPLETED, end_call, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, count_connection, sandbox,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_END);
    if (sandbox->daemon != NULL)
        return true;
    close(socket);
    return err_set(err, ERR_IO, "cannot start the sandbox's HTTP server");
}

static bool start(const struct sandbox_options *options,
                  struct sandbox *sandbox, struct err *err)
{
    int socket = -1;
    int64_t now_ms = clock_wall_ms(clock_system());
    if (!sandbox_site_init(&sandbox->site, options, now_ms, err))
        return false;
    sandbox->site.world.is_awaited = is_awaited;
    return sandbox_timer_start(wake_call, &sandbox->timer, err) &&
           listener_open(options->address, options->port, &socket,
                         &sandbox->port, err) &&
           start_daemon(sandbox, socket, err) &&
           sandbox_loop_start(&sandbox->loop, sandbox->daemon, err);
}

bool sandbox_start(const struct sandbox_options *options,
                   struct sandbox **sandbox, struct err *err)
{
    struct sandbox *made = mem_new(sizeof(*made));
    pthread_mutex_init(&made->lock, NULL);
    bool done = start(options, made, err);
    if (done)
        *sandbox = made;
    else
        sandbox_stop(made);
    return done;
}

uint16_t sandbox_port(const struct sandbox *sandbox)
{
    return sandbox->port;
}

void sandbox_stop(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    /* libmicrohttpd cannot stop while a connection is suspended. */
    sandbox_timer_stop(sandbox->timer);
    sandbox_loop_stop(&sandbox->loop);
    if (sandbox->daemon != NULL)
        MHD_stop_daemon(sandbox->daemon);
    sandbox_timer_free(sandbox->timer);
    sandbox_site_free(&sandbox->site);
    pthread_mutex_destroy(&sandbox->lock);
    free(sandbox);
}

bool sandbox_set_faults(struct sandbox *sandbox, const char *spec,
                        struct err *err)
{
    int64_t now_ms = clock_wall_ms(clock_system());
    pthread_mutex_lock(&sandbox->lock);
    bool done = sandbox_site_set_faults(&sandbox->site, spec, now_ms, err);
    pthread_mutex_unlock(&sandbox->lock);
    return done;
}

void sandbox_summarize(struct sandbox *sandbox, struct sandbox_summary *summary)
{
    pthread_mutex_lock(&sandbox->lock);
    sandbox_site_summarize(&sandbox->site, summary);
    pthread_mutex_unlock(&sandbox->lock);
}

void sandbox_summary_free(struct sandbox_summary *summary)
{
    for (size_t i = 0; i < summary->name_count; i++)
        free(summary->names[i].name);
    free(summary->names);
    *summary = (struct sandbox_summary){0};
}
