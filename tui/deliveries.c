#include "tui/deliveries.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/deliveries_draw.h"
#include "tui/delivery.h"
#include "tui/frame.h"
#include "tui/job.h"
#include "tui/model.h"
#include "tui/names_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- the list ------------------------------------------------------------ */

static enum cursor_order order_of(enum deliveries_sort sort)
{
    return sort == SORT_USER     ? CURSOR_BY_USER
           : sort == SORT_REASON ? CURSOR_BY_REASON
                                 : CURSOR_BY_ID;
}

static bool is_downwards(enum deliveries_sort sort)
{
    return sort == SORT_NEWEST;
}

/* Itself, if it is there and still matches. */
static bool read_itself(struct model *model, struct store *store, int64_t id,
                        struct list_read *read, struct err *err)
{
    struct view_delivery *row = read->rows;
    if (!view_read_rows(store, &id, 1, row, &read->count, err))
        return false;
    if (read->count == 0)
        return true;
    const struct filter_row facts = {
        .id = row->id,
        .state = row->state,
        .kind = row->kind,
        .lane = row->lane,
        .reason = row->reason,
        .result = row->result,
        .status = row->status,
        .arrived_ms = row->arrived_ms,
    };
    if (!filter_matches(&model->deliveries->filter, &facts, model->now_ms)) {
        view_delivery_free(row);
        read->count = 0;
    }
    return true;
}

/* Put the cursor where the look begins. */
static bool start(struct model *model, struct store *store,
                  struct list_read *read, struct err *err)
{
    struct deliveries *deliveries = model->deliveries;
    struct cursor *cursor = &deliveries->cursor;
    const struct view_delivery *from = read->from;
    bool down = is_downwards(deliveries->sort) != read->backwards;
    struct err gone;
    cursor_begin(cursor, &deliveries->filter, order_of(deliveries->sort), down,
                 model->now_ms);
    if (from == NULL)
        return true;
    if (read->inclusive && !read_itself(model, store, from->id, read, err))
        return false;
    if (cursor_go_behind(store, cursor, from->id, &gone))
        return true;
    if (gone.code == ERR_NOT_FOUND) /* pruned: from the beginning */
        return true;
    *err = gone;
    return false;
}

static bool read_slice(void *context, struct store *store,
                       struct list_read *read, struct err *err)
{
    struct model *model = context;
    struct cursor *cursor = &model->deliveries->cursor;
    int64_t ids[LIST_MOST_READ];
    int found = 0, came = 0;
    read->count = 0;
    if (read->is_start && !start(model, store, read, err))
        return false;
    struct view_delivery *rows = read->rows;
    int limit = read->limit - read->count;
    bool good =
        limit == 0 ||
        (cursor_step(store, cursor, ids, limit, &found, err) &&
         view_read_rows(store, ids, found, rows + read->count, &came, err));
    if (!good) {
        while (read->count > 0)
            view_delivery_free(&rows[--read->count]);
        return false;
    }
    read->count += came;
    read->is_done = cursor->done;
    return true;
}

static bool is_same(const void *a, const void *b)
{
    const struct view_delivery *left = a, *right = b;
    return left->id == right->id;
}

static void free_row(void *row)
{
    view_delivery_free(row);
}

static const struct list_kind kind = {
    .row_bytes = sizeof(struct view_delivery),
    .read = read_slice,
    .is_same = is_same,
    .free_row = free_row,
};

static void make(struct model *model)
{
    struct deliveries *deliveries = mem_new(sizeof(*deliveries));
    struct filter_place place;
    struct err err;
    list_init(&deliveries->list, &kind);
    (void)!filter_parse("", &deliveries->filter, &place, &err);
    model->deliveries = deliveries;
}

static void free_state(struct model *model)
{
    list_free(&model->deliveries->list);
    marks_free(&model->deliveries->marks);
    deliveries_save_stop(&model->deliveries->save);
    free(model->deliveries);
}

/* --- writing to a file --------------------------------------------------- */

static bool save_slice(struct model *model, struct store *store,
                       struct err *err)
{
    struct deliveries_save *save = &model->deliveries->save;
    if (!deliveries_save_slice(save, store, err))
        return false;
    if (save->file == NULL)
        model_say(model,
                  "Wrote %" PRId64 " deliveries to %s, one JSON object a "
                  "line.",
                  save->rows, save->name);
    return true;
}

static bool answer_file(struct model *model, const char *text)
{
    struct deliveries *deliveries = model->deliveries;
    struct err err;
    if (!deliveries_save_begin(&deliveries->save, text, &err))
        return prompt_refuse(&model->prompt, "%s", err.text);
    cursor_begin(&deliveries->save.cursor, &deliveries->filter,
                 order_of(deliveries->sort), is_downwards(deliveries->sort),
                 model->now_ms);
    return true;
}

/* --- the view ------------------------------------------------------------ */

static bool load(struct model *model, struct store *store, struct err *err)
{
    struct deliveries *deliveries = model->deliveries;
    (void)store;
    (void)err;
    list_set_height(&deliveries->list, frame_body_lines(model) -
                                           DELIVERIES_LINES_ABOVE -
                                           DELIVERIES_LINES_BELOW);
    list_refresh(&deliveries->list);
    deliveries_count_begin(&deliveries->count, &deliveries->filter,
                           model->now_ms);
    if (deliveries->starts != model->starts)
        marks_clear(&deliveries->marks);
    deliveries->starts = model->starts;
    return true;
}

static bool work(struct model *model, struct store *store, bool *more,
                 struct err *err)
{
    struct deliveries *deliveries = model->deliveries;
    *more = true;
    if (list_is_loading(&deliveries->list)) {
        bool ignored;
        return list_work(&deliveries->list, model, store, &ignored, err);
    }
    if (deliveries->count.is_counting)
        return deliveries_count_slice(&deliveries->count, store, model->now_ms,
                                      err);
    if (deliveries->save.file != NULL)
        return save_slice(model, store, err);
    *more = false;
    return true;
}

/* The rows are others now: marks and counts are of the old ones. */
static void begin_anew(struct model *model)
{
    struct deliveries *deliveries = model->deliveries;
    list_reset(&deliveries->list);
    deliveries->count = (struct deliveries_count){.is_counting = false};
    marks_clear(&deliveries->marks);
    model->wants_load = true;
}

static bool sort_is_possible(const struct deliveries *deliveries)
{
    return order_of(deliveries->sort) == CURSOR_BY_ID ||
           text_equals(deliveries->filter.state, "failed");
}

static bool set_filter(struct model *model, const char *text, struct err *err)
{
    struct deliveries *deliveries = model->deliveries;
    struct filter filter;
    struct filter_place place;
    if (strlen(text) >= sizeof(deliveries->text))
        return err_set(err, ERR_USAGE, "the filter is too long");
    if (!filter_parse(text, &filter, &place, err))
        return false;
    text_copy(deliveries->text, sizeof(deliveries->text), text);
    deliveries->filter = filter;
    if (!sort_is_possible(deliveries))
        deliveries->sort = SORT_NEWEST;
    begin_anew(model);
    return true;
}

static bool answer_filter(struct model *model, const char *text)
{
    struct err err;
    return set_filter(model, text, &err) ||
           prompt_refuse(&model->prompt, "%s", err.text);
}

void deliveries_show(struct model *model, const char *filter)
{
    struct err err;
    if (!set_filter(model, filter, &err)) {
        model_refuse(model, "%s", err.text);
        return;
    }
    model_switch(model, SCREEN_DELIVERIES);
}

/* --- keys ---------------------------------------------------------------- */

static void go_back(struct model *model)
{
    struct deliveries *deliveries = model->deliveries;
    if (deliveries->save.file != NULL) {
        deliveries_save_stop(&deliveries->save);
        model_say(model, "Stopped; the file is removed.");
    } else if (list_is_loading(&deliveries->list) ||
               (deliveries->count.is_counting && !deliveries->count.is_known)) {
        list_stop(&deliveries->list);
        deliveries_count_stop(&deliveries->count);
        model_say(model, "Stopped; what was found so far is shown.");
    } else if (deliveries->text[0] != '\0') {
        struct err err;
        (void)!set_filter(model, "", &err);
    }
}

static void change_sort(struct model *model)
{
    struct deliveries *deliveries = model->deliveries;
    do {
        deliveries->sort = deliveries->sort == SORT_REASON
                               ? SORT_NEWEST
                               : (enum deliveries_sort)(deliveries->sort + 1);
    } while (!sort_is_possible(deliveries));
    list_reset(&deliveries->list);
    model->wants_load = true;
}

static void change(struct model *model, const char *action)
{
    struct deliveries *deliveries = model->deliveries;
    const struct view_delivery *row = list_cursor_row(&deliveries->list);
    const struct marks *marks = &deliveries->marks;
    if (marks->all)
        job_plan_filter(model, action, deliveries->text, marks->ids,
                        marks->count);
    else if (marks->count > 0)
        job_plan_ids(model, action, marks->ids, marks->count);
    else if (row != NULL)
        job_plan_ids(model, action, &row->id, 1);
    else
        model_refuse(model, "There is nothing to %s.", action);
}

static void update_row(struct model *model, enum action action)
{
    struct deliveries *deliveries = model->deliveries;
    const struct view_delivery *row = list_cursor_row(&deliveries->list);
    if (row == NULL) {
        model_refuse(model, "There is no delivery here.");
    } else if (action == ACTION_OPEN) {
        delivery_open(model, row->id);
    } else if (action == ACTION_EDIT) {
        names_view_edit(model, row->kind, row->id);
    } else if (action == ACTION_MARK) {
        marks_toggle(&deliveries->marks, row->id);
        (void)list_move(&deliveries->list, ACTION_DOWN);
    }
}

static void ask_file(struct model *model)
{
    if (model->deliveries->save.file != NULL)
        model_refuse(model, "One list is being written; Esc stops it.");
    else
        prompt_open(&model->prompt, PROMPT_FILE,
                    "Write the list to the file: ", "", answer_file);
}

static void update(struct model *model, enum action action)
{
    struct deliveries *deliveries = model->deliveries;
    int line = model->mouse_line - FRAME_BODY_LINE - DELIVERIES_LINES_ABOVE;
    if (list_take_action(&deliveries->list, &action, line))
        return;
    switch (action) {
    case ACTION_FILTER:
        prompt_open(&model->prompt, PROMPT_FILTER, "Filter: ", deliveries->text,
                    answer_filter);
        model->prompt.is_in_view = true;
        model->prompt.hint = "state:failed age:<2h event:renewal user:ID "
                             "code:422 reason:WORD id:10..20 text";
        break;
    case ACTION_BACK:
        go_back(model);
        break;
    case ACTION_SORT:
        change_sort(model);
        break;
    case ACTION_MARK_ALL:
        marks_set_all(&deliveries->marks);
        break;
    case ACTION_UNMARK:
        marks_clear(&deliveries->marks);
        break;
    case ACTION_RETRY:
        change(model, "retry");
        break;
    case ACTION_DISCARD:
        change(model, "discard");
        break;
    case ACTION_WRITE:
        ask_file(model);
        break;
    default:
        update_row(model, action);
    }
}

const struct view deliveries_view = {
    .title = "Deliveries",
    .place = PLACE_DELIVERIES,
    .make = make,
    .free = free_state,
    .load = load,
    .work = work,
    .update = update,
    .draw = deliveries_draw,
};
