#include "cli/change.h"

#include <limits.h>

static const struct change_settings defaults;

static const struct options_row options[] = {
    CHANGE_OPTION_DRY_RUN,
    CHANGE_OPTION_YES,
    CHANGE_OPTION_JSON,
};

const struct command command_discard = {
    .name = "discard",
    .arguments = "ID...|FILTER...",
    .summary = "Give up pending or failed deliveries",
    .details =
        "Each is left for good, as discarded; the next of its user goes on. "
        "One that is being sent is left alone.\n\n" CHANGE_DETAILS,
    .examples = "  subrelay discard 41\n"
                "  subrelay discard state:failed --dry-run\n",
    COMMAND_OPTIONS(options, defaults),
    .least_words = 1,
    .most_words = INT_MAX,
    .uses_database = true,
    .takes_filter = true,
    .run = change_run,
};
