#include "tui/worker.h"

#include "base/clock.h"
#include "base/text.h"
#include "outbox/views.h"
#include "tui/job.h"

enum { MOST_LEAVE_MS = 2000 };

static void set_trouble(struct model *model, const struct err *err)
{
    text_copy(model->trouble, sizeof(model->trouble), err->text);
}

/* --- reading ------------------------------------------------------------- */

static bool read_status(struct model *model, struct store *store,
                        struct err *err)
{
    struct view_status status;
    /* The causes take a while: the first screen comes without them. */
    bool is_whole = model->screen == SCREEN_OVERVIEW && model->has_status;
    if (!view_read_minutes(store, model->now_ms, &model->minutes, err))
        return false;
    if (!(is_whole ? view_read_status(store, model->now_ms, &status, err)
                   : view_read_sending(store, model->now_ms, &status, err)))
        return false;
    if (model->has_status)
        view_status_free(&model->status);
    model->status = status;
    model->has_status = true;
    model->is_status_whole = is_whole;
    model->wants_load = model->screen == SCREEN_OVERVIEW && !is_whole;
    return true;
}

void worker_load(struct model *model, struct store *store)
{
    struct err err;
    model->wants_load = false;
    model->trouble[0] = '\0';
    if (!store_check_place(store, &err) || !read_status(model, store, &err) ||
        !watch_load(&model->watch, store, model->now_ms, &err) ||
        !view_of(model->screen)->load(model, store, &err))
        set_trouble(model, &err);
}

/* --- longer work --------------------------------------------------------- */

bool worker_run_order(struct model *model, struct store *store)
{
    struct err err;
    model_order *order = model->order;
    if (order == NULL)
        return true;
    model->wants_load = true;
    if (order(model, store, &err)) {
        if (model->order == order) /* else it has ordered the next one */
            model->order = NULL;
        return true;
    }
    if (err.code == ERR_BUSY) {
        model_say(model, "The file is busy; trying again. Esc gives up.");
        return false;
    }
    model->order = NULL;
    model_refuse(model, "%s", err.text);
    return true;
}

bool worker_step(struct model *model, struct store *store, bool *more)
{
    const struct view *view = view_of(model->screen);
    struct err err;
    bool job_more = false, view_more = false;
    bool is_free = true;
    if (!job_work(model, store, &job_more, &err)) {
        is_free = err.code != ERR_BUSY;
        job_more = !is_free;
        if (is_free)
            model_refuse(model, "%s", err.text);
    }
    if (view->work != NULL && !view->work(model, store, &view_more, &err)) {
        view_more = false;
        set_trouble(model, &err);
    }
    if (!view_more &&
        !watch_work(&model->watch, store, model->now_ms, &view_more, &err)) {
        view_more = false;
        set_trouble(model, &err);
    }
    *more = job_more || view_more;
    return is_free;
}

void worker_leave(struct model *model, struct store *store)
{
    const struct clock *clock = clock_system();
    int64_t began_ms = clock_monotonic_ms(clock);
    struct err err;
    bool more = true;
    job_give_up(model);
    while (more && model->job->state == JOB_DROPPING &&
           clock_monotonic_ms(clock) - began_ms < MOST_LEAVE_MS) {
        if (!job_work(model, store, &more, &err))
            more = err.code == ERR_BUSY;
    }
}
