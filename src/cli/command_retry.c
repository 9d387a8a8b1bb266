#include "cli/change.h"

#include <limits.h>
#include <stddef.h>

static const struct change_settings defaults;

static const struct options_row options[] = {
    {.name = "dry-run",
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct change_settings, dry_run),
     .help = "print the plan, change nothing"},
    {.name = "yes",
     .letter = 'y',
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct change_settings, yes),
     .help = "start without asking"},
    {.name = "include-delivered",
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct change_settings, include_delivered),
     .help = "also what was delivered: duplicates at Intercom"},
    {.name = "json",
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct change_settings, json),
     .help = "the plan as one JSON object"},
};

const struct command command_retry = {
    .name = "retry",
    .arguments = "ID...|FILTER...",
    .summary = "Send failed, discarded or skipped ones again",
    .details =
        "Each is mapped anew with the names of now, keeps its event and "
        "history, and runs at its place among its user's. One that waits for "
        "its time is due now; one that is being sent is left alone.\n\n"
        "The plan goes to stdout. More than one is started by typing the "
        "number on a terminal, elsewhere with --yes. It goes on after a crash, "
        "and can be taken back: cancel while it runs, undo when it is done.",
    .examples = "  subrelay retry 41\n"
                "  subrelay retry state:failed --dry-run\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .defaults = &defaults,
    .settings_bytes = sizeof(defaults),
    .least_words = 1,
    .most_words = INT_MAX,
    .uses_database = true,
    .takes_filter = true,
    .run = change_run,
};
