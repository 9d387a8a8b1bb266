#include "net/receiver.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/listener.h"
#include "net/receiver_auth.h"
#include "net/receiver_commit.h"
#include "net/receiver_http.h"
#include "net/receiver_stats.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_CONNECTIONS = 4096,
    FEWEST_CONNECTIONS = 16,
    /* Descriptors for all else in this process: the database, the relay's own
     * connections (256 at most), what the libraries open now and then. */
    OTHER_DESCRIPTORS = 512,
    ACCEPT_IN_A_ROUND = 64,
    /* After the system had no descriptor or memory for a connection. */
    ACCEPT_PAUSE_MS = 100,
    ACCEPT_LOG_EVERY_MS = 10000,
};

static const int64_t NOT_STOPPED = -1;

struct receiver {
    pthread_t thread;
    struct receiver_stats stats;
    struct receiver_auth *auth;
    struct receiver_http *http;
    struct receiver_commit *commit;
    int listener; /* -1: closed */
    uint16_t port;
    int most_connections;
    int woken;                  /* eventfd: jobs are done, or it is to stop */
    int ended;                  /* eventfd */
    _Atomic int64_t stop_in_ms; /* NOT_STOPPED, or the grace that is left */
    /* the thread's */
    bool is_stopping;
    int64_t deadline_ms;      /* monotonic, while stopping */
    int64_t accept_at_ms;     /* monotonic: not before */
    int64_t accept_logged_ms; /* monotonic; 0: never */
    /* written by the thread, read after the join */
    bool failed;
    struct err err;
};

static int64_t monotonic_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

static void signal_descriptor(int descriptor)
{
    uint64_t one = 1;
    (void)!write(descriptor, &one, sizeof(one));
}

static void wake(void *context)
{
    const struct receiver *receiver = context;
    signal_descriptor(receiver->woken);
}

/* --- accepting ----------------------------------------------------------- */

static bool has_room(const struct receiver *receiver)
{
    return receiver_http_count(receiver->http) < receiver->most_connections;
}

/* No descriptor, or no memory: nothing that will pass at once. An idle
 * connection goes for it, and the queue of the listening socket waits. */
static void put_accepting_off(struct receiver *receiver, int errnum,
                              int64_t now_ms)
{
    receiver_stats_count(&receiver->stats.accept_failures);
    receiver->accept_at_ms = now_ms + ACCEPT_PAUSE_MS;
    (void)receiver_http_make_room(receiver->http);
    if (receiver->accept_logged_ms != 0 &&
        now_ms - receiver->accept_logged_ms < ACCEPT_LOG_EVERY_MS)
        return;
    receiver->accept_logged_ms = now_ms;
    log_line(LOG_WARNING,
             "receiver: cannot accept a connection: %s (%d are open); trying "
             "again",
             strerrordesc_np(errnum), receiver_http_count(receiver->http));
}

/* True: go on accepting. */
static bool accept_one(struct receiver *receiver, int64_t now_ms)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    int socket = accept4(receiver->listener, (struct sockaddr *)&peer, &length,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
        if (!receiver_http_add(receiver->http, socket, (struct sockaddr *)&peer,
                               length, now_ms))
            put_accepting_off(receiver, ENOMEM, now_ms);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
        errno == ENOMEM)
        put_accepting_off(receiver, errno, now_ms);
    /* Others are about that one connection, which is gone. */
    return errno == ECONNABORTED || errno == EINTR;
}

/* At the limit a connection that waits for nothing makes room for one that
 * asks for it; where all are at work, that one waits in the system's queue. */
static void accept_some(struct receiver *receiver, int64_t now_ms)
{
    if (!has_room(receiver)) {
        if (!receiver_http_make_room(receiver->http))
            receiver->accept_at_ms = now_ms + ACCEPT_PAUSE_MS;
        return;
    }
    for (int i = 0; i < ACCEPT_IN_A_ROUND && has_room(receiver); i++) {
        if (now_ms < receiver->accept_at_ms || !accept_one(receiver, now_ms))
            return;
    }
}

/* --- the thread ---------------------------------------------------------- */

static void close_listener(struct receiver *receiver)
{
    if (receiver->listener >= 0)
        (void)close(receiver->listener);
    receiver->listener = -1;
}

static void obey_stop(struct receiver *receiver, int64_t now_ms)
{
    int64_t grace_ms = atomic_exchange(&receiver->stop_in_ms, NOT_STOPPED);
    if (grace_ms != NOT_STOPPED) {
        receiver->is_stopping = true;
        receiver->deadline_ms = now_ms + grace_ms;
        close_listener(receiver);
    }
    if (receiver->is_stopping)
        receiver_http_empty(receiver->http, now_ms >= receiver->deadline_ms);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Until when nothing is to be done but what descriptors tell. */
static int64_t time_to_wait(const struct receiver *receiver, int64_t now_ms)
{
    int64_t wait_ms = receiver_http_wait_ms(receiver->http, now_ms);
    if (receiver->accept_at_ms > now_ms)
        wait_ms = earlier(wait_ms, receiver->accept_at_ms - now_ms);
    if (receiver->is_stopping && receiver->deadline_ms > now_ms)
        wait_ms = earlier(wait_ms, receiver->deadline_ms - now_ms);
    return wait_ms;
}

static bool wait_for_work(struct receiver *receiver, struct err *err)
{
    int64_t now_ms = monotonic_ms();
    int64_t wait_ms = time_to_wait(receiver, now_ms);
    bool accepts = now_ms >= receiver->accept_at_ms;
    struct pollfd waited[] = {
        {.fd = receiver_http_descriptor(receiver->http), .events = POLLIN},
        {.fd = receiver->woken, .events = POLLIN},
        {.fd = accepts ? receiver->listener : -1, .events = POLLIN},
    };
    int most_ms = wait_ms > INT32_MAX ? -1 : (int)wait_ms;
    if (poll(waited, 3, most_ms) < 0 && errno != EINTR)
        return err_set_errno(err, errno, "the receiver cannot wait");
    if (waited[1].revents != 0) {
        uint64_t count;
        (void)!read(receiver->woken, &count, sizeof(count));
    }
    if (waited[2].revents != 0)
        accept_some(receiver, monotonic_ms());
    return true;
}

static void run_round(struct receiver *receiver)
{
    struct receiver_jobs jobs = {NULL, NULL};
    int64_t now_ms = monotonic_ms();
    obey_stop(receiver, now_ms);
    receiver_commit_take_done(receiver->commit, &jobs);
    receiver_http_finish(receiver->http, &jobs, now_ms);
    receiver_http_run(receiver->http, now_ms);
    receiver_http_take_jobs(receiver->http, &jobs);
    receiver_commit_add(receiver->commit, &jobs);
}

static void *run_thread(void *context)
{
    struct receiver *receiver = context;
    while (!receiver->is_stopping || receiver_http_count(receiver->http) > 0) {
        if (!wait_for_work(receiver, &receiver->err)) {
            receiver->failed = true;
            break;
        }
        run_round(receiver);
    }
    close_listener(receiver);
    signal_descriptor(receiver->ended);
    return NULL;
}

/* --- starting and ending ------------------------------------------------- */

/* Descriptors for as many connections as we would take, if we may have them. */
static int choose_most_connections(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return FEWEST_CONNECTIONS;
    rlim_t wanted = MOST_CONNECTIONS + OTHER_DESCRIPTORS;
    if (limit.rlim_cur < wanted) {
        struct rlimit raised = limit;
        raised.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    if (limit.rlim_cur >= wanted)
        return MOST_CONNECTIONS;
    if (limit.rlim_cur < OTHER_DESCRIPTORS + FEWEST_CONNECTIONS)
        return FEWEST_CONNECTIONS;
    return (int)limit.rlim_cur - OTHER_DESCRIPTORS;
}

static void free_receiver(struct receiver *receiver)
{
    struct receiver_jobs jobs;
    close_listener(receiver);
    /* libmicrohttpd cannot stop while a connection is suspended. */
    receiver_commit_stop(receiver->commit, &jobs);
    if (receiver->http != NULL)
        receiver_http_finish(receiver->http, &jobs, monotonic_ms());
    receiver_http_free(receiver->http);
    receiver_auth_free(receiver->auth);
    if (receiver->woken >= 0)
        (void)close(receiver->woken);
    if (receiver->ended >= 0)
        (void)close(receiver->ended);
    free(receiver);
}

static bool open_parts(struct receiver *receiver,
                       const struct receiver_options *options, struct err *err)
{
    receiver_stats_init(&receiver->stats);
    receiver->auth = receiver_auth_new(options->authorization, options->secret);
    receiver->most_connections = choose_most_connections();
    receiver->woken = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    receiver->ended = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (receiver->woken < 0 || receiver->ended < 0)
        return err_set_errno(err, errno, "eventfd");
    const struct receiver_http_options http = {
        .auth = receiver->auth,
        .stats = &receiver->stats,
        .tls_certificate = options->tls_certificate,
        .tls_key = options->tls_key,
    };
    const struct receiver_commit_options commit = {
        .database_path = options->database_path,
        .stats = &receiver->stats,
        .add_metrics = options->add_metrics,
        .metrics_context = options->metrics_context,
        .wake = wake,
        .wake_context = receiver,
    };
    return listener_open(options->address, options->port, &receiver->listener,
                         &receiver->port, err) &&
           receiver_http_new(&http, &receiver->http, err) &&
           receiver_commit_start(&commit, &receiver->commit, err);
}

static bool start(struct receiver *receiver,
                  const struct receiver_options *options, struct err *err)
{
    if (!open_parts(receiver, options, err))
        return false;
    int errnum = pthread_create(&receiver->thread, NULL, run_thread, receiver);
    return errnum == 0 ||
           err_set_errno(err, errnum, "starting the receiver's thread");
}

bool receiver_start(const struct receiver_options *options,
                    struct receiver **receiver, struct err *err)
{
    struct receiver *made = mem_new(sizeof(*made));
    made->listener = -1;
    made->woken = -1;
    made->ended = -1;
    atomic_init(&made->stop_in_ms, NOT_STOPPED);
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool done = start(made, options, err);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (done)
        *receiver = made;
    else
        free_receiver(made);
    return done;
}

uint16_t receiver_port(const struct receiver *receiver)
{
    return receiver->port;
}

int receiver_end_descriptor(const struct receiver *receiver)
{
    return receiver->ended;
}

void receiver_stop(struct receiver *receiver, int64_t grace_ms)
{
    atomic_store(&receiver->stop_in_ms, grace_ms);
    signal_descriptor(receiver->woken);
}

bool receiver_join(struct receiver *receiver, struct err *err)
{
    (void)pthread_join(receiver->thread, NULL);
    bool failed = receiver->failed;
    if (failed)
        *err = receiver->err;
    free_receiver(receiver);
    return !failed;
}
