#include "cli/command.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/run_options.h"
#include "cli/run_receiver.h"
#include "cli/signals.h"
#include "cli/token.h"
#include "relay/metrics.h"
#include "relay/thread.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SECOND_MS = 1000,
    HOUR_MS = 3600 * SECOND_MS,
    /* After --grace the relay cuts what is under way and records it; so long
     * may the recording take. */
    RECORD_MS = 1 * SECOND_MS,
    /* --standby: how often to try for the lock and the port. The process
     * before may end by kill -9, and nothing tells of that. */
    STANDBY_TRY_MS = 300,
};

/* The relay, and with --listen the receiver: each runs or does not run yet.
 * When one has ended, the other is ended, too. */
struct run {
    const struct command_call *call;
    const struct run_settings *settings;
    char *url;
    struct run_receiver receiver_needs;
    struct metrics metrics;
    struct relay_thread *relay; /* NULL: not started, or joined */
    struct receiver *receiver;  /* the same */
    bool relay_has_ended;
    bool receiver_has_ended;
    bool said_busy; /* standing by for the relay … */
    bool said_port; /* … and for the port */
    int signal_descriptor;
    bool is_stopping; /* by a signal */
    bool is_ending;
    int64_t deadline_ms; /* monotonic; valid while ending */
    bool has_failed;     /* to start; err says why */
    struct err err;
};

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

/* --- starting ------------------------------------------------------------ */

static bool start_relay(struct run *run, struct err *err)
{
    struct token token;
    if (!token_read(run->settings->token_file, &token, err))
        return false;
    const struct relay_thread_options thread_options = {
        .database_path = run->call->database,
        .api_url = run->url,
        .token = token.value,
        .token_file = token.file,
        .insecure_http = run->settings->insecure_http,
        .policy = run_settings_make_policy(run->settings),
        .metrics = &run->metrics,
    };
    bool started = relay_thread_start(&thread_options, &run->relay, err);
    token_free(&token);
    if (started)
        log_line(LOG_INFO, "subrelay %s: relaying %s to %s", SUBRELAY_VERSION,
                 run->call->database, run->url);
    return started;
}

static bool start_receiver(struct run *run, struct err *err)
{
    return run_receiver_start(&run->receiver_needs, run->call->database,
                              &run->metrics, &run->receiver, err);
}

/* With --standby, what another process has may become ours: the lock, and the
 * port. */
static bool comes_later(const struct run *run, enum err_code code,
                        const struct err *err, bool *said)
{
    if (!run->settings->standby || err->code != code)
        return false;
    if (!*said)
        log_line(LOG_INFO, "standing by: %s", err->text);
    *said = true;
    return true;
}

/* Start what does not run yet and can. Webhooks are as safe in this process as
 * in the one that relays, so each is started as soon as it can be. *waits:
 * something is to be tried again. */
static bool start_missing(struct run *run, bool *waits, struct err *err)
{
    *waits = false;
    if (run->relay == NULL && !start_relay(run, err)) {
        if (!comes_later(run, ERR_BUSY, err, &run->said_busy))
            return false;
        *waits = true;
    }
    if (run->settings->listen != NULL && run->receiver == NULL &&
        !start_receiver(run, err)) {
        if (!comes_later(run, ERR_ACCESS, err, &run->said_port))
            return false;
        *waits = true;
    }
    return true;
}

/* --- ending -------------------------------------------------------------- */

/* Ask what runs to end within the grace. */
static void begin_end(struct run *run, int64_t grace_ms)
{
    run->is_ending = true;
    run->deadline_ms = now_ms() + grace_ms + RECORD_MS;
    if (run->relay != NULL)
        relay_thread_stop(run->relay, grace_ms);
    if (run->receiver != NULL)
        receiver_stop(run->receiver, grace_ms);
}

/* The first signal asks for an end within the grace, the second one for an end
 * at once. */
static void take_signal(struct run *run)
{
    int signal_number = signals_take(run->signal_descriptor);
    if (signal_number == 0)
        return;
    if (signal_number == SIGHUP) {
        log_line(LOG_INFO, "SIGHUP does nothing: the token's file is read "
                           "again when it changes");
        return;
    }
    int64_t grace_ms = run->is_stopping ? 0 : run->settings->grace_ms;
    log_line(LOG_INFO,
             "%s: claiming nothing more; what is under way has %" PRId64 " ms",
             signal_number == SIGINT ? "SIGINT" : "SIGTERM", grace_ms);
    run->is_stopping = true;
    begin_end(run, grace_ms);
}

static bool relay_runs(const struct run *run)
{
    return run->relay != NULL && !run->relay_has_ended;
}

static bool receiver_runs(const struct run *run)
{
    return run->receiver != NULL && !run->receiver_has_ended;
}

/* Wait for something to end, for a signal, or for most_ms. False: waiting is
 * not possible. */
static bool wait_once(struct run *run, int most_ms)
{
    struct pollfd waited[] = {
        {.fd = relay_runs(run) ? relay_thread_end_descriptor(run->relay) : -1,
         .events = POLLIN},
        {.fd = receiver_runs(run) ? receiver_end_descriptor(run->receiver) : -1,
         .events = POLLIN},
        {.fd = run->signal_descriptor, .events = POLLIN},
    };
    if (poll(waited, 3, most_ms) < 0) {
        if (errno == EINTR)
            return true;
        log_line(LOG_ERROR, "cannot wait: %s", strerrordesc_np(errno));
        return false;
    }
    run->relay_has_ended |= (waited[0].revents & POLLIN) != 0;
    run->receiver_has_ended |= (waited[1].revents & POLLIN) != 0;
    return true;
}

static int time_to_wait(const struct run *run, bool waits)
{
    if (run->is_ending) {
        int64_t left_ms = run->deadline_ms - now_ms();
        return left_ms < HOUR_MS ? (int)left_ms : HOUR_MS;
    }
    return waits ? STANDBY_TRY_MS : HOUR_MS;
}

/* Run until all has ended. False: something did not end in time. After a signal
 * that came early nothing is started. */
static bool run_to_end(struct run *run)
{
    bool waits = true;
    for (;;) {
        take_signal(run);
        if (waits && !run->is_ending && !run->has_failed &&
            !start_missing(run, &waits, &run->err)) {
            run->has_failed = true;
            begin_end(run, 0);
        }
        if (!run->is_ending &&
            (run->relay_has_ended || run->receiver_has_ended))
            begin_end(run, run->settings->grace_ms);
        if (run->is_ending && !relay_runs(run) && !receiver_runs(run))
            return true;
        int most_ms = time_to_wait(run, waits);
        if (most_ms <= 0 || !wait_once(run, most_ms))
            return false;
    }
}

/* --- judging ------------------------------------------------------------- */

static void log_report(const struct relay_report *report)
{
    log_line(LOG_INFO,
             "ended (epoch %" PRId64 "): %" PRId64 " delivered, %" PRId64
             " failed, %" PRId64 " skipped in %" PRId64 " attempts, %" PRId64
             " calls; %" PRId64 " left pending",
             report->epoch, report->delivered, report->failed, report->skipped,
             report->attempts, report->calls, report->pending_left);
}

static enum command_exit judge_drain(const struct run *run,
                                     const struct relay_report *report)
{
    if (report->held_or_paused)
        return command_fail_text(run->call, EXIT_ENVIRONMENT,
                                 "sending is held or paused with %" PRId64
                                 " left; `subrelay -d %s "
                                 "status` says why and what to do",
                                 report->pending_left, run->call->database);
    if (report->nothing_gets_through && report->pending_left > 0)
        return command_fail_text(run->call, EXIT_DATA,
                                 "%" PRId64 " failed, %" PRId64
                                 " left: nothing gets through to Intercom; "
                                 "`subrelay -d %s status` says what fails",
                                 report->failed, report->pending_left,
                                 run->call->database);
    if (report->failed > 0 || report->pending_left > 0)
        return command_fail_text(
            run->call, EXIT_DATA,
            "%" PRId64 " failed, %" PRId64 " left; see: subrelay -d %s list",
            report->failed, report->pending_left, run->call->database);
    return EXIT_DONE;
}

/* The relay is gone afterwards. */
static enum command_exit judge_relay(struct run *run)
{
    struct relay_report report;
    struct err err;
    bool joined = relay_thread_join(run->relay, &report, &err);
    run->relay = NULL;
    log_report(&report);
    if (!joined && run->is_stopping)
        log_line(LOG_WARNING, "the end could not be recorded: %s", err.text);
    if (!joined && !run->is_stopping)
        return command_fail(run->call, EXIT_ENVIRONMENT, &err);
    if (run->is_stopping || !run->settings->drain)
        return EXIT_DONE;
    return judge_drain(run, &report);
}

/* The receiver is gone afterwards. */
static enum command_exit judge_receiver(struct run *run)
{
    struct err err;
    bool joined = receiver_join(run->receiver, &err);
    run->receiver = NULL;
    return joined ? EXIT_DONE : command_fail(run->call, EXIT_ENVIRONMENT, &err);
}

static enum command_exit attend(struct run *run)
{
    enum command_exit code = EXIT_DONE;
    enum command_exit receiver_code = EXIT_DONE;
    bool all_ended = run_to_end(run);
    if (run->has_failed)
        code = command_fail(run->call, EXIT_ENVIRONMENT, &run->err);
    if (run->receiver != NULL && run->receiver_has_ended)
        receiver_code = judge_receiver(run);
    if (run->relay != NULL && run->relay_has_ended) {
        enum command_exit relay_code = judge_relay(run);
        code = code == EXIT_DONE ? relay_code : code;
    }
    code = code == EXIT_DONE ? receiver_code : code;
    if (all_ended)
        return code;
    if (run->relay != NULL)
        log_line(LOG_WARNING, "ended before all outcomes were recorded: they "
                              "are unknown at the next start");
    /* A thread is in the middle of something: nothing may be freed under it,
     * and the outbox is safe against this. */
    _exit((int)code);
}

static enum command_exit read_and_attend(struct run *run)
{
    struct err err;
    if (!run_receiver_read(run->settings, &run->receiver_needs, &err))
        return command_fail(run->call, EXIT_ENVIRONMENT, &err);
    metrics_init(&run->metrics);
    run->url = run_settings_copy_url(run->settings);
    enum command_exit code = attend(run);
    run_receiver_free(&run->receiver_needs);
    free(run->url);
    return code;
}

/* Signals first: however early one comes, it is an end in good order. */
static enum command_exit run(const struct command_call *call)
{
    struct run run = {.call = call, .settings = call->settings};
    struct err err;
    if (!signals_open(&run.signal_descriptor, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = run_settings_check(run.settings, &err)
                                 ? read_and_attend(&run)
                                 : command_fail(call, EXIT_USAGE, &err);
    (void)close(run.signal_descriptor);
    return code;
}

const struct command command_run = {
    .name = "run",
    .arguments = "",
    .summary = "Deliver the outbox to Intercom, in the foreground",
    .details =
        "Sends each user's events in order, many users at once, and records "
        "every attempt. What fails for a passing reason is sent again; a "
        "refused token stops the sending and fails nothing. One relay works on "
        "a file; a second one refuses to start.\n\n"
        "SIGTERM or Ctrl-C ends it in good order, exit 0; a second one ends it "
        "at once. Killed in any way, it loses nothing: what was under way is "
        "sent again with the same bytes, which Intercom takes as one.\n\n"
        "With --drain it ends when nothing is left that is due within "
        "--drain-wait: exit 0 if nothing failed and nothing is left, 1 "
        "otherwise, 3 if sending is held or paused.\n\n"
        "What was delivered, skipped or discarded longer ago than --keep "
        "leaves the outbox by itself, a little at a time; what failed stays. "
        "Its event's id is known for 400 days more.\n\n"
        "With --listen it receives RevenueCat's webhooks, too, and answers 200 "
        "when an event is committed. Who may send has to be said: "
        "--webhook-auth-file, --webhook-secret-file (both: both must be "
        "right), or on a loopback address --no-webhook-auth. GET /healthz, "
        "/readyz and /metrics are for who watches.\n\n"
        "The log goes to stderr, one line an occurrence.",
    .examples =
        "  subrelay -d app.db run --token-file intercom.token --region eu\n"
        "  INTERCOM_TOKEN=any subrelay run --api-url http://127.0.0.1:8080 "
        "--drain\n"
        "  INTERCOM_TOKEN=any subrelay run --listen :8080 --no-webhook-auth\n",
    COMMAND_OPTIONS(run_options, run_defaults),
    .uses_database = true,
    .run = run,
};
