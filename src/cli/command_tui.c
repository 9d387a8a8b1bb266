#include "cli/command.h"

#include "cli/operator.h"
#include "cli/signals.h"
#include "tui/console.h"
#include "tui/term.h"

#include <stddef.h>
#include <unistd.h>

struct settings {
    bool read_only;
};

static const struct settings defaults = {.read_only = false};

static const struct options_row options[] = {
    {.name = "read-only",
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct settings, read_only),
     .help = "look only: keys that change something are not there"},
};

static enum command_exit run(const struct command_call *call)
{
    const struct settings *settings = call->settings;
    char who[OPERATOR_NAME_BYTES];
    int signals;
    struct err err;
    operator_name(who, sizeof(who));
    if (!signals_open(&signals, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    const struct console_options console = {
        .database = call->database,
        .who = who,
        .read_only = settings->read_only,
        .scheme = TERM_SCHEME_AUTO,
        .signal_descriptor = signals,
        .relay_descriptor = -1,
    };
    bool good = console_run(&console, &err);
    (void)close(signals);
    return good ? EXIT_DONE : command_fail(call, EXIT_ENVIRONMENT, &err);
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
        "Small letters look, capitals change something; ? shows all keys.",
    .examples = "  subrelay -d app.db tui\n"
                "  subrelay -d app.db tui --read-only\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .defaults = &defaults,
    .settings_bytes = sizeof(defaults),
    .uses_database = true,
    .run = run,
};
