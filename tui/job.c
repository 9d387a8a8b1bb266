#include "tui/job.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "event/catalog.h"
#include "outbox/filter.h"
#include "outbox/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_PAUSE_MS = 3 };

void job_make(struct model *model)
{
    model->job = mem_new(sizeof(*model->job));
}

static void reset(struct job *job)
{
    free(job->ids);
    *job = (struct job){.state = JOB_NONE};
}

void job_free(struct model *model)
{
    free(model->job->ids);
    free(model->job);
}

/* --- asked for ----------------------------------------------------------- */

static bool is_free(struct model *model)
{
    const struct job *job = model->job;
    if (job->state == JOB_NONE && model->order == NULL)
        return true;
    model_refuse(model,
                 "Operation %" PRId64 " is still being applied: wait a moment, "
                 "or cancel it (4 Operations, C).",
                 job->operation_id);
    return false;
}

static bool begin(struct model *model, const char *action, const int64_t *ids,
                  size_t count)
{
    struct job *job = model->job;
    if (!is_free(model))
        return false;
    reset(job);
    (void)snprintf(job->action, sizeof(job->action), "%s", action);
    job->ids = mem_new_array(count, sizeof(*ids));
    if (count > 0)
        memcpy(job->ids, ids, count * sizeof(*ids));
    job->id_count = count;
    job->state = JOB_PLANNING;
    return true;
}

/* The ids as the command line takes them, as many as fit. */
static void write_ids(struct job *job)
{
    size_t used = 0;
    for (size_t i = 0; i < job->id_count; i++) {
        char id[24];
        int length = snprintf(id, sizeof(id), "%s%" PRId64, i > 0 ? " " : "",
                              job->ids[i]);
        if (used + (size_t)length + sizeof(" …") > sizeof(job->filter)) {
            (void)snprintf(job->filter + used, sizeof(job->filter) - used,
                           " …");
            return;
        }
        memcpy(job->filter + used, id, (size_t)length + 1);
        used += (size_t)length;
    }
}

void job_plan_ids(struct model *model, const char *action, const int64_t *ids,
                  size_t count)
{
    if (count > 0 && begin(model, action, ids, count))
        write_ids(model->job);
}

static int compare_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

void job_plan_filter(struct model *model, const char *action,
                     const char *filter, const int64_t *but, size_t but_count)
{
    struct filter parsed;
    struct filter_place place;
    struct err err;
    struct job *job = model->job;
    if (!filter_parse(filter, &parsed, &place, &err)) {
        model_refuse(model, "%s", err.text);
        return;
    }
    if (!begin(model, action, but, but_count))
        return;
    qsort(job->ids, job->id_count, sizeof(*job->ids), compare_ids);
    (void)snprintf(job->filter, sizeof(job->filter), "%s", filter);
    job->is_by_filter = true;
    cursor_begin(&job->cursor, &parsed, CURSOR_BY_ID, true, model->now_ms);
}

/* --- undo, cancel -------------------------------------------------------- */

static void apply(struct job *job, int64_t id)
{
    int64_t target_id = job->target_id;
    reset(job);
    job->operation_id = id;
    job->target_id = target_id;
    job->state = JOB_APPLYING;
}

static bool order_undo(struct model *model, struct store *store,
                       struct err *err)
{
    struct job *job = model->job;
    struct operation_request request = model_request(model, "undo");
    int64_t id;
    if (!operation_undo(store, job->target_id, &request, &id, err))
        return false;
    apply(job, id);
    return true;
}

static bool order_cancel(struct model *model, struct store *store,
                         struct err *err)
{
    struct job *job = model->job;
    struct operation_request request = model_request(model, "cancel");
    int64_t id;
    if (!operation_cancel(store, job->target_id, &request, &id, err))
        return false;
    apply(job, id);
    return true;
}

void job_undo(struct model *model, int64_t id)
{
    if (!is_free(model))
        return;
    model->job->target_id = id;
    model->order = order_undo;
}

/* It may be the one that we are applying: that ends with it. */
void job_cancel(struct model *model, int64_t id)
{
    if (model->job->state != JOB_APPLYING && !is_free(model))
        return;
    model->job->target_id = id;
    model->order = order_cancel;
}

/* --- pause, resume ------------------------------------------------------- */

static bool order_pause(struct model *model, struct store *store,
                        struct err *err)
{
    struct operation_request request = model_request(model, "pause");
    const char *reason =
        line_editor_text(&model->prompt.editors[PROMPT_REASON]);
    request.filter = *reason == '\0' ? NULL : reason;
    if (!operation_pause(store, &request, err))
        return false;
    model_say(model, "Paused: nothing is sent until P resumes.");
    return true;
}

static bool order_resume(struct model *model, struct store *store,
                         struct err *err)
{
    struct operation_request request = model_request(model, "resume");
    bool was_paused;
    if (!operation_resume(store, &request, &was_paused, err))
        return false;
    model_say(model, was_paused
                         ? "Resumed: sending goes on."
                         : "It was not paused; a held relay probes now.");
    return true;
}

static bool answer_reason(struct model *model, const char *text)
{
    (void)text; /* the order reads it where it stands */
    model->order = order_pause;
    return true;
}

void job_pause_or_resume(struct model *model)
{
    if (!is_free(model))
        return;
    if (model->has_status && model->status.pause_reason != NULL)
        model->order = order_resume;
    else
        prompt_open(&model->prompt, PROMPT_REASON,
                    "Pause sending. Reason (may be empty): ", "",
                    answer_reason);
}

/* --- planning ------------------------------------------------------------ */

bool job_has_keys(const struct model *model)
{
    enum job_state state = model->job->state;
    return state == JOB_PLANNING || state == JOB_ASKING ||
           state == JOB_DROPPING;
}

static void drop(struct model *model)
{
    struct job *job = model->job;
    model->prompt.is_open = false;
    if (job->plan.id == 0)
        reset(job);
    else
        job->state = JOB_DROPPING;
}

void job_give_up(struct model *model)
{
    enum job_state state = model->job->state;
    if (state != JOB_PLANNING && state != JOB_ASKING)
        return;
    drop(model);
    model_say(model, "Cancelled; nothing is changed.");
}

static bool is_excepted(const struct job *job, int64_t id)
{
    return bsearch(&id, job->ids, job->id_count, sizeof(id), compare_ids) !=
           NULL;
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
        drop(model);
    } else if (plan->is_retry && plan->matched == 1) {
        job->state = JOB_STARTING;
    } else {
        ask(model);
    }
}

static bool plan_page(struct model *model, struct store *store, struct err *err)
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

/* --- carrying out -------------------------------------------------------- */

/* What came of a retry; of one delivery it is told by its id. */
static void tell_retry(struct model *model, const struct operation_row *row)
{
    const struct view_status *status = &model->status;
    const char *warning = !model->has_status             ? ""
                          : status->pause_reason != NULL ? " Sending is PAUSED."
                          : status->hold_reason != NULL  ? " Intercom is HELD."
                          : !status->relay_is_running ? " No relay is running."
                                                      : "";
    if (row->applied == 1 && row->planned == 1)
        model_say(model, "Retried %s. U undoes it while it waits.%s",
                  row->filter == NULL ? "it" : row->filter, warning);
    else
        model_say(model,
                  "Retried %" PRId64 " deliveries%s. U undoes while they "
                  "wait.%s",
                  row->applied,
                  row->changed > 0 ? "; the others had changed since" : "",
                  warning);
}

static void tell_end(struct model *model, const struct operation_row *row)
{
    const char *changed =
        row->changed > 0 ? " Some had changed since and are left alone." : "";
    if (text_equals(row->action, "retry") && text_equals(row->state, "done"))
        tell_retry(model, row);
    else if (text_equals(row->action, "discard") &&
             text_equals(row->state, "done"))
        model_say(model,
                  "Operation %" PRId64 ": %" PRId64
                  " discarded.%s U takes it back.",
                  row->id, row->applied, changed);
    else if (row->target_id != 0)
        model_say(model,
                  "Operation %" PRId64 " is taken back: %" PRId64
                  " as before%s.",
                  row->target_id, row->applied,
                  row->changed > 0 ? ", the others were sent since" : "");
    else
        model_say(model, "Operation %" PRId64 ": %s.", row->id, row->state);
}

static bool apply_page(struct model *model, struct store *store, bool *more,
                       struct err *err)
{
    struct job *job = model->job;
    struct operation_row row;
    const struct clock *clock = clock_system();
    *more = true;
    if (clock_monotonic_ms(clock) < job->pause_ms)
        return true;
    if (!operation_read(store, job->operation_id, &row, err))
        return false;
    bool is_running = text_equals(row.state, "running");
    if (!is_running) {
        tell_end(model, &row);
        reset(job);
        model->wants_load = true;
        *more = false;
    }
    operation_row_free(&row);
    if (!is_running)
        return true;
    bool others;
    int64_t began_ms = clock_monotonic_ms(clock);
    if (!operation_step(store, clock_wall_ms(clock), &others, err))
        return false;
    int64_t ended_ms = clock_monotonic_ms(clock);
    int64_t held_ms = ended_ms - began_ms;
    job->pause_ms =
        ended_ms + (held_ms > LEAST_PAUSE_MS ? held_ms : LEAST_PAUSE_MS);
    return true;
}

static bool work(struct model *model, struct store *store, bool *more,
                 struct err *err)
{
    struct job *job = model->job;
    bool done;
    *more = true;
    switch (job->state) {
    case JOB_NONE:
    case JOB_ASKING:
        *more = false;
        return true;
    case JOB_PLANNING:
        return plan_page(model, store, err);
    case JOB_DROPPING:
        if (!operation_plan_drop(store, job->plan.id, &done, err))
            return false;
        if (done)
            reset(job);
        return true;
    case JOB_STARTING:
        if (!operation_start(store, job->plan.id, model->now_ms, err))
            return false;
        apply(job, job->plan.id);
        model->starts++;
        return true;
    case JOB_APPLYING:
        return apply_page(model, store, more, err);
    }
    return true;
}

bool job_work(struct model *model, struct store *store, bool *more,
              struct err *err)
{
    if (work(model, store, more, err))
        return true;
    /* What is wrong stays wrong, but for a busy file. */
    if (err->code != ERR_BUSY) {
        struct job *job = model->job;
        if (job->state == JOB_PLANNING || job->state == JOB_STARTING)
            drop(model);
        else
            reset(job);
    }
    *more = true;
    return false;
}
