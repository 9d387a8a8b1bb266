#include "cli/command.h"

#include "cli/take_back.h"

static enum command_exit run(const struct command_call *call)
{
    return take_back_run(call, true);
}

const struct command command_cancel = {
    .name = "cancel",
    .arguments = "ID",
    .summary = "Stop an operation that is running",
    .details =
        "Deliveries that it has not reached stay as they are; those that it "
        "has changed return to their state and reason where nothing was sent.",
    .examples = "  subrelay cancel 13\n",
    .least_words = 1,
    .most_words = 1,
    .uses_database = true,
    .run = run,
};
