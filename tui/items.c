#include "tui/items.h"

#include "base/mem.h"
#include "base/text.h"
#include "outbox/words.h"
#include "tui/deliveries_draw.h"
#include "tui/delivery.h"
#include "tui/frame.h"
#include "tui/model.h"
#include "tui/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    HEAD_LINES = 3, /* what it is, what became of it, the columns' headings */
    ABOUT_BYTES = 65536,
    WORDS_BYTES = 160,
};

/* --- the list ------------------------------------------------------------ */

/* Where a new look begins: ids beyond this one are read. */
static int64_t first_id(const struct list_read *look)
{
    const struct operation_item *from = look->from;
    int64_t beyond = look->inclusive ? 1 : 0;
    if (from == NULL)
        return look->backwards ? INT64_MAX : 0;
    return look->backwards ? from->delivery_id + beyond
                           : from->delivery_id - beyond;
}

static bool read_rows(void *context, struct store *store,
                      struct list_read *look, struct err *err)
{
    struct items *items = context;
    if (look->is_start)
        items->read_id = first_id(look);
    bool good =
        look->backwards
            ? operation_list_items_before(store, items->id, items->read_id,
                                          look->limit, look->rows, &look->count,
                                          err)
            : operation_list_items(store, items->id, items->read_id,
                                   look->limit, look->rows, &look->count, err);
    if (!good)
        return false;
    const struct operation_item *rows = look->rows;
    if (look->count > 0)
        items->read_id = rows[look->count - 1].delivery_id;
    look->is_done = look->count < look->limit;
    return true;
}

static bool is_same(const void *a, const void *b)
{
    const struct operation_item *one = a;
    const struct operation_item *other = b;
    return one->delivery_id == other->delivery_id;
}

static void free_row(void *row)
{
    (void)row; /* it owns nothing */
}

static const struct list_kind rows_kind = {
    .row_bytes = sizeof(struct operation_item),
    .read = read_rows,
    .is_same = is_same,
    .free_row = free_row,
};

/* --- the view ------------------------------------------------------------ */

static void make(struct model *model)
{
    model->items = mem_new(sizeof(*model->items));
    list_init(&model->items->list, &rows_kind);
}

static void forget_row(struct items *items)
{
    if (items->is_read)
        operation_row_free(&items->row);
    items->is_read = false;
}

static void free_state(struct model *model)
{
    list_free(&model->items->list);
    forget_row(model->items);
    free(model->items);
}

void items_open(struct model *model, int64_t id)
{
    struct items *items = model->items;
    items->id = id;
    forget_row(items);
    list_reset(&items->list);
    model_open(model, SCREEN_ITEMS);
}

static bool load(struct model *model, struct store *store, struct err *err)
{
    struct items *items = model->items;
    struct operation_row row;
    if (!operation_read(store, items->id, &row, err))
        return false;
    forget_row(items);
    items->row = row;
    items->is_read = true;
    list_set_height(&items->list, frame_body_lines(model) - HEAD_LINES);
    list_refresh(&items->list);
    outcomes_begin(&items->outcomes, items->id);
    return true;
}

static bool work(struct model *model, struct store *store, bool *more,
                 struct err *err)
{
    struct items *items = model->items;
    bool more_outcomes = false;
    *more = false;
    if (list_is_loading(&items->list) &&
        !list_work(&items->list, items, store, more, err))
        return false;
    if (!outcomes_work(&items->outcomes, store, &more_outcomes, err))
        return false;
    *more = *more || more_outcomes;
    return true;
}

static void update(struct model *model, enum action action)
{
    struct items *items = model->items;
    int line = model->mouse_line - FRAME_BODY_LINE - HEAD_LINES;
    if (list_take_action(&items->list, &action, line))
        return;
    const struct operation_item *item = list_cursor_row(&items->list);
    if (item == NULL)
        model_refuse(model, "There is no delivery here.");
    else if (item->now_state[0] == '\0')
        model_refuse(model, "Delivery %" PRId64 " was pruned.",
                     item->delivery_id);
    else if (action == ACTION_OPEN)
        delivery_open(model, item->delivery_id);
}

/* --- drawing ------------------------------------------------------------- */

enum column { ID, WAS, DID, NOW, WHY, COLUMN_COUNT };

static const struct table_column table[COLUMN_COUNT] = {
    [ID] = {"DELIVERY", true, 10, 0},    [WAS] = {"WAS", false, 10, 50},
    [DID] = {"OPERATION", false, 10, 0}, [NOW] = {"IS NOW", false, 10, 0},
    [WHY] = {"BECAUSE", false, 0, 60}, /* what is left */
};

/* An item's state in words for a person. */
static const char *tell_did(const struct operation_item *item)
{
    static const struct {
        const char *state;
        const char *words;
    } rows[] = {
        {"planned", "waits"},       {"left", "left alone"},
        {"applied", "done"},        {"changed", "left alone"},
        {"restored", "taken back"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (text_equals(rows[i].state, item->state))
            return rows[i].words;
    }
    return item->state;
}

static void draw_row(const void *context, int index, struct canvas *canvas,
                     int line)
{
    const struct model *model = context;
    const struct operation_item *item = list_row(&model->items->list, index);
    bool is_pruned = item->now_state[0] == '\0';
    bool is_changed = text_equals(item->state, "changed");
    char id[WORDS_BYTES];
    (void)snprintf(id, sizeof(id), "%" PRId64, item->delivery_id);
    table_put(table, canvas, line, ID, ROLE_PLAIN, id);
    table_put(table, canvas, line, WAS, ROLE_DIM, item->was_state);
    table_put(table, canvas, line, DID, ROLE_PLAIN, tell_did(item));
    table_put(table, canvas, line, NOW, deliveries_state_role(item->now_state),
              is_pruned ? "pruned" : item->now_state);
    table_put(table, canvas, line, WHY, ROLE_DIM,
              is_changed ? "changed since the plan" : item->why);
}

static void draw_head(const struct items *items, struct canvas *canvas)
{
    int room = canvas->columns - 2;
    char text[WORDS_BYTES];
    struct buf about;
    buf_init(&about, ABOUT_BYTES);
    words_add_operation(&items->row, &about);
    int width = canvas_put_format(canvas, FRAME_BODY_LINE, 1, room,
                                  ROLE_HEADING, "Operation %" PRId64 ", %s",
                                  items->id, items->row.action);
    (void)canvas_put_format(canvas, FRAME_BODY_LINE, width + 3,
                            room - width - 2, ROLE_PLAIN, "%s, by %s, %s",
                            items->row.state, items->row.who, buf_text(&about));
    buf_free(&about);
    outcomes_write(&items->outcomes, text, sizeof(text));
    (void)canvas_put(canvas, FRAME_BODY_LINE + 1, 1, room, ROLE_PLAIN, text);
    table_put_titles(table, COLUMN_COUNT, canvas, FRAME_BODY_LINE + 2);
}

static void draw(const struct model *model, struct canvas *canvas)
{
    const struct items *items = model->items;
    int first = FRAME_BODY_LINE + HEAD_LINES;
    if (!items->is_read)
        return;
    draw_head(items, canvas);
    if (items->list.count == 0)
        (void)canvas_put(canvas, first, 3, canvas->columns - 4, ROLE_DIM,
                         list_is_loading(&items->list)
                             ? "Reading ..."
                             : "It has no deliveries of its own.");
    list_draw(&items->list, canvas, first, draw_row, model);
}

const struct view items_view = {
    .title = "Deliveries of an operation",
    .place = PLACE_ITEMS,
    .make = make,
    .free = free_state,
    .load = load,
    .work = work,
    .update = update,
    .draw = draw,
};
