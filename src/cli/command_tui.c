#include "cli/command.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/aside.h"
#include "cli/operator.h"
#include "cli/run_options.h"
#include "cli/signals.h"
#include "cli/token.h"
#include "relay/thread.h"
#include "tui/console.h"
#include "tui/term.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* After the grace the relay cuts what is under way and records it; so long may
 * the recording take. */
enum { RECORD_MS = 1000 };

struct settings {
    struct run_settings run; /* of --run */
    bool read_only;
    bool runs_relay;
    int colours;
};

static const char *const colour_choices[] = {"auto", "dark", "light", "none",
                                             NULL};
static const int schemes[] = {TERM_SCHEME_AUTO, SCHEME_DARK, SCHEME_LIGHT,
                              SCHEME_MONOCHROME};

static const struct settings defaults = {.run = RUN_DEFAULTS};

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("read-only", struct settings, read_only,
                     "look only: the keys that change something are not there"),
    {.name = "colours",
     .type = OPTIONS_CHOICE,
     .offset = offsetof(struct settings, colours),
     .choices = colour_choices,
     .help = "for a dark or a light terminal (auto: by $COLORFGBG, else dark); "
             "$NO_COLOR means none"},
    OPTIONS_FLAG_ROW(
        "run", struct settings, runs_relay,
        "relay in this process, unless another one does already; all "
        "options below are its"),
    RUN_RELAY_OPTIONS,
};

struct tui {
    const struct command_call *call;
    const struct settings *settings;
    int signals;
    struct relay_thread *relay; /* NULL: none of ours */
    char note[sizeof(((struct err *)0)->text) + 40];
};

/* --- the relay ----------------------------------------------------------- */

static bool start_relay(struct tui *tui, struct err *err)
{
    struct token token;
    const struct run_settings *settings = &tui->settings->run;
    if (!token_read(settings->token_file, &token, err))
        return false;
    char *url = run_settings_copy_url(settings);
    const struct relay_thread_options thread_options = {
        .database_path = tui->call->database,
        .api_url = url,
        .token = token.value,
        .token_file = token.file,
        .insecure_http = settings->insecure_http,
        .policy = run_settings_make_policy(settings),
    };
    bool started = relay_thread_start(&thread_options, &tui->relay, err);
    free(url);
    token_free(&token);
    return started;
}

/* With another relay the console is a console: it says so, and looks. */
static bool start_relay_if_free(struct tui *tui, struct err *err)
{
    if (start_relay(tui, err))
        return true;
    if (err->code != ERR_BUSY)
        return false;
    (void)snprintf(tui->note, sizeof(tui->note), "Not relaying here: %s",
                   err->text);
    return true;
}

/* Wait until the relay has ended; a signal ends it at once. */
static bool wait_for_end(const struct tui *tui, int64_t grace_ms)
{
    const struct clock *clock = clock_system();
    int64_t deadline_ms = clock_monotonic_ms(clock) + grace_ms + RECORD_MS;
    struct pollfd waited[] = {
        {.fd = relay_thread_end_descriptor(tui->relay), .events = POLLIN},
        {.fd = tui->signals, .events = POLLIN},
    };
    for (;;) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms(clock);
        if (left_ms <= 0)
            return false;
        if (poll(waited, 2, (int)left_ms) < 0 && errno != EINTR)
            return false;
        if ((waited[0].revents & POLLIN) != 0)
            return true;
        if ((waited[1].revents & POLLIN) != 0 &&
            signals_take(tui->signals) != 0) {
            relay_thread_stop(tui->relay, 0);
            deadline_ms = clock_monotonic_ms(clock) + RECORD_MS;
        }
    }
}

static enum command_exit end_relay(struct tui *tui)
{
    struct relay_report report;
    struct err err;
    int64_t grace_ms = tui->settings->run.grace_ms;
    relay_thread_stop(tui->relay, grace_ms);
    if (!wait_for_end(tui, grace_ms)) {
        log_line(LOG_WARNING,
                 "the relay ended before all outcomes were recorded: they are "
                 "unknown at the next start, and go again first");
        return EXIT_DONE;
    }
    if (!relay_thread_join(tui->relay, &report, &err))
        return command_fail(tui->call, EXIT_ENVIRONMENT, &err);
    command_say("The relay has ended: %" PRId64 " delivered, %" PRId64
                " failed; %" PRId64 " left pending.",
                report.delivered, report.failed, report.pending_left);
    return EXIT_DONE;
}

/* --- the command --------------------------------------------------------- */

static bool check_settings(const struct settings *settings, struct err *err)
{
    const struct run_settings *run = &settings->run;
    if (!settings->runs_relay && !run_settings_are_default(run))
        return err_set(err, ERR_USAGE,
                       "options of the relay need --run: without it the "
                       "console looks at whatever relay there is");
    return run_settings_check(run, err);
}

static bool show(struct tui *tui, struct err *err)
{
    struct aside aside;
    if (!aside_begin(&aside, err))
        return false;
    if (tui->settings->runs_relay && !start_relay_if_free(tui, err)) {
        aside_end(&aside);
        return false;
    }
    const struct console_options console = {
        .database = tui->call->database,
        .who = operator_name(),
        .read_only = tui->settings->read_only,
        .scheme = schemes[tui->settings->colours],
        .signal_descriptor = tui->signals,
        .relay_descriptor =
            tui->relay == NULL ? -1 : relay_thread_end_descriptor(tui->relay),
        .note = tui->note[0] == '\0' ? NULL : tui->note,
    };
    bool good = console_run(&console, err);
    aside_end(&aside);
    return good;
}

static enum command_exit run(const struct command_call *call)
{
    struct tui tui = {.call = call, .settings = call->settings};
    struct err err;
    if (!check_settings(tui.settings, &err))
        return command_fail(call, EXIT_USAGE, &err);
    if (!signals_open(&tui.signals, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    bool shown = term_check(&err) && show(&tui, &err);
    enum command_exit code = EXIT_DONE;
    if (tui.relay != NULL)
        code = end_relay(&tui);
    (void)close(tui.signals);
    return shown ? code : command_fail(call, EXIT_ENVIRONMENT, &err);
}

const struct command command_tui = {
    .name = "tui",
    .arguments = "",
    .summary = "See what failed and why, and mend it: the console",
    .details =
        "A console over the outbox: how it is going, what failed, by cause; "
        "every delivery with its attempts, calls and exact bytes; retries and "
        "discards that are planned, counted, confirmed and can be undone. It "
        "reads the database alone, so it works beside a relay, or without "
        "one.\n\n"
        "Small letters look, capitals change something; ? shows all keys.\n\n"
        "With --run it relays, too, as `run` does, until you quit; Ctrl-Z "
        "suspends that as well. What the relay logs is written to stderr when "
        "the screen is gone, or at once where stderr is not the terminal.",
    .examples = "  subrelay -d app.db tui\n"
                "  subrelay -d app.db tui --read-only\n"
                "  subrelay -d app.db tui --run --token-file intercom.token\n",
    COMMAND_OPTIONS(options, defaults),
    .uses_database = true,
    .run = run,
};
