#include "cli/command.h"

#include "cli/take_back.h"

static enum command_exit run(const struct command_call *call)
{
    return take_back_run(call, false);
}

const struct command command_undo = {
    .name = "undo",
    .arguments = "[ID]",
    .summary = "Take back an operation that is done",
    .details = "Without an ID the newest that can be. Deliveries return to "
               "their state and reason where nothing was sent since; a name "
               "returns if nobody changed it since; a pause is lifted.",
    .examples = "  subrelay undo 13\n",
    .least_words = 0,
    .most_words = 1,
    .uses_database = true,
    .run = run,
};
