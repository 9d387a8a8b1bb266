#include "cli/command.h"

#include "cli/operator.h"
#include "base/text.h"

#include <inttypes.h>

/* What the words and the target ask for. */
static enum command_exit take_back(const struct command_call *call,
                                   struct store *store, int64_t target)
{
    char who[OPERATOR_NAME_BYTES];
    struct operation_row row;
    struct err err;
    int64_t id;
    operator_name(who, sizeof(who));
    struct operation_request request = operator_ask("undo", who);
    if (!operation_undo(store, target, &request, &id, &err))
        return command_fail(call,
                            err.code == ERR_NOT_FOUND || err.code == ERR_INVALID
                                ? EXIT_DATA
                                : EXIT_ENVIRONMENT,
                            &err);
    if (!operator_carry_out(store, id, &row, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    command_say("Operation %" PRId64 ": took back operation %" PRId64
                ", %" PRId64 " deliveries; %" PRId64
                " left as they are, sent or changed since.",
                id, row.target_id, row.applied, row.changed);
    bool in_part = row.changed > 0;
    operation_row_free(&row);
    return in_part ? EXIT_DATA : EXIT_DONE;
}

static enum command_exit run(const struct command_call *call)
{
    int64_t target = 0;
    if (call->word_count > 0 &&
        !text_parse_int64(call->words[0], 1, INT64_MAX, &target))
        return command_fail_text(call, EXIT_USAGE,
                                 "'%.60s' is no operation's number",
                                 call->words[0]);
    struct store *store;
    struct err err;
    if (!store_open(call->database, STORE_WRITE, OPERATOR_BUSY_MS, &store,
                    &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = take_back(call, store, target);
    store_close(store);
    return code;
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
