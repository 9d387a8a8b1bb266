#include "cli/command.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/show.h"
#include "outbox/outbox.h"
#include "outbox/store.h"
#include "outbox/views.h"

#include <inttypes.h>
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
                               const struct show_delivery *delivery)
{
    const struct settings *settings = call->settings;
    struct output output;
    struct err err;
    output_init(&output, STDOUT_FILENO);
    if (settings->json)
        show_write_json(delivery, &output);
    else
        show_write_page(delivery, &output);
    if (!output_finish(&output, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    return EXIT_DONE;
}

static enum command_exit run(const struct command_call *call)
{
    struct err err;
    int64_t id;
    if (!text_parse_int64(call->words[0], 1, INT64_MAX, &id))
        return command_fail_text(call, EXIT_USAGE,
                                 "'%.60s' is no id; `subrelay list` shows them",
                                 call->words[0]);
    struct store *store;
    if (!store_open(call->database, STORE_READ, BUSY_MS, &store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);

    struct show_delivery delivery;
    bool found =
        show_read(store, id, clock_wall_ms(clock_system()), &delivery, &err);
    store_close(store);
    if (!found && err.code == ERR_NOT_FOUND)
        return command_fail_text(call, EXIT_DATA,
                                 "no delivery %" PRId64 " in %s", id,
                                 call->database);
    if (!found)
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = print(call, &delivery);
    show_delivery_free(&delivery);
    return code;
}

const struct command command_show = {
    .name = "show",
    .arguments = "ID",
    .summary = "Show one delivery with every attempt and call",
    .details = "What the event is, where its delivery is and why, what to do "
               "next, the envelope that the event becomes with the names of "
               "now, the operations that touched it, and each attempt with its "
               "calls: when, how long, what "
               "was sent, what Intercom answered. Bytes that are the same as "
               "in the attempt before are shown once.",
    .examples = "  subrelay show 41\n"
                "  subrelay show 41 --json | jq '.history[].calls[]'\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .defaults = &defaults,
    .settings_bytes = sizeof(defaults),
    .least_words = 1,
    .most_words = 1,
    .uses_database = true,
    .run = run,
};
