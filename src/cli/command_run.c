#include "cli/command.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/signals.h"
#include "cli/token.h"
#include "relay/thread.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SECOND_MS = 1000,
    HOUR_MS = 3600 * SECOND_MS,
    /* After --grace the relay cuts what is under way and records it; so long
     * may the recording take. */
    RECORD_MS = 1 * SECOND_MS,
    /* --standby: how often to try for the lock. The relay before may end by
     * kill -9, and nothing tells of that. */
    STANDBY_TRY_MS = 300,
};

enum choice { CHOICE_SEND, CHOICE_SKIP };

struct settings {
    const char *api_url; /* NULL: by region */
    int region;          /* REGION_NOT_GIVEN: us */
    const char *token_file;
    int sandbox_events;
    int anonymous_users;
    int64_t connections;
    int64_t timeout_ms;
    int64_t grace_ms;
    int64_t give_up_ms;
    bool drain;
    int64_t drain_wait_ms; /* DRAIN_WAIT_NOT_GIVEN: a minute */
    const char *keep;
    bool standby;
    bool insecure_http;
};

enum { REGION_NOT_GIVEN = -1, DRAIN_WAIT_NOT_GIVEN = -1 };

static const struct settings defaults = {
    .region = REGION_NOT_GIVEN,
    .sandbox_events = CHOICE_SKIP,
    .anonymous_users = CHOICE_SEND,
    .connections = 32,
    .timeout_ms = 30 * SECOND_MS,
    .grace_ms = 10 * SECOND_MS,
    .give_up_ms = 72 * (int64_t)HOUR_MS,
    .drain_wait_ms = DRAIN_WAIT_NOT_GIVEN,
    .keep = "90d",
};

static const char *const regions[] = {"us", "eu", "au", NULL};
static const char *const region_urls[] = {
    "https://api.intercom.io",
    "https://api.eu.intercom.io",
    "https://api.au.intercom.io",
};
static const char *const choices[] = {"send", "skip", NULL};

#define FIELD(name) .offset = offsetof(struct settings, name)
#define MS_DAY      (24 * INT64_C(3600000))

static const struct options_row options[] = {
    {.name = "region",
     .type = OPTIONS_CHOICE,
     FIELD(region),
     .choices = regions,
     .help = "where the Intercom workspace is (us)"},
    {.name = "api-url",
     .type = OPTIONS_TEXT,
     FIELD(api_url),
     .value = "URL",
     .help = "another destination, such as the sandbox"},
    {.name = "token-file",
     .type = OPTIONS_TEXT,
     FIELD(token_file),
     .value = "FILE",
     .help = "Intercom's access token; else $INTERCOM_TOKEN, else the systemd "
             "credential intercom-token"},
    {.name = "sandbox-events",
     .type = OPTIONS_CHOICE,
     FIELD(sandbox_events),
     .choices = choices,
     .help = "what to do with events of the stores' sandboxes (skip)"},
    {.name = "anonymous-users",
     .type = OPTIONS_CHOICE,
     FIELD(anonymous_users),
     .choices = choices,
     .help = "what to do with events of $RCAnonymousID users (send)"},
    {.name = "connections",
     .type = OPTIONS_INTEGER,
     FIELD(connections),
     .value = "N",
     .minimum = 1,
     .maximum = 256,
     .help = "deliveries under way at once (32)"},
    {.name = "timeout",
     .type = OPTIONS_DURATION,
     FIELD(timeout_ms),
     .value = "TIME",
     .minimum = 100,
     .maximum = 600000,
     .help = "of one request (30s)"},
    {.name = "give-up",
     .type = OPTIONS_DURATION,
     FIELD(give_up_ms),
     .value = "TIME",
     .minimum = 0,
     .maximum = 365 * MS_DAY,
     .help = "a delivery fails for good so long after its first try (72h)"},
    {.name = "grace",
     .type = OPTIONS_DURATION,
     FIELD(grace_ms),
     .value = "TIME",
     .minimum = 0,
     .maximum = MS_DAY,
     .help = "what is under way may take so long after SIGTERM (10s)"},
    {.name = "drain",
     .type = OPTIONS_FLAG,
     FIELD(drain),
     .help = "end when nothing is left to send"},
    {.name = "drain-wait",
     .type = OPTIONS_DURATION,
     FIELD(drain_wait_ms),
     .value = "TIME",
     .minimum = 0,
     .maximum = MS_DAY,
     .help = "with --drain: wait for deliveries that are due within this time "
             "(60s)"},
    {.name = "keep",
     .type = OPTIONS_TEXT,
     FIELD(keep),
     .value = "TIME",
     .help = "what was delivered, skipped or discarded leaves the outbox after "
             "this time (90d); forever: never"},
    {.name = "standby",
     .type = OPTIONS_FLAG,
     FIELD(standby),
     .help = "while another relay runs on this file, wait and take over when "
             "it ends or dies"},
    {.name = "insecure-http",
     .type = OPTIONS_FLAG,
     FIELD(insecure_http),
     .help = "allow plain http to a host other than this one: the token and "
             "all data can be read on the way"},
};

struct run {
    const struct command_call *call;
    const struct settings *settings;
    struct relay_thread *thread;
    int signal_descriptor;
    bool is_stopping;
    int64_t deadline_ms; /* monotonic; valid while stopping */
};

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

/* *keep_ms is 0 for ever. */
static bool read_keep(const char *keep, int64_t *keep_ms, struct err *err)
{
    *keep_ms = 0;
    if (text_equals(keep, "forever"))
        return true;
    if (text_parse_duration(keep, keep_ms) && *keep_ms >= SECOND_MS)
        return true;
    return err_set(
        err, ERR_USAGE,
        "--keep: '%.60s' is neither a time of a second or more (like "
        "2h or 90d) nor 'forever'",
        keep);
}

static bool check_settings(const struct settings *settings, struct err *err)
{
    if (settings->api_url != NULL && settings->region != REGION_NOT_GIVEN)
        return err_set(err, ERR_USAGE,
                       "--region and --api-url are two destinations");
    if (!settings->drain && settings->drain_wait_ms != DRAIN_WAIT_NOT_GIVEN)
        return err_set(err, ERR_USAGE, "--drain-wait needs --drain");
    int64_t keep_ms;
    return read_keep(settings->keep, &keep_ms, err);
}

/* The destination without final slashes; owned by the caller. */
static char *copy_url(const struct settings *settings)
{
    int region = settings->region == REGION_NOT_GIVEN ? 0 : settings->region;
    const char *url =
        settings->api_url != NULL ? settings->api_url : region_urls[region];
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    return mem_copy_bytes(url, length);
}

static struct relay_policy make_policy(const struct settings *settings)
{
    struct err err;
    int64_t keep_ms;
    (void)!read_keep(settings->keep, &keep_ms, &err); /* is checked already */
    return (struct relay_policy){
        .connections = (int)settings->connections,
        .timeout_ms = settings->timeout_ms,
        .give_up_ms = settings->give_up_ms,
        .check_attributes = true,
        .send_sandbox_events = settings->sandbox_events == CHOICE_SEND,
        .skip_anonymous_users = settings->anonymous_users == CHOICE_SKIP,
        .drain = settings->drain,
        .drain_wait_ms = settings->drain_wait_ms == DRAIN_WAIT_NOT_GIVEN
                             ? 60 * SECOND_MS
                             : settings->drain_wait_ms,
        .keep_ms = keep_ms,
        .seed = random_seed_from_system(),
    };
}

static bool start(struct run *run, const char *url, struct err *err)
{
    struct token token;
    if (!token_read(run->settings->token_file, &token, err))
        return false;
    const struct relay_thread_options thread_options = {
        .database_path = run->call->database,
        .api_url = url,
        .token = token.value,
        .token_file = token.file,
        .insecure_http = run->settings->insecure_http,
        .policy = make_policy(run->settings),
    };
    bool started = relay_thread_start(&thread_options, &run->thread, err);
    token_free(&token);
    return started;
}

/* With --standby wait while another relay holds the lock. False: no relay;
 * err is filled, or is_stopping is set: a signal ended the waiting. */
static bool start_or_stand_by(struct run *run, const char *url, struct err *err)
{
    struct pollfd waited = {.fd = run->signal_descriptor, .events = POLLIN};
    bool said = false;
    while (!start(run, url, err)) {
        if (!run->settings->standby || err->code != ERR_BUSY)
            return false;
        if (!said)
            log_line(LOG_INFO, "standing by: %s", err->text);
        said = true;
        if (poll(&waited, 1, STANDBY_TRY_MS) <= 0)
            continue;
        int signal_number = signals_take(run->signal_descriptor);
        run->is_stopping = signal_number != 0 && signal_number != SIGHUP;
        if (run->is_stopping)
            return false;
    }
    return true;
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
    run->deadline_ms = now_ms() + grace_ms + RECORD_MS;
    relay_thread_stop(run->thread, grace_ms);
}

/* Wait until the relay has ended. False: it did not end in time. */
static bool wait_for_end(struct run *run)
{
    struct pollfd waited[] = {
        {.fd = relay_thread_end_descriptor(run->thread), .events = POLLIN},
        {.fd = run->signal_descriptor, .events = POLLIN},
    };
    for (;;) {
        int64_t left_ms = run->deadline_ms - now_ms();
        if (run->is_stopping && left_ms <= 0)
            return false;
        int most_ms =
            run->is_stopping && left_ms < HOUR_MS ? (int)left_ms : HOUR_MS;
        if (poll(waited, 2, most_ms) < 0 && errno != EINTR) {
            log_line(LOG_ERROR, "cannot wait: %s", strerrordesc_np(errno));
            return false;
        }
        if ((waited[0].revents & POLLIN) != 0)
            return true;
        if ((waited[1].revents & POLLIN) != 0)
            take_signal(run);
    }
}

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

/* Wait, then judge. The thread is gone afterwards. */
static enum command_exit attend(struct run *run)
{
    struct relay_report report;
    struct err err;
    if (!wait_for_end(run)) {
        log_line(LOG_WARNING, "ended before all outcomes were recorded: they "
                              "are unknown at the next start");
        /* The thread is in the middle of something: nothing may be freed
         * under it, and the outbox is safe against this. */
        _exit(EXIT_DONE);
    }
    bool joined = relay_thread_join(run->thread, &report, &err);
    log_report(&report);
    if (!joined && run->is_stopping)
        log_line(LOG_WARNING, "the end could not be recorded: %s", err.text);
    if (!joined && !run->is_stopping)
        return command_fail(run->call, EXIT_ENVIRONMENT, &err);
    if (run->is_stopping || !run->settings->drain)
        return EXIT_DONE;
    return judge_drain(run, &report);
}

static enum command_exit run(const struct command_call *call)
{
    struct run run = {.call = call, .settings = call->settings};
    struct err err;
    if (!check_settings(run.settings, &err))
        return command_fail(call, EXIT_USAGE, &err);
    if (!signals_open(&run.signal_descriptor, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);

    char *url = copy_url(run.settings);
    enum command_exit code;
    if (start_or_stand_by(&run, url, &err)) {
        log_line(LOG_INFO, "subrelay %s: relaying %s to %s", SUBRELAY_VERSION,
                 call->database, url);
        code = attend(&run);
    } else if (run.is_stopping) {
        code = EXIT_DONE;
    } else {
        code = command_fail(call, EXIT_ENVIRONMENT, &err);
    }
    free(url);
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
        "The log goes to stderr, one line an occurrence.",
    .examples =
        "  subrelay -d app.db run --token-file intercom.token --region eu\n"
        "  INTERCOM_TOKEN=any subrelay run --api-url http://127.0.0.1:8080 "
        "--drain\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .defaults = &defaults,
    .settings_bytes = sizeof(defaults),
    .uses_database = true,
    .run = run,
};
