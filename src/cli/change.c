#include "cli/change.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/filter_words.h"
#include "cli/operator.h"
#include "cli/output.h"
#include "outbox/cursor.h"
#include "outbox/lock.h"
#include "outbox/operation_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct change {
    const struct command_call *call;
    const struct change_settings *settings;
    struct store *store;
    struct operation_plan plan;
    bool by_ids;
    struct cursor cursor; /* else */
};

/* --- what it is about ---------------------------------------------------- */

/* Ids if all words are numbers, else a filter. */
static bool read_words(struct change *change, struct err *err)
{
    const struct command_call *call = change->call;
    struct filter filter;
    const char *number = NULL;
    int numbers = 0;
    for (int i = 0; i < call->word_count; i++) {
        int64_t id;
        if (text_parse_int64(call->words[i], 1, INT64_MAX, &id)) {
            number = call->words[i];
            numbers++;
        }
    }
    change->by_ids = numbers == call->word_count;
    if (change->by_ids)
        return true;
    if (numbers > 0)
        return err_set(err, ERR_USAGE,
                       "'%.60s': ids alone, or a filter, in which id:%.60s is "
                       "an id and \"%.60s\" in double quotes a text",
                       number, number, number);
    if (!filter_words_read(call, &filter, err))
        return false;
    cursor_begin(&change->cursor, &filter, CURSOR_BY_ID, true,
                 clock_wall_ms(clock_system()));
    return true;
}

static bool add_ids(struct change *change, struct err *err)
{
    for (int i = 0; i < change->call->word_count; i++) {
        int64_t id;
        if (!text_parse_int64(change->call->words[i], 1, INT64_MAX, &id))
            return err_set(err, ERR_USAGE, "an id is a number");
        if (!operation_plan_add(change->store, &change->plan, &id, 1, err))
            return false;
    }
    return true;
}

static bool add_filtered(struct change *change, struct err *err)
{
    int64_t ids[OPERATION_PAGE];
    while (!change->cursor.done) {
        int count;
        if (!cursor_step(change->store, &change->cursor, ids, OPERATION_PAGE,
                         &count, err) ||
            (count > 0 && !operation_plan_add(change->store, &change->plan, ids,
                                              (size_t)count, err)))
            return false;
    }
    return true;
}

static bool make_plan(struct change *change, struct err *err)
{
    char who[OPERATOR_NAME_BYTES];
    operator_name(who, sizeof(who));
    struct operation_request request =
        operator_ask(change->call->command->name, who);
    struct buf words;
    filter_words_join(change->call, &words);
    request.filter = buf_text(&words);
    request.include_delivered = change->settings->include_delivered;
    bool good =
        operation_plan_begin(change->store, &request, &change->plan, err) &&
        (change->by_ids ? add_ids(change, err) : add_filtered(change, err)) &&
        operation_plan_finish(change->store, &change->plan, err);
    buf_free(&words);
    return good;
}

static void drop_plan(const struct change *change)
{
    struct err err;
    bool done = change->plan.id == 0;
    while (!done) {
        if (operation_plan_drop(change->store, change->plan.id, &done, &err))
            continue;
        command_say("subrelay %s: the plan stays behind: %s",
                    change->call->command->name, err.text);
        return;
    }
}

/* --- the plan, shown ----------------------------------------------------- */

static void write_json(const struct operation_plan *plan, struct buf *out)
{
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    json_key_text(&json, "action", plan->is_retry ? "retry" : "discard");
    json_key_int64(&json, "matched", plan->matched);
    json_key_int64(&json, "planned", plan->planned);
    json_key_int64(&json, "left", plan->left);
    json_key(&json, "reasons");
    json_open_object(&json);
    for (size_t i = 0; i < plan->reason_count; i++)
        json_key_int64(&json, plan->reasons[i].why, plan->reasons[i].count);
    json_close(&json);
    json_key_int64(&json, "duplicates", plan->duplicates);
    json_key_int64(&json, "stale", plan->stale);
    json_key_int64(&json, "may_be_old", plan->may_be_old);
    json_key_int64(&json, "calls", plan->calls);
    json_key(&json, "duration_ms");
    if (plan->duration_ms < 0)
        json_null(&json);
    else
        json_int64(&json, plan->duration_ms);
    json_close(&json);
    buf_add_byte(out, '\n');
}

static bool show_plan(const struct change *change, struct err *err)
{
    struct output output;
    output_init(&output, STDOUT_FILENO);
    if (change->settings->json)
        write_json(&change->plan, &output.text);
    else
        operation_words_plan(&change->plan, &output.text);
    return output_finish(&output, err);
}

/* --- asked for, carried out ---------------------------------------------- */

/* Whether it may start; *code says how to end if not. */
static bool may_start(const struct change *change, enum command_exit *code)
{
    int64_t planned = change->plan.planned;
    *code = EXIT_DATA;
    if (planned == 0) {
        command_say("%s: nothing to %s.",
                    change->plan.matched == 0 ? "Nothing matches"
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
    if (operator_types(planned))
        return true;
    command_say("Cancelled; nothing is changed.");
    return false;
}

static void tell_without_relay(const struct change *change)
{
    struct err err;
    bool is_held;
    if (change->plan.is_retry &&
        lock_is_held(change->call->database, &is_held, &err) && !is_held)
        command_say("No relay is running: they wait for subrelay run.");
}

static enum command_exit carry_out(const struct change *change)
{
    struct operation_row row;
    struct err err;
    int64_t id = change->plan.id;
    if (!operation_start(change->store, id, change->plan.now_ms, &err) ||
        !operator_carry_out(change->store, id, &row, &err))
        return command_fail(change->call, EXIT_ENVIRONMENT, &err);
    command_say(
        "Operation %" PRId64 ": %" PRId64 " %s%s; undo it: subrelay "
        "undo %" PRId64,
        id, row.applied,
        change->plan.is_retry ? "wait to be sent" : "discarded",
        row.changed > 0 ? ", some left alone: changed since the plan" : "", id);
    tell_without_relay(change);
    bool in_part = row.changed > 0 ||
                   (change->by_ids && change->plan.left > 0) ||
                   !text_equals(row.state, "done");
    operation_row_free(&row);
    return in_part ? EXIT_DATA : EXIT_DONE;
}

static enum command_exit plan_and_do(struct change *change)
{
    struct err err;
    enum command_exit code;
    if (!make_plan(change, &err)) {
        drop_plan(change);
        return command_fail(
            change->call,
            err.code == ERR_NOT_FOUND ? EXIT_DATA : EXIT_ENVIRONMENT, &err);
    }
    if (!show_plan(change, &err)) {
        drop_plan(change);
        return command_fail(change->call, EXIT_ENVIRONMENT, &err);
    }
    if (may_start(change, &code))
        return carry_out(change);
    drop_plan(change);
    return code;
}

enum command_exit change_run(const struct command_call *call)
{
    struct change change = {.call = call, .settings = call->settings};
    struct err err;
    if (!read_words(&change, &err))
        return command_fail(call, EXIT_USAGE, &err);
    if (!store_open(call->database, STORE_WRITE, OPERATOR_BUSY_MS,
                    &change.store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = plan_and_do(&change);
    store_close(change.store);
    return code;
}
