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
    OPTIONS_FLAG_ROW("include-delivered", struct change_settings,
                     include_delivered,
                     "also what was delivered: duplicates at Intercom"),
    OPTIONS_FLAG_ROW("json", struct change_settings, json,
                     "the plan as one JSON object"),
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
    COMMAND_OPTIONS(options, defaults),
    .least_words = 1,
    .most_words = INT_MAX,
    .uses_database = true,
    .takes_filter = true,
    .run = change_run,
};
