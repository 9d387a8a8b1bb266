#include "cli/change.h"

#include "base/text.h"
#include "cli/change_plan.h"
#include "cli/operator.h"
#include "cli/take_back.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct change {
    const struct command_call *call;
    const struct change_settings *settings;
    struct store *store;
    struct progress progress;
    struct change_plan plan;
};

static void drop_plan(const struct change *change)
{
    struct err err;
    if (!change_plan_drop(change->store, &change->plan, &err))
        command_say("subrelay %s: the plan stays behind: %s",
                    change->call->command->name, err.text);
}

/* --- asked for ----------------------------------------------------------- */

/* Whether it may start; *code says how to end if not. */
static bool may_start(struct change *change, enum command_exit *code)
{
    int64_t planned = change->plan.plan.planned;
    *code = EXIT_DATA;
    if (planned == 0) {
        command_say("%s: nothing to %s.",
                    change->plan.plan.matched == 0 ? "Nothing matches"
                                                   : "All are left alone",
                    change->call->command->name);
        return false;
    }
    *code = EXIT_DONE;
    if (change->settings->dry_run)
        return false;
    if (planned == 1 || change->settings->yes)
        return true;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        command_say("subrelay %s: more than one: add --yes to start it",
                    change->call->command->name);
        *code = EXIT_USAGE;
        return false;
    }
    *code = EXIT_DATA;
    if (operator_types(planned, &change->progress))
        return true;
    command_say("Cancelled; nothing is changed.");
    return false;
}

/* --- carried out --------------------------------------------------------- */

static void tell(const struct change *change, const struct operation_row *row)
{
    if (!text_equals(row->state, "done")) {
        command_say("Operation %" PRId64 " was %s meanwhile by another.",
                    row->id, row->state);
        return;
    }
    command_say("Operation %" PRId64 ": %" PRId64
                " %s%s; undo it: subrelay undo %" PRId64,
                row->id, row->applied,
                change->plan.plan.is_retry ? "wait to be sent" : "discarded",
                row->changed > 0 ? ", some left alone: changed since the plan"
                                 : "",
                row->id);
    if (change->plan.plan.is_retry)
        operator_tell_without_relay(change->call->database,
                                    "they wait for subrelay run.");
}

/* A signal came in the middle of it. Ctrl-C takes it back; others leave it to
 * whoever comes next. */
static enum command_exit stop(struct change *change,
                              const struct operation_row *row)
{
    if (change->progress.came == SIGINT) {
        command_say("Cancelling operation %" PRId64 ", %" PRId64 " of %" PRId64
                    " were done.",
                    row->id, row->applied, row->planned);
        change->progress.came = 0;
        (void)take_back(change->call, change->store, true, row->id,
                        &change->progress);
        return EXIT_DATA;
    }
    command_say("Operation %" PRId64 ": %" PRId64 " of %" PRId64
                " are done; whoever runs next, subrelay run or a command, goes "
                "on with it. Stop it: subrelay cancel %" PRId64,
                row->id, row->applied, row->planned, row->id);
    return EXIT_DATA;
}

static enum command_exit carry_out(struct change *change)
{
    const struct operation_plan *plan = &change->plan.plan;
    struct operation_row row;
    struct err err;
    if (!operation_start(change->store, plan->id, plan->now_ms, &err) ||
        !operator_carry_out(change->store, plan->id, &change->progress, &row,
                            &err))
        return command_fail(change->call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = EXIT_DONE;
    if (text_equals(row.state, "running")) {
        code = stop(change, &row);
    } else {
        tell(change, &row);
        if (row.changed > 0 || (change->plan.by_ids && plan->left > 0) ||
            !text_equals(row.state, "done"))
            code = EXIT_DATA;
    }
    operation_row_free(&row);
    return code;
}

static enum command_exit fail(const struct change *change,
                              const struct err *err)
{
    drop_plan(change);
    if (err->code == ERR_STOPPED) {
        command_say("Cancelled; nothing is changed.");
        return EXIT_DATA;
    }
    return command_fail(
        change->call, err->code == ERR_NOT_FOUND ? EXIT_DATA : EXIT_ENVIRONMENT,
        err);
}

static enum command_exit plan_and_do(struct change *change)
{
    const struct change_settings *settings = change->settings;
    struct err err;
    enum command_exit code;
    if (!change_plan_make(change->call, change->store,
                          settings->include_delivered, &change->progress,
                          &change->plan, &err) ||
        !change_plan_show(change->store, &change->plan, settings->json, &err))
        return fail(change, &err);
    if (may_start(change, &code))
        return carry_out(change);
    drop_plan(change);
    return code;
}

enum command_exit change_run(const struct command_call *call)
{
    struct change change = {.call = call, .settings = call->settings};
    struct err err;
    if (!change_plan_read(call, &change.plan, &err))
        return command_fail(call, EXIT_USAGE, &err);
    if (!store_open(call->database, STORE_WRITE, OPERATOR_BUSY_MS,
                    &change.store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = progress_begin(&change.progress, &err)
                                 ? plan_and_do(&change)
                                 : command_fail(call, EXIT_ENVIRONMENT, &err);
    progress_end(&change.progress);
    store_close(change.store);
    return code;
}
