#include "cli/change.h"

#include <limits.h>
#include <stddef.h>

static const struct change_settings defaults;

static const struct options_row options[] = {
    CHANGE_OPTION_DRY_RUN,
    CHANGE_OPTION_YES,
    OPTIONS_FLAG_ROW("include-delivered", struct change_settings,
                     include_delivered,
                     "also what was delivered: duplicates at Intercom"),
    CHANGE_OPTION_JSON,
};

const struct command command_retry = {
    .name = "retry",
    .arguments = "ID...|FILTER...",
    .summary = "Send failed, discarded or skipped ones again",
    .details =
        "Each is mapped anew with the names of now, keeps its event and "
        "history, and runs at its place among its user's. One that waits for "
        "its time is due now; one that is being sent is left "
        "alone.\n\n" CHANGE_DETAILS,
    .examples = "  subrelay retry 41\n"
                "  subrelay retry state:failed --dry-run\n",
    COMMAND_OPTIONS(options, defaults),
    .least_words = 1,
    .most_words = INT_MAX,
    .uses_database = true,
    .takes_filter = true,
    .run = change_run,
};
