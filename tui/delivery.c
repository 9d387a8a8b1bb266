#include "tui/delivery.h"

#include "base/mem.h"
#include "base/text.h"
#include "outbox/outbox.h"
#include "outbox/story.h"
#include "tui/body.h"
#include "tui/delivery_draw.h"
#include "tui/frame.h"
#include "tui/job.h"
#include "tui/model.h"
#include "tui/names_view.h"
#include "tui/scroll.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_BYTES = 4096 };

static void make(struct model *model)
{
    model->delivery = mem_new(sizeof(*model->delivery));
    list_init(&model->delivery->list, NULL);
    buf_init(&model->delivery->why, WHY_BYTES);
}

static void forget(struct delivery *delivery)
{
    if (delivery->is_read) {
        view_delivery_free(&delivery->row);
        view_history_free(&delivery->history);
    }
    delivery->is_read = false;
    buf_clear(&delivery->why);
}

static void free_state(struct model *model)
{
    forget(model->delivery);
    buf_free(&model->delivery->why);
    list_free(&model->delivery->list);
    free(model->delivery);
}

void delivery_open(struct model *model, int64_t id)
{
    struct delivery *delivery = model->delivery;
    if (delivery->id != id) {
        forget(delivery);
        delivery->id = id;
        delivery->attempt_number = 0;
        delivery->pane_top = 0;
        delivery->is_in_pane = false;
    }
    model_open(model, SCREEN_DELIVERY);
}

/* --- reading ------------------------------------------------------------- */

const struct view_attempt *delivery_attempt(const struct delivery *delivery,
                                            int index)
{
    size_t count = delivery->history.attempt_count;
    return index < 0 || (size_t)index >= count
               ? NULL
               : &delivery->history.attempts[count - 1 - (size_t)index];
}

static void remember_attempt(struct delivery *delivery)
{
    const struct view_attempt *attempt =
        delivery_attempt(delivery, delivery->list.cursor);
    delivery->attempt_number = attempt == NULL ? 0 : attempt->number;
}

/* The row of the attempt that the cursor was on. A reader who was on the newest
 * one and has not moved down stays on it, not on the newest. */
static int find_attempt(const struct delivery *delivery)
{
    int count = (int)delivery->history.attempt_count;
    for (int i = 0; i < count; i++) {
        if (delivery_attempt(delivery, i)->number == delivery->attempt_number)
            return i;
    }
    return -1;
}

static void tell(struct delivery *delivery, struct story *story)
{
    delivery->row = story->row;
    delivery->next_step = story->next_step;
    buf_clear(&delivery->why);
    buf_add(&delivery->why, buf_text(&story->why), story->why.length);
    buf_free(&story->why);
}

static bool load(struct model *model, struct store *store, struct err *err)
{
    struct delivery *delivery = model->delivery;
    struct story story;
    struct view_history history;
    struct names names;
    if (!outbox_read_names(store, &names, err) ||
        !view_read_history(store, delivery->id, &history, err))
        return false;
    if (!story_read(store, delivery->id, model->now_ms, &story, err)) {
        view_history_free(&history);
        return false;
    }
    forget(delivery);
    delivery->history = history;
    tell(delivery, &story);
    delivery->is_read = true;
    story_find_event_name(&delivery->row, &delivery->history, &names,
                          delivery->event_name);
    list_set_height(&delivery->list, delivery_layout(model).attempt_rows);
    list_set_count(&delivery->list, (int)history.attempt_count,
                   find_attempt(delivery));
    remember_attempt(delivery);
    return true;
}

/* --- keys ---------------------------------------------------------------- */

static void click(struct model *model)
{
    struct delivery *delivery = model->delivery;
    struct delivery_layout layout = delivery_layout(model);
    bool again = false;
    delivery->is_in_pane = model->mouse_line >= layout.pane;
    if (!delivery->is_in_pane &&
        list_click(&delivery->list, model->mouse_line - layout.attempts - 1,
                   &again)) {
        remember_attempt(delivery);
        delivery->pane_top = 0;
    }
}

static bool move(struct model *model, enum action action)
{
    struct delivery *delivery = model->delivery;
    if (delivery->is_in_pane)
        return scroll_move(action, delivery_pane_lines(model),
                           delivery_layout(model).pane_rows,
                           &delivery->pane_top);
    if (!list_move(&delivery->list, action))
        return false;
    remember_attempt(delivery);
    delivery->pane_top = 0;
    return true;
}

static void update(struct model *model, enum action action)
{
    struct delivery *delivery = model->delivery;
    if (!delivery->is_read) {
        model_refuse(model, "Delivery %" PRId64 " is not there.", delivery->id);
        return;
    }
    if (move(model, action))
        return;
    switch (action) {
    case ACTION_TAB:
    case ACTION_BACK_TAB:
        delivery->is_in_pane = !delivery->is_in_pane;
        break;
    case ACTION_CLICK:
        click(model);
        break;
    case ACTION_OPEN:
    case ACTION_VIEW:
        body_open(model);
        break;
    case ACTION_WRITE:
        body_open(model);
        body_ask_file(model);
        break;
    case ACTION_RETRY:
        job_plan_ids(model, "retry", &delivery->id, 1);
        break;
    case ACTION_DISCARD:
        job_plan_ids(model, "discard", &delivery->id, 1);
        break;
    case ACTION_EDIT:
        names_view_edit(model, delivery->row.kind, delivery->id);
        break;
    default:
        break;
    }
}

const struct view delivery_view = {
    .title = "One delivery",
    .place = PLACE_DELIVERY,
    .make = make,
    .free = free_state,
    .load = load,
    .update = update,
    .draw = delivery_draw,
};
