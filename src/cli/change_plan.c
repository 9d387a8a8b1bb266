#include "cli/change_plan.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/filter_words.h"
#include "cli/operator.h"
#include "cli/output.h"
#include "outbox/operation_words.h"
#include "outbox/outbox.h"
#include "outbox/story.h"
#include "outbox/words.h"

#include <inttypes.h>
#include <unistd.h>

/* --- from words ---------------------------------------------------------- */

bool change_plan_read(const struct command_call *call, struct change_plan *plan,
                      struct err *err)
{
    struct filter filter;
    const char *number = NULL;
    int numbers = 0;
    *plan = (struct change_plan){.by_ids = false};
    for (int i = 0; i < call->word_count; i++) {
        int64_t id;
        if (text_parse_int64(call->words[i], 1, INT64_MAX, &id)) {
            number = call->words[i];
            numbers++;
        }
    }
    plan->by_ids = numbers == call->word_count;
    if (plan->by_ids)
        return true;
    if (numbers > 0)
        return err_set(err, ERR_USAGE,
                       "'%.60s': ids alone, or a filter, in which id:%.60s is "
                       "an id and \"%.60s\" in double quotes a text",
                       number, number, number);
    if (!filter_words_read(call, &filter, err))
        return false;
    cursor_begin(&plan->cursor, &filter, CURSOR_BY_ID, true,
                 clock_wall_ms(clock_system()));
    return true;
}

static bool add_ids(const struct command_call *call, struct store *store,
                    struct change_plan *plan, struct err *err)
{
    for (int i = 0; i < call->word_count; i++) {
        int64_t id;
        if (!text_parse_int64(call->words[i], 1, INT64_MAX, &id))
            return err_set(err, ERR_USAGE, "an id is a number");
        if (!operation_plan_add(store, &plan->plan, &id, 1, err))
            return false;
    }
    return true;
}

/* A page is written at a time, and the lock left free behind it. */
static bool add_page(struct store *store, struct change_plan *plan,
                     const int64_t *ids, int count, struct err *err)
{
    if (count == 0)
        return true;
    int64_t began_ms = clock_monotonic_ms(clock_system());
    if (!operation_plan_add(store, &plan->plan, ids, (size_t)count, err))
        return false;
    operator_leave_lock_free(clock_monotonic_ms(clock_system()) - began_ms);
    return true;
}

static bool add_filtered(struct store *store, struct progress *progress,
                         struct change_plan *plan, struct err *err)
{
    int64_t ids[OPERATION_PAGE];
    while (!plan->cursor.done) {
        int count;
        if (progress_is_stopped(progress))
            return err_set(err, ERR_STOPPED, "stopped");
        if (!cursor_step(store, &plan->cursor, ids, OPERATION_PAGE, &count,
                         err) ||
            !add_page(store, plan, ids, count, err))
            return false;
        progress_show(progress, "Looking: %d %%, %" PRId64 " match",
                      cursor_share(&plan->cursor) / 10, plan->plan.matched);
    }
    progress_clear(progress);
    return true;
}

bool change_plan_make(const struct command_call *call, struct store *store,
                      bool include_delivered, struct progress *progress,
                      struct change_plan *plan, struct err *err)
{
    struct operation_request request = operator_ask(call->command->name);
    struct buf words;
    filter_words_join(call, &words);
    request.filter = buf_text(&words);
    request.include_delivered = include_delivered;
    bool good = operation_plan_begin(store, &request, &plan->plan, err) &&
                (plan->by_ids ? add_ids(call, store, plan, err)
                              : add_filtered(store, progress, plan, err)) &&
                operation_plan_finish(store, &plan->plan, err);
    buf_free(&words);
    return good;
}

bool change_plan_drop(struct store *store, const struct change_plan *plan,
                      struct err *err)
{
    bool done = plan->plan.id == 0;
    while (!done) {
        if (!operation_plan_drop(store, plan->plan.id, &done, err))
            return false;
    }
    return true;
}

/* --- shown --------------------------------------------------------------- */

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
    json_key(&json, "sample_id");
    if (plan->sample_id == 0)
        json_null(&json);
    else
        json_int64(&json, plan->sample_id);
    json_close(&json);
    buf_add_byte(out, '\n');
}

/* The sample's event, as it was sent and as it would be now. */
static void write_names(const struct view_delivery *row,
                        const struct view_history *history,
                        const struct names *names, struct buf *out)
{
    char before[NAME_MOST_BYTES + 1];
    enum event_kind kind = catalog_find_kind(row->kind);
    if (kind == KIND_NONE)
        return;
    story_find_event_name(row, history, names, before);
    if (*before != '\0' && !text_equals(before, names->name[kind]))
        buf_add_format(out, ", \"%s\" -> \"%s\"", before, names->name[kind]);
    else
        buf_add_format(out, ", \"%s\"", names->name[kind]);
}

static bool write_sample(struct store *store, const struct operation_plan *plan,
                         struct buf *out, struct err *err)
{
    struct view_delivery row;
    struct view_history history;
    struct names names;
    if (plan->sample_id == 0)
        return true;
    if (!outbox_read_names(store, &names, err) ||
        !view_read_delivery(store, plan->sample_id, &row, err))
        return false;
    bool good = view_read_history(store, plan->sample_id, &history, err);
    if (good) {
        struct buf line;
        buf_init(&line, 4096);
        buf_add_format(&line, "Sample: %" PRId64 ", ", row.id);
        words_add_event(&row, &line);
        if (words_lane_is_user(row.lane))
            buf_add_format(&line, " of %s", row.lane);
        if (plan->is_retry)
            write_names(&row, &history, &names, &line);
        text_add_printable(out, buf_text(&line), line.length);
        buf_add_byte(out, '\n');
        buf_free(&line);
        view_history_free(&history);
    }
    view_delivery_free(&row);
    return good;
}

bool change_plan_show(struct store *store, const struct change_plan *plan,
                      bool json, struct err *err)
{
    struct output output;
    bool good = true;
    output_init(&output, STDOUT_FILENO);
    if (json) {
        write_json(&plan->plan, &output.text);
    } else {
        operation_words_plan(&plan->plan, &output.text);
        good = write_sample(store, &plan->plan, &output.text, err);
    }
    return output_finish_after(&output, good, err);
}
