#include "tui/job_parts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "outbox/filter.h"

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
    if (job->state != JOB_APPLYING) {
        model_refuse(model, "The one before is not over yet: wait a moment.");
        return false;
    }
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
    text_copy(job->action, sizeof(job->action), action);
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
    qsort(job->ids, job->id_count, sizeof(*job->ids), job_parts_compare_ids);
    text_copy(job->filter, sizeof(job->filter), filter);
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

/* --- given up ------------------------------------------------------------- */

bool job_has_keys(const struct model *model)
{
    enum job_state state = model->job->state;
    return state == JOB_PLANNING || state == JOB_ASKING;
}

void job_parts_drop(struct model *model)
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
    job_parts_drop(model);
    model_say(model, "Cancelled; nothing is changed.");
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

/* A rename or a pause has no deliveries to count. */
static void tell_taken_back(struct model *model,
                            const struct operation_row *row)
{
    if (row->planned == 0)
        model_say(model, "Operation %" PRId64 " is taken back.",
                  row->target_id);
    else
        model_say(model,
                  "Operation %" PRId64 " is taken back: %" PRId64
                  " as before%s.",
                  row->target_id, row->applied,
                  row->changed > 0 ? ", the others were sent since" : "");
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
        tell_taken_back(model, row);
    else
        model_say(model, "Operation %" PRId64 ": %s.", row->id, row->state);
}

static bool apply_page(struct model *model, struct store *store, bool *more,
                       struct err *err)
{
    struct job *job = model->job;
    struct operation_row row;
    *more = true;
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
    return operation_step(store, clock_wall_ms(clock_system()), &others, err);
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
        return job_parts_plan_page(model, store, err);
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

int64_t job_pause_ms(const struct model *model)
{
    const struct job *job = model->job;
    int64_t left_ms = job->pause_ms - clock_monotonic_ms(clock_system());
    return job->state == JOB_NONE || left_ms < 0 ? 0 : left_ms;
}

/* Between two transactions the lock is left free at least as long as it was
 * held, so that producers get it. */
static void pause_after(struct job *job, int64_t began_ms)
{
    int64_t ended_ms = clock_monotonic_ms(clock_system());
    int64_t held_ms = ended_ms - began_ms;
    job->pause_ms =
        ended_ms + (held_ms > LEAST_PAUSE_MS ? held_ms : LEAST_PAUSE_MS);
}

bool job_work(struct model *model, struct store *store, bool *more,
              struct err *err)
{
    int64_t began_ms = clock_monotonic_ms(clock_system());
    *more = true;
    if (job_pause_ms(model) > 0)
        return true;
    bool good = work(model, store, more, err);
    pause_after(model->job, began_ms);
    if (good)
        return true;
    /* What is wrong stays wrong, but for a busy file. */
    if (err->code != ERR_BUSY) {
        struct job *job = model->job;
        if (job->state == JOB_PLANNING || job->state == JOB_STARTING)
            job_parts_drop(model);
        else
            reset(job);
    }
    *more = true;
    return false;
}
