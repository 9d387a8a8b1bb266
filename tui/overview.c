#include "tui/overview.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/deliveries.h"
#include "tui/job.h"
#include "tui/model.h"
#include "tui/overview_draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILTER_BYTES = 512 };

static void make(struct model *model)
{
    model->overview = mem_new(sizeof(*model->overview));
    list_init(&model->overview->list, NULL);
}

static void free_state(struct model *model)
{
    list_free(&model->overview->list);
    free(model->overview);
}

/* --- reading ------------------------------------------------------------- */

/* The cause that the cursor was on, among those read now; -1: it is gone. */
static int find_cause(const struct model *model)
{
    const struct overview *overview = model->overview;
    for (size_t i = 0; i < model->status.cause_count; i++) {
        const struct view_cause *cause = &model->status.causes[i];
        if (text_equals(cause->reason, overview->reason) &&
            text_equals(cause->result, overview->result))
            return (int)i;
    }
    return -1;
}

/* False also where the causes could not be read. */
static bool has_cause(const struct model *model)
{
    return model->has_status &&
           model->overview->list.cursor < (int)model->status.cause_count;
}

static void remember_cause(struct model *model)
{
    struct overview *overview = model->overview;
    if (!has_cause(model))
        return;
    const struct view_cause *cause =
        &model->status.causes[overview->list.cursor];
    memcpy(overview->reason, cause->reason, sizeof(overview->reason));
    memcpy(overview->result, cause->result, sizeof(overview->result));
}

static bool load(struct model *model, struct store *store, struct err *err)
{
    struct overview *overview = model->overview;
    if (!view_read_delivered_today(store, model->now_ms,
                                   &overview->delivered_today, err))
        return false;
    list_set_height(&overview->list, overview_layout(model).cause_rows);
    list_set_count(&overview->list, (int)model->status.cause_count,
                   find_cause(model));
    remember_cause(model);
    return true;
}

/* --- keys ---------------------------------------------------------------- */

/* The filter that chooses what failed so: by reason, and the result as a text
 * in quotes, a quote in it doubled; as much of it as a filter takes. */
static void write_filter(const struct view_cause *cause, char *out)
{
    enum { MOST_TEXT_BYTES = 100 };
    size_t used = (size_t)snprintf(out, FILTER_BYTES, "state:failed reason:%s",
                                   cause->reason);
    size_t length = strlen(cause->result);
    if (length == 0)
        return;
    if (length > MOST_TEXT_BYTES)
        length =
            canvas_fit(cause->result, MOST_TEXT_BYTES, MOST_TEXT_BYTES / 4);
    out[used++] = ' ';
    out[used++] = '"';
    for (size_t i = 0; i < length; i++) {
        if (cause->result[i] == '"')
            out[used++] = '"';
        out[used++] = cause->result[i];
    }
    out[used++] = '"';
    out[used] = '\0';
}

static void update(struct model *model, enum action action)
{
    struct overview *overview = model->overview;
    char filter[FILTER_BYTES];
    int line = model->mouse_line - overview_layout(model).causes - 1;
    if (list_take_action(&overview->list, &action, line)) {
        remember_cause(model);
        return;
    }
    if (action == ACTION_BACK)
        return;
    if (!has_cause(model)) {
        model_refuse(model, "Nothing has failed.");
        return;
    }
    write_filter(&model->status.causes[overview->list.cursor], filter);
    if (action == ACTION_OPEN)
        deliveries_show(model, filter);
    else if (action == ACTION_RETRY)
        job_plan_filter(model, "retry", filter, NULL, 0);
    else if (action == ACTION_DISCARD)
        job_plan_filter(model, "discard", filter, NULL, 0);
}

const struct view overview_view = {
    .title = "Overview",
    .place = PLACE_OVERVIEW,
    .make = make,
    .free = free_state,
    .load = load,
    .update = update,
    .draw = overview_draw,
};
