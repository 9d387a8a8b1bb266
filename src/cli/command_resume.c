#include "cli/command.h"

#include "cli/operator.h"

static enum command_exit run(const struct command_call *call)
{
    bool was_paused;
    struct store *store;
    struct err err;
    if (!store_open(call->database, STORE_WRITE, OPERATOR_BUSY_MS, &store,
                    &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    struct operation_request request = operator_ask("resume");
    bool done = operation_resume(store, &request, &was_paused, &err);
    store_close(store);
    if (!done)
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    command_say(was_paused ? "Resumed."
                           : "It was not paused; a held relay probes now.");
    operator_tell_without_relay(call->database,
                                "nothing is sent before subrelay run.");
    return EXIT_DONE;
}

const struct command command_resume = {
    .name = "resume",
    .arguments = "",
    .summary = "Lift a pause; a held relay probes at once",
    .details = "Lifts an operator's pause. A relay that holds the destination "
               "by itself tries at once whether the cause is mended.",
    .examples = "  subrelay resume\n",
    .least_words = 0,
    .most_words = 0,
    .uses_database = true,
    .run = run,
};
