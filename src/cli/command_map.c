#include "cli/command.h"

#include "cli/map_bodies.h"
#include "cli/run_options.h"
#include "event/mapping.h"
#include "event/names.h"
#include "outbox/outbox.h"
#include "outbox/store.h"

#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>

struct settings {
    bool json;
    int sandbox_events;
    int anonymous_users;
};

static const struct settings defaults = {
    .sandbox_events = RUN_SKIP,
    .anonymous_users = RUN_SEND,
};

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW(
        "json", struct settings, json,
        "one line an event, in the order of the input: the envelope, "
        "{\"skipped\":\"reason\"} or {\"invalid\":\"reason\"}"),
    {.name = "sandbox-events",
     .type = OPTIONS_CHOICE,
     .offset = offsetof(struct settings, sandbox_events),
     .choices = run_choices,
     .help = "as for run (skip)"},
    {.name = "anonymous-users",
     .type = OPTIONS_CHOICE,
     .offset = offsetof(struct settings, anonymous_users),
     .choices = run_choices,
     .help = "as for run (send)"},
};

/* The names of the database, if one was given by -d; else the defaults. */
static bool read_names(const struct command_call *call, struct names *names,
                       struct err *err)
{
    names_init(names);
    if (!call->database_is_given)
        return true;
    struct store *store;
    if (!store_open(call->database, STORE_READ, COMMAND_BUSY_MS, &store, err))
        return false;
    bool done = outbox_read_names(store, names, err);
    store_close(store);
    return done;
}

static enum command_exit run(const struct command_call *call)
{
    const struct settings *settings = call->settings;
    struct names names;
    struct map_counts counts;
    struct err err;
    if (!read_names(call, &names, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    const struct mapping_policy policy = {
        .names = &names,
        .skip_anonymous_users = settings->anonymous_users == RUN_SKIP,
        .send_sandbox_events = settings->sandbox_events == RUN_SEND,
    };
    const struct map_options map_options = {
        .paths = (const char *const *)call->words,
        .path_count = (size_t)call->word_count,
        .database = call->database_is_given ? call->database : NULL,
        .policy = &policy,
        .is_json = settings->json,
        .out = stdout,
        .messages = stderr,
    };
    command_tell_input(call);
    if (!map_bodies(&map_options, &counts, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    command_say("%" PRId64 " mapped, %" PRId64 " skipped, %" PRId64 " invalid",
                counts.mapped, counts.skipped, counts.invalid);
    if (counts.unreadable > 0)
        return EXIT_ENVIRONMENT;
    return counts.invalid > 0 ? EXIT_DATA : EXIT_DONE;
}

const struct command command_map = {
    .name = "map",
    .arguments = "[FILE...]",
    .summary = "Print what Intercom would be told of each event",
    .details = "Reads webhook bodies as enqueue does and prints the envelope "
               "that each would become, or why not. Sends nothing and touches "
               "no database; with -d it takes the event names of that one.\n\n"
               "Exit 1: an event is invalid; the reason names the field.",
    .examples = "  subrelay map webhook.json\n"
                "  subrelay map --json < events.ndjson | jq -c "
                "'.event_payload // .'\n",
    COMMAND_OPTIONS(options, defaults),
    .most_words = INT_MAX,
    .uses_database = true,
    .run = run,
};
