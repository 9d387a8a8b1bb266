#include "cli/command.h"

#include "cli/lookup.h"
#include "cli/output.h"
#include "cli/show.h"
#include "outbox/outbox.h"
#include "outbox/views.h"

#include <stddef.h>
#include <unistd.h>

struct settings {
    bool json;
};

static const struct settings defaults;

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("json", struct settings, json,
                     "one JSON object; times are UTC milliseconds"),
};

static enum command_exit print(const struct command_call *call,
                               const struct show_delivery *delivery)
{
    const struct settings *settings = call->settings;
    struct output output;
    output_init(&output, STDOUT_FILENO);
    if (settings->json)
        show_write_json(delivery, &output);
    else
        show_write_page(delivery, &output);
    return command_finish(call, &output, EXIT_DONE);
}

static bool read_delivery(struct store *store, int64_t id, int64_t now_ms,
                          void *what, struct err *err)
{
    return show_read(store, id, now_ms, what, err);
}

static enum command_exit run(const struct command_call *call)
{
    struct show_delivery delivery;
    enum command_exit code;
    if (!lookup_delivery(call, read_delivery, &delivery, &code))
        return code;
    code = print(call, &delivery);
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
    COMMAND_OPTIONS(options, defaults),
    .least_words = 1,
    .most_words = 1,
    .uses_database = true,
    .run = run,
};
