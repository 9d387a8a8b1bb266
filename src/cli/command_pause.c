#include "cli/command.h"

#include "cli/operator.h"

static enum command_exit run(const struct command_call *call)
{
    struct store *store;
    struct err err;
    if (!store_open(call->database, STORE_WRITE, OPERATOR_BUSY_MS, &store,
                    &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    struct operation_request request = operator_ask("pause");
    request.filter = call->word_count > 0 ? call->words[0] : NULL;
    bool done = operation_pause(store, &request, &err);
    store_close(store);
    if (!done)
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    command_say("Paused. Go on with: subrelay resume");
    operator_tell_without_relay(call->database,
                                "one that starts waits for resume, too.");
    return EXIT_DONE;
}

const struct command command_pause = {
    .name = "pause",
    .arguments = "[REASON]",
    .summary = "Stop sending until an operator resumes",
    .details = "What is being sent ends; nothing new starts, nothing is lost, "
               "and no delivery ages. Pausing again replaces the reason.",
    .examples = "  subrelay pause 'renaming events'\n",
    .least_words = 0,
    .most_words = 1,
    .uses_database = true,
    .run = run,
};
