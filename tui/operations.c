#include "tui/operations.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/frame.h"
#include "tui/items.h"
#include "tui/job.h"
#include "tui/model.h"
#include "tui/operations_draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_ROWS = 200 };

/* --- the list ------------------------------------------------------------ */

static bool contains(const char *text, const char *part)
{
    return text != NULL && strcasestr(text, part) != NULL;
}

static bool matches(const struct operation_row *row, const char *filter)
{
    char id[24];
    (void)snprintf(id, sizeof(id), "%" PRId64, row->id);
    return *filter == '\0' || text_equals(id, filter) ||
           contains(row->action, filter) || contains(row->state, filter) ||
           contains(row->who, filter) || contains(row->filter, filter) ||
           contains(row->kind, filter) || contains(row->name_before, filter) ||
           contains(row->name_after, filter);
}

/* Where a new look begins: ids beyond this one are read. */
static int64_t first_id(const struct list_read *look)
{
    const struct operation_row *from = look->from;
    int64_t beyond = look->inclusive ? 1 : 0;
    if (from == NULL)
        return look->backwards ? 0 : INT64_MAX;
    return look->backwards ? from->id - beyond : from->id + beyond;
}

static bool read_rows(void *context, struct store *store,
                      struct list_read *look, struct err *err)
{
    struct operations *operations = context;
    struct operation_row rows[SLICE_ROWS];
    struct operation_row *out = look->rows;
    int count;
    if (look->is_start)
        operations->read_id = first_id(look);
    bool good = look->backwards
                    ? operation_list_newer(store, operations->read_id,
                                           SLICE_ROWS, rows, &count, err)
                    : operation_list(store, operations->read_id, SLICE_ROWS,
                                     rows, &count, err);
    if (!good)
        return false;
    look->count = 0;
    for (int i = 0; i < count; i++) {
        bool has_room = look->count < look->limit;
        if (has_room)
            operations->read_id = rows[i].id;
        if (has_room && matches(&rows[i], operations->filter))
            out[look->count++] = rows[i];
        else
            operation_row_free(&rows[i]);
    }
    look->is_done = count < SLICE_ROWS && look->count < look->limit;
    return true;
}

static bool is_same(const void *a, const void *b)
{
    const struct operation_row *one = a;
    const struct operation_row *other = b;
    return one->id == other->id;
}

static void free_row(void *row)
{
    operation_row_free(row);
}

static const struct list_kind rows_kind = {
    .row_bytes = sizeof(struct operation_row),
    .read = read_rows,
    .is_same = is_same,
    .free_row = free_row,
};

static const struct operation_row *cursor_row(const struct model *model)
{
    return list_cursor_row(&model->operations->list);
}

/* --- the view ------------------------------------------------------------ */

static void make(struct model *model)
{
    model->operations = mem_new(sizeof(*model->operations));
    list_init(&model->operations->list, &rows_kind);
}

static void free_state(struct model *model)
{
    list_free(&model->operations->list);
    free(model->operations);
}

static void count_outcomes(struct model *model)
{
    const struct operation_row *row = cursor_row(model);
    outcomes_begin(&model->operations->outcomes, row == NULL ? 0 : row->id);
}

static bool load(struct model *model, struct store *store, struct err *err)
{
    struct operations *operations = model->operations;
    (void)store;
    (void)err;
    list_set_height(&operations->list, frame_body_lines(model) -
                                           OPERATIONS_HEAD_LINES -
                                           operations_pane_lines(model));
    list_refresh(&operations->list);
    count_outcomes(model);
    return true;
}

static bool work(struct model *model, struct store *store, bool *more,
                 struct err *err)
{
    struct operations *operations = model->operations;
    bool more_outcomes = false;
    *more = false;
    if (list_is_loading(&operations->list) &&
        !list_work(&operations->list, operations, store, more, err))
        return false;
    const struct operation_row *row = cursor_row(model);
    if (row != NULL && row->id != operations->outcomes.id)
        count_outcomes(model);
    if (!outcomes_work(&operations->outcomes, store, &more_outcomes, err))
        return false;
    *more = *more || more_outcomes;
    return true;
}

static bool set_filter(struct model *model, const char *text)
{
    struct operations *operations = model->operations;
    text_copy(operations->filter, sizeof(operations->filter), text);
    list_reset(&operations->list);
    model->wants_load = true;
    return true;
}

static void act(struct model *model, enum action action)
{
    const struct operation_row *row = cursor_row(model);
    if (row == NULL)
        model_refuse(model, "There is no operation.");
    else if (action == ACTION_CANCEL)
        job_cancel(model, row->id);
    else if (action == ACTION_UNDO)
        job_undo(model, row->id);
    else if (row->matched == 0 && row->target_id == 0)
        model_refuse(model, "A %s has no deliveries of its own.", row->action);
    else if (action == ACTION_OPEN)
        items_open(model, row->target_id != 0 ? row->target_id : row->id);
}

static void update(struct model *model, enum action action)
{
    struct operations *operations = model->operations;
    int line = model->mouse_line - FRAME_BODY_LINE - OPERATIONS_HEAD_LINES;
    if (list_take_action(&operations->list, &action, line))
        return;
    switch (action) {
    case ACTION_FILTER:
        prompt_open(&model->prompt, PROMPT_OPERATIONS_FILTER,
                    "Filter: ", operations->filter, set_filter);
        return;
    case ACTION_BACK:
        (void)set_filter(model, "");
        return;
    default:
        act(model, action);
    }
}

const struct view operations_view = {
    .title = "Operations",
    .place = PLACE_OPERATIONS,
    .make = make,
    .free = free_state,
    .load = load,
    .work = work,
    .update = update,
    .draw = operations_draw,
};
