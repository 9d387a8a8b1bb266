/* job_plan.c - a plan from its first page to the question. */
#include "tui/job_parts.h"

#include "base/json.h"
#include "base/text.h"
#include "event/catalog.h"
#include "outbox/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int job_parts_compare_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static bool is_excepted(const struct job *job, int64_t id)
{
    return bsearch(&id, job->ids, job->id_count, sizeof(id),
                   job_parts_compare_ids) != NULL;
}

/* The next page of ids; *done: there are no more behind it. */
static bool find_page(struct job *job, struct store *store, int64_t *ids,
                      size_t *count, bool *done, struct err *err)
{
    *count = 0;
    if (!job->is_by_filter) {
        while (*count < OPERATION_PAGE && job->id_next < job->id_count)
            ids[(*count)++] = job->ids[job->id_next++];
        *done = job->id_next == job->id_count;
        return true;
    }
    int found;
    if (!cursor_step(store, &job->cursor, ids, OPERATION_PAGE, &found, err))
        return false;
    for (int i = 0; i < found; i++) {
        if (!is_excepted(job, ids[i]))
            ids[(*count)++] = ids[i];
    }
    *done = job->cursor.done;
    return true;
}

/* The name that bytes carry; "": none. */
static void read_name(const char *body, char *name)
{
    if (body == NULL || !json_find_text(body, strlen(body), "event_name", name,
                                        NAME_MOST_BYTES + 1))
        *name = '\0';
}

/* One of them, as an example: whose it is, and its name then and now. */
static bool read_sample(struct job *job, struct store *store, struct err *err)
{
    struct view_delivery row;
    struct view_history history;
    struct names names;
    char then[NAME_MOST_BYTES + 1] = "";
    if (job->plan.sample_id == 0)
        return true;
    if (!outbox_read_names(store, &names, err) ||
        !view_read_delivery(store, job->plan.sample_id, &row, err))
        return false;
    enum event_kind kind = catalog_find_kind(row.kind);
    const char *now =
        kind == KIND_NONE || names.off[kind] ? "" : names.name[kind];
    if (view_read_history(store, row.id, &history, err)) {
        if (history.attempt_count > 0)
            read_name(history.attempts[history.attempt_count - 1].event_body,
                      then);
        view_history_free(&history);
        bool is_renamed =
            *then != '\0' && *now != '\0' && !text_equals(then, now);
        (void)snprintf(job->sample, sizeof(job->sample),
                       "%" PRId64 "  %s%s%s%s%s%s%s", row.id, row.lane,
                       is_renamed ? "  \"" : "", is_renamed ? then : "",
                       is_renamed ? "\" -> \"" : "", is_renamed ? now : "",
                       is_renamed ? "\"" : "",
                       *now == '\0' && kind != KIND_NONE
                           ? "  (the event is off: attributes only)"
                           : "");
    }
    view_delivery_free(&row);
    return true;
}

static bool answer_number(struct model *model, const char *text)
{
    struct job *job = model->job;
    int64_t number;
    if (!text_parse_int64(text, 0, INT64_MAX, &number) ||
        number != job->plan.planned)
        return prompt_refuse(&model->prompt,
                             "that is not %" PRId64 "; Esc cancels",
                             job->plan.planned);
    job->state = JOB_STARTING;
    return true;
}

static void ask(struct model *model)
{
    char label[64];
    struct job *job = model->job;
    job->state = JOB_ASKING;
    (void)snprintf(label, sizeof(label),
                   "Type %" PRId64 " to start: ", job->plan.planned);
    prompt_open(&model->prompt, PROMPT_NUMBER, label, "", answer_number);
    model->prompt.cancelled = job_give_up;
    model->prompt.is_in_view = true;
}

/* One retry needs no question: U takes it back. */
static void decide(struct model *model)
{
    struct job *job = model->job;
    const struct operation_plan *plan = &job->plan;
    if (plan->planned == 0) {
        if (plan->matched == 0)
            model_refuse(model, "Nothing to %s: nothing matches.", job->action);
        else
            model_refuse(model, "Nothing to %s: left alone, %s.", job->action,
                         plan->reason_count > 0 ? plan->reasons[0].why : "");
        job_parts_drop(model);
    } else if (plan->is_retry && plan->matched == 1) {
        job->state = JOB_STARTING;
    } else {
        ask(model);
    }
}

bool job_parts_plan_page(struct model *model, struct store *store,
                         struct err *err)
{
    struct job *job = model->job;
    int64_t ids[OPERATION_PAGE];
    size_t count;
    bool done;
    if (job->plan.id == 0) {
        struct operation_request request = model_request(model, job->action);
        request.filter = job->filter;
        if (!operation_plan_begin(store, &request, &job->plan, err))
            return false;
    }
    /* A page that the busy file refused is found again. */
    struct cursor cursor = job->cursor;
    size_t next = job->id_next;
    if (!find_page(job, store, ids, &count, &done, err) ||
        (count > 0 &&
         !operation_plan_add(store, &job->plan, ids, count, err)) ||
        (done && !operation_plan_finish(store, &job->plan, err))) {
        job->cursor = cursor;
        job->id_next = next;
        return false;
    }
    if (!done)
        return true;
    if (!read_sample(job, store, err))
        return false;
    decide(model);
    return true;
}
