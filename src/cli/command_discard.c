#include "cli/change.h"

#include <limits.h>
#include <stddef.h>

static const struct change_settings defaults;

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("dry-run", struct change_settings, dry_run,
                     "print the plan, change nothing"),
    {.name = "yes",
     .letter = 'y',
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct change_settings, yes),
     .help = "start without asking"},
    OPTIONS_FLAG_ROW("json", struct change_settings, json,
                     "the plan as one JSON object"),
};

const struct command command_discard = {
    .name = "discard",
    .arguments = "ID...|FILTER...",
    .summary = "Give up pending or failed deliveries",
    .details =
        "Each is left for good, as discarded; the next of its user goes on. "
        "One that is being sent is left alone.\n\n"
        "The plan goes to stdout. More than one is started by typing the "
        "number on a terminal, elsewhere with --yes. It goes on after a crash, "
        "and can be taken back: cancel while it runs, undo when it is done.",
    .examples = "  subrelay discard 41\n"
                "  subrelay discard state:failed --dry-run\n",
    COMMAND_OPTIONS(options, defaults),
    .least_words = 1,
    .most_words = INT_MAX,
    .uses_database = true,
    .takes_filter = true,
    .run = change_run,
};
