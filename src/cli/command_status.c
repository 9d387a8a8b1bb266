#include "cli/command.h"

#include "base/clock.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/status.h"
#include "outbox/store.h"
#include "outbox/views.h"

#include <poll.h>
#include <stddef.h>
#include <unistd.h>

struct settings {
    bool json;
    bool watch;
    int64_t interval_ms;
};

static const struct settings defaults = {.interval_ms = 2000};

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("json", struct settings, json,
                     "one JSON object; times are UTC milliseconds"),
    {.name = "watch",
     .letter = 'w',
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct settings, watch),
     .help = "show it again and again, until Ctrl-C"},
    {.name = "interval",
     .type = OPTIONS_DURATION,
     .offset = offsetof(struct settings, interval_ms),
     .value = "TIME",
     .help = "with --watch: so often (2s)",
     .minimum = 100,
     .maximum = INT64_C(86400000)},
};

/* On a terminal one page takes the place of the one before. */
static bool print(const struct command_call *call,
                  const struct view_status *status,
                  const struct status_rates *rates, struct err *err)
{
    const struct settings *settings = call->settings;
    struct output output;
    output_init(&output, STDOUT_FILENO);
    if (settings->watch && !settings->json && output.columns > 0)
        buf_add_text(&output.text, "\033[H\033[J");
    if (settings->json)
        status_write_json(status, rates, call->database, &output);
    else
        status_write_page(status, rates, call->database, &output);
    if (settings->watch && !settings->json && output.columns == 0)
        buf_add_byte(&output.text, '\n');
    return output_finish(&output, err);
}

static bool show(const struct command_call *call, struct store *store,
                 struct err *err)
{
    struct view_status status;
    struct status_rates rates;
    int64_t now_ms = clock_wall_ms(clock_system());
    if (!view_read_minutes(store, now_ms, &rates.minutes, err) ||
        !view_read_delivered_today(store, now_ms, &rates.delivered_today,
                                   err) ||
        !view_read_status(store, now_ms, &status, err))
        return false;
    bool printed = print(call, &status, &rates, err);
    view_status_free(&status);
    return printed;
}

/* Until a signal comes. */
static bool show_again(const struct command_call *call, struct store *store,
                       struct err *err)
{
    const struct settings *settings = call->settings;
    struct pollfd signals = {.events = POLLIN};
    if (!signals_open(&signals.fd, err))
        return false;
    bool shown;
    do {
        shown = show(call, store, err);
    } while (shown && poll(&signals, 1, (int)settings->interval_ms) == 0);
    (void)close(signals.fd);
    return shown;
}

static enum command_exit run(const struct command_call *call)
{
    const struct settings *settings = call->settings;
    struct store *store;
    struct err err;
    if (!store_open(call->database, STORE_READ, COMMAND_BUSY_MS, &store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    bool shown = settings->watch ? show_again(call, store, &err)
                                 : show(call, store, &err);
    store_close(store);
    return shown ? EXIT_DONE : command_fail(call, EXIT_ENVIRONMENT, &err);
}

const struct command command_status = {
    .name = "status",
    .arguments = "",
    .summary = "Show how the outbox is doing",
    .details =
        "Whether the relay runs and Intercom takes what it sends, and "
        "if not, how to mend it; deliveries by state; attempts a minute; "
        "pending ones by event and age; failed ones by cause, with the next "
        "step for "
        "each; calls per event; Intercom's quota.",
    .examples = "  subrelay status\n"
                "  subrelay status --watch\n"
                "  subrelay status --json | jq .pending\n",
    COMMAND_OPTIONS(options, defaults),
    .uses_database = true,
    .run = run,
};
