#include "cli/take_back.h"

#include "base/text.h"
#include "cli/operator.h"

#include <inttypes.h>

static void tell(const struct operation_row *row)
{
    if (text_equals(row->state, "running"))
        command_say("Operation %" PRId64 ": takes back operation %" PRId64
                    "; whoever runs next, subrelay run or a command, goes on "
                    "with it.",
                    row->id, row->target_id);
    else if (row->planned == 0)
        command_say("Operation %" PRId64 ": took back operation %" PRId64 ".",
                    row->id, row->target_id);
    else
        command_say("Operation %" PRId64 ": took back operation %" PRId64
                    ", %" PRId64 " deliveries; %" PRId64
                    " left as they are, sent or changed since.",
                    row->id, row->target_id, row->applied, row->changed);
}

enum command_exit take_back(const struct command_call *call,
                            struct store *store, bool is_cancel, int64_t target,
                            struct progress *progress)
{
    struct operation_row row;
    struct err err;
    int64_t id;
    const struct operation_request request =
        operator_ask(is_cancel ? "cancel" : "undo");
    bool begun = is_cancel
                     ? operation_cancel(store, target, &request, &id, &err)
                     : operation_undo(store, target, &request, &id, &err);
    if (!begun)
        return command_fail(call,
                            err.code == ERR_NOT_FOUND || err.code == ERR_INVALID
                                ? EXIT_DATA
                                : EXIT_ENVIRONMENT,
                            &err);
    if (!operator_carry_out(store, id, progress, &row, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    tell(&row);
    bool in_part = row.changed > 0 || !text_equals(row.state, "done");
    operation_row_free(&row);
    return in_part ? EXIT_DATA : EXIT_DONE;
}

enum command_exit take_back_run(const struct command_call *call, bool is_cancel)
{
    int64_t target = 0;
    if (call->word_count > 0 &&
        !text_parse_int64(call->words[0], 1, INT64_MAX, &target))
        return command_fail_text(call, EXIT_USAGE,
                                 "'%.60s' is no operation's number",
                                 call->words[0]);
    struct store *store;
    struct progress progress;
    struct err err;
    if (!store_open(call->database, STORE_WRITE, OPERATOR_BUSY_MS, &store,
                    &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code =
        progress_begin(&progress, &err)
            ? take_back(call, store, is_cancel, target, &progress)
            : command_fail(call, EXIT_ENVIRONMENT, &err);
    progress_end(&progress);
    store_close(store);
    return code;
}
