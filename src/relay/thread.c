#include "relay/thread.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/thread.h"
#include "net/http_curl.h"
#include "net/http_wire.h"
#include "outbox/lock.h"
#include "outbox/store.h"
#include "outbox/views.h"
#include "relay/wake.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* How long one statement waits for another writer before the turn is put off
 * and tried again. */
enum { BUSY_MS = 2000 };

/* A hint can come before the commit is visible: look in steps for this long
 * (design, "Wake-up"). */
enum { STEP_US = 50, CLOSE_LOOK_US = 2000 };

static const int64_t NOT_STOPPED = -1;

struct relay_thread {
    pthread_t thread;
    struct lock *lock;
    struct store *store;
    /* The wire's, once there is one. */
    struct http_curl *http[HTTP_WIRE_MOST_THREADS];
    struct http_wire *wire;
    struct wake *wake;
    struct relay *relay;
    char *token_file; /* NULL: none */
    char *token;
    int ended;                  /* eventfd */
    _Atomic int64_t stop_in_ms; /* NOT_STOPPED, or the grace that is left */
    /* written by the thread, read after the join */
    struct relay_report report;
    bool failed;
    struct err err;
};

/* --- the thread ---------------------------------------------------------- */

static void set_token(const struct http *inner, void *token)
{
    http_curl_set_token(inner->context, token);
}

/* Read the token file again. True: there is a new token in it. */
static bool refresh_token(void *context)
{
    struct relay_thread *thread = context;
    struct err err;
    char *token = NULL;
    if (thread->token_file == NULL)
        return false;
    if (!file_read_secret(thread->token_file, &token, &err)) {
        log_line(LOG_WARNING, "token file: %s", err.text);
        return false;
    }
    bool is_new = !text_equals(token, thread->token);
    if (is_new) {
        log_line(LOG_INFO, "token file %s has changed: using the new token",
                 thread->token_file);
        http_wire_do(thread->wire, set_token, token);
        free(thread->token);
        thread->token = mem_copy_text(token);
    }
    free(token);
    return is_new;
}

static int64_t monotonic_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

static void obey_stop(struct relay_thread *thread)
{
    int64_t grace_ms = atomic_exchange(&thread->stop_in_ms, NOT_STOPPED);
    if (grace_ms != NOT_STOPPED)
        relay_stop(thread->relay, monotonic_ms() + grace_ms);
}

/* Only while nothing is under way: a busy relay looks at every turn anyway. */
static void look_closely(struct relay_thread *thread)
{
    const struct timespec step = {.tv_nsec = STEP_US * 1000};
    for (int us = 0; us < CLOSE_LOOK_US; us += STEP_US) {
        if (relay_notice_changes(thread->relay))
            return;
        (void)nanosleep(&step, NULL);
    }
}

/* A look of the series that a hint began. When it is over, the commit that gave
 * the hint may still be under way, because its sync takes long: then it is in a
 * write transaction, and as long as anybody is in one, the series goes on.
 * Asked before the look, so that a commit that ends in between is seen by it.
 */
static void look_later(struct relay_thread *thread)
{
    bool was_last =
        wake_time_to_look(thread->wake, monotonic_ms()) == INT64_MAX;
    bool goes_on = was_last && store_is_being_written(thread->store);
    (void)relay_notice_changes(thread->relay);
    if (goes_on)
        wake_look_again(thread->wake, monotonic_ms());
}

static void wait_for_work(struct relay_thread *thread, int64_t wait_ms)
{
    const struct http *http = http_wire_seam(thread->wire);
    int64_t look_ms = wake_time_to_look(thread->wake, monotonic_ms());
    http->wait(http->context, wake_descriptor(thread->wake),
               wait_ms < look_ms ? wait_ms : look_ms);
    struct wake_news news;
    wake_drain(thread->wake, monotonic_ms(), &news);
    if (news.token_file && refresh_token(thread))
        relay_take_new_token(thread->relay);
    if (news.place)
        relay_look(thread->relay);
    if (news.hint && relay_is_idle(thread->relay))
        look_closely(thread);
    else if (news.hint)
        (void)relay_notice_changes(thread->relay);
    if (wake_take_look(thread->wake, monotonic_ms()))
        look_later(thread);
}

static void *run_thread(void *context)
{
    struct relay_thread *thread = context;
    enum relay_state state;
    int64_t wait_ms;
    thread_work_in_batches();
    for (;;) {
        obey_stop(thread);
        state = relay_turn(thread->relay, &wait_ms, &thread->err);
        if (state != RELAY_GOES_ON)
            break;
        wait_for_work(thread, wait_ms);
    }
    thread->failed = state == RELAY_HAS_FAILED;
    relay_read_report(thread->relay, &thread->report);
    relay_free(thread->relay);
    thread->relay = NULL;
    uint64_t one = 1;
    (void)!write(thread->ended, &one, sizeof(one));
    return NULL;
}

/* --- starting and ending ------------------------------------------------- */

static void free_thread(struct relay_thread *thread)
{
    relay_free(thread->relay);
    http_wire_free(thread->wire);
    for (int i = 0; i < HTTP_WIRE_MOST_THREADS; i++)
        http_curl_free(thread->http[i]);
    wake_free(thread->wake);
    store_close(thread->store);
    lock_release(thread->lock);
    if (thread->ended >= 0)
        (void)close(thread->ended);
    free(thread->token_file);
    free(thread->token);
    free(thread);
}

/* The lock is taken: say by whom, as far as the outbox knows. */
static bool say_who_holds(const char *database_path, struct err *err)
{
    struct store *store;
    struct view_status status;
    struct err ignored;
    if (!store_open(database_path, STORE_READ, BUSY_MS, &store, &ignored))
        return err_set(err, ERR_BUSY, "%s: another relay is running",
                       database_path);
    if (view_read_status(store, clock_wall_ms(clock_system()), &status,
                         &ignored)) {
        char since[TEXT_TIME_BYTES];
        text_format_time(status.relay_started_ms, since, sizeof(since));
        (void)err_set(err, ERR_BUSY,
                      "%s: another relay is running (pid %lld on %s, since "
                      "%s); stop it first",
                      database_path, (long long)status.relay_pid,
                      status.relay_host == NULL ? "?" : status.relay_host,
                      since);
        view_status_free(&status);
    } else {
        (void)err_set(err, ERR_BUSY, "%s: another relay is running",
                      database_path);
    }
    store_close(store);
    return false;
}

static bool open_wire(struct relay_thread *thread,
                      const struct relay_thread_options *options,
                      struct err *err)
{
    const struct http *inner[HTTP_WIRE_MOST_THREADS];
    int connections = options->policy.connections;
    for (int i = 0; i < http_wire_threads(connections); i++) {
        const struct http_curl_options http = {
            .api_url = options->api_url,
            .token = options->token,
            .connections = http_wire_share(connections, i),
            .timeout_ms = options->policy.timeout_ms,
            .insecure_http = options->insecure_http,
        };
        if (!http_curl_new(&http, &thread->http[i], err))
            return false;
        inner[i] = http_curl_seam(thread->http[i]);
    }
    return http_wire_new(inner, connections, &thread->wire, err);
}

static bool open_parts(struct relay_thread *thread,
                       const struct relay_thread_options *options,
                       struct err *err)
{
    if (!store_open(options->database_path, STORE_WRITE, BUSY_MS,
                    &thread->store, err))
        return false;
    if (!lock_take(options->database_path, &thread->lock, err)) {
        if (err->code == ERR_BUSY)
            return say_who_holds(options->database_path, err);
        return false;
    }
    if (!open_wire(thread, options, err) ||
        !wake_new(options->database_path, options->token_file, &thread->wake,
                  err))
        return false;
    if (!wake_is_watching(thread->wake))
        log_line(LOG_WARNING, "no inotify here: looking at the outbox every "
                              "second");
    thread->ended = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (thread->ended < 0)
        return err_set_errno(err, errno, "eventfd");
    const struct relay_seams seams = {
        .clock = clock_system(),
        .http = http_wire_seam(thread->wire),
        .store = thread->store,
        .refresh_token = refresh_token,
        .refresh_context = thread,
        .metrics = options->metrics,
    };
    return relay_new(&options->policy, &seams, options->api_url, &thread->relay,
                     err);
}

bool relay_thread_start(const struct relay_thread_options *options,
                        struct relay_thread **thread, struct err *err)
{
    /* Each turn frees what the last one sent, and takes as much again. */
    mem_keep_free();
    struct relay_thread *made = mem_new(sizeof(*made));
    made->ended = -1;
    made->token = mem_copy_text(options->token);
    made->token_file = mem_copy_text(options->token_file);
    atomic_init(&made->stop_in_ms, NOT_STOPPED);
    if (!open_parts(made, options, err)) {
        free_thread(made);
        return false;
    }
    relay_read_report(made->relay, &made->report);
    if (made->report.recovered > 0)
        log_line(LOG_INFO,
                 "the relay before ended with %" PRId64 " under way: their "
                 "outcome is unknown, they go again first",
                 made->report.recovered);

    int errnum = thread_start(&made->thread, run_thread, made);
    if (errnum != 0) {
        free_thread(made);
        return err_set_errno(err, errnum, "starting the relay's thread");
    }
    *thread = made;
    return true;
}

int relay_thread_end_descriptor(const struct relay_thread *thread)
{
    return thread->ended;
}

void relay_thread_stop(struct relay_thread *thread, int64_t grace_ms)
{
    atomic_store(&thread->stop_in_ms, grace_ms);
    wake_signal(thread->wake);
}

bool relay_thread_join(struct relay_thread *thread, struct relay_report *report,
                       struct err *err)
{
    (void)pthread_join(thread->thread, NULL);
    *report = thread->report;
    bool failed = thread->failed;
    if (failed)
        *err = thread->err;
    free_thread(thread);
    return !failed;
}
