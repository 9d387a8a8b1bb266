#include "cli/command.h"

#include "base/clock.h"
#include "cli/output.h"
#include "cli/status.h"
#include "outbox/store.h"
#include "outbox/views.h"

#include <stddef.h>
#include <unistd.h>

enum { BUSY_MS = 5000 };

struct settings {
    bool json;
};

static const struct settings defaults;

static const struct options_row options[] = {
    {.name = "json",
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct settings, json),
     .help = "one JSON object; times are UTC milliseconds"},
};

static enum command_exit print(const struct command_call *call,
                               const struct view_status *status)
{
    const struct settings *settings = call->settings;
    struct output output;
    struct err err;
    output_init(&output, STDOUT_FILENO);
    if (settings->json)
        status_write_json(status, call->database, &output);
    else
        status_write_page(status, call->database, &output);
    if (!output_finish(&output, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    return EXIT_DONE;
}

static enum command_exit run(const struct command_call *call)
{
    struct store *store;
    struct err err;
    if (!store_open(call->database, STORE_READ, BUSY_MS, &store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    struct view_status status;
    bool read =
        view_read_status(store, clock_wall_ms(clock_system()), &status, &err);
    store_close(store);
    if (!read)
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = print(call, &status);
    view_status_free(&status);
    return code;
}

const struct command command_status = {
    .name = "status",
    .arguments = "",
    .summary = "Show how the outbox is doing",
    .details = "Whether the relay runs and Intercom takes what it sends, and "
               "if not, how to mend it; deliveries by state; pending ones by "
               "kind and age; failed ones by cause, with the next step for "
               "each; calls per event; Intercom's quota.",
    .examples = "  subrelay status\n"
                "  subrelay status --json | jq .pending\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .defaults = &defaults,
    .settings_bytes = sizeof(defaults),
    .uses_database = true,
    .run = run,
};
