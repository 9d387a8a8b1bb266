#include "tui/list.h"

#include "tui/list_parts.h"

#include <stdlib.h>

enum { WHEEL_ROWS = 3 };

/* --- rows held ----------------------------------------------------------- */

void *list_parts_row(const struct list *list, const void *rows, int index)
{
    size_t at = (size_t)index * list->kind->row_bytes;
    return (char *)(uintptr_t)rows + at;
}

void list_parts_free(const struct list *list, void *rows, int from, int count)
{
    for (int i = 0; i < count; i++)
        list->kind->free_row(list_parts_row(list, rows, from + i));
}

void list_parts_clear(const struct list *list, struct list_rows *rows)
{
    if (rows->rows != NULL)
        list_parts_free(list, rows->rows, 0, rows->count);
    free(rows->rows);
    *rows = (struct list_rows){NULL, 0};
}

void list_parts_clamp(struct list *list)
{
    int lowest_top = list->count - list->height;
    if (list->cursor >= list->count)
        list->cursor = list->count - 1;
    if (list->cursor < 0)
        list->cursor = 0;
    if (list->top > lowest_top)
        list->top = lowest_top;
    if (list->cursor >= list->top + list->height)
        list->top = list->cursor - list->height + 1;
    if (list->top > list->cursor)
        list->top = list->cursor;
    if (list->top < 0)
        list->top = 0;
}

static int greater(int a, int b)
{
    return a > b ? a : b;
}

/* A look has not begun yet: it wants so many rows that the cursor can take its
 * step, and that the window is full where it will be. */
static void set_left(struct list *list)
{
    int top = list->top + list->window_step;
    int left = greater(abs(list->step), list->height + 1);
    if (list->load == LIST_LOAD_AFTER)
        left = greater(left, top + list->height + 1 - list->count);
    if (list->load == LIST_LOAD_BEFORE)
        left = greater(left, -top);
    list->left = left > LIST_MOST_READ ? LIST_MOST_READ : left;
}

void list_parts_begin(struct list *list, enum list_load load, int step,
                      int window_step)
{
    if (list->kind == NULL)
        return;
    list_parts_clear(list, &list->after);
    list_parts_clear(list, &list->before);
    list->load = load;
    list->step = step;
    list->window_step = window_step;
    set_left(list);
    list->is_started = false;
    list->is_before = false;
}

void list_init(struct list *list, const struct list_kind *kind)
{
    *list = (struct list){.kind = kind, .height = 1};
    list->is_first_held = list->is_last_held = kind == NULL;
    list_parts_begin(list, LIST_LOAD_FIRST, 0, 0);
}

static void forget(struct list *list)
{
    if (list->kind == NULL)
        return;
    struct list_rows held = {list->rows, list->count};
    list_parts_clear(list, &held);
    list_parts_clear(list, &list->after);
    list_parts_clear(list, &list->before);
    list->rows = NULL;
    list->count = list->cursor = list->top = 0;
    list->is_first_held = list->is_last_held = false;
}

void list_free(struct list *list)
{
    forget(list);
    *list = (struct list){0};
}

void list_set_height(struct list *list, int height)
{
    bool is_taller = height > list->height;
    list->height = height < 1 ? 1 : height;
    if (list->height > LIST_MOST_READ)
        list->height = LIST_MOST_READ;
    list_parts_clamp(list);
    if (!list->is_started)
        set_left(list);
    if (is_taller)
        list_refresh(list);
}

void list_set_count(struct list *list, int count, int cursor)
{
    int shift = cursor < 0 ? 0 : cursor - list->cursor;
    list->count = count;
    list->cursor += shift;
    list->top += shift;
    list_parts_clamp(list);
}

/* --- moving -------------------------------------------------------------- */

/* Move the cursor and the window as far as there are rows; the rest of the way
 * is read. What an earlier move still has to go is gone, too. */
static void move(struct list *list, int step, int window_step)
{
    bool is_after = list->load == LIST_LOAD_AFTER;
    bool is_before = list->load == LIST_LOAD_BEFORE;
    if (list->count == 0)
        return;
    if (is_after || is_before) {
        step += list->step;
        window_step += list->window_step;
    }
    int cursor = list->cursor + step, top = list->top + window_step;
    list->cursor = cursor;
    list->top = top;
    list_parts_clamp(list);
    step = cursor - list->cursor;
    window_step = window_step == 0 ? 0 : top - list->top;
    if (!list->is_last_held && (step > 0 || window_step > 0))
        list_parts_begin(list, LIST_LOAD_AFTER, step, window_step);
    else if (!list->is_first_held && (step < 0 || window_step < 0))
        list_parts_begin(list, LIST_LOAD_BEFORE, step, window_step);
    else if (is_after || is_before)
        list_stop(list);
}

static void move_by(struct list *list, int step)
{
    move(list, step, 0);
}

/* Pages take the window along, so that the cursor keeps its line. */
static void move_page(struct list *list, int step)
{
    move(list, step, step);
}

static void move_to_end(struct list *list, bool is_last)
{
    bool is_held = is_last ? list->is_last_held : list->is_first_held;
    list->step = 0;
    if (is_held) {
        list->cursor = is_last ? list->count - 1 : 0;
        list_parts_clamp(list);
        return;
    }
    list_parts_begin(list, is_last ? LIST_LOAD_LAST : LIST_LOAD_FIRST, 0, 0);
    if (!is_last)
        forget(list);
}

bool list_move(struct list *list, enum action action)
{
    int half = list->height > 1 ? list->height / 2 : 1;
    switch (action) {
    case ACTION_DOWN:
        move_by(list, 1);
        return true;
    case ACTION_UP:
        move_by(list, -1);
        return true;
    case ACTION_WHEEL_DOWN:
        move_by(list, WHEEL_ROWS);
        return true;
    case ACTION_WHEEL_UP:
        move_by(list, -WHEEL_ROWS);
        return true;
    case ACTION_PAGE_DOWN:
        move_page(list, list->height);
        return true;
    case ACTION_PAGE_UP:
        move_page(list, -list->height);
        return true;
    case ACTION_HALF_DOWN:
        move_page(list, half);
        return true;
    case ACTION_HALF_UP:
        move_page(list, -half);
        return true;
    case ACTION_FIRST:
        move_to_end(list, false);
        return true;
    case ACTION_LAST:
        move_to_end(list, true);
        return true;
    default:
        return false;
    }
}

bool list_click(struct list *list, int line, bool *again)
{
    int row = list->top + line;
    if (line < 0 || line >= list->height || row >= list->count)
        return false;
    *again = row == list->cursor;
    list->cursor = row;
    return true;
}

bool list_take_action(struct list *list, enum action *action, int line)
{
    bool again;
    if (*action != ACTION_CLICK)
        return list_move(list, *action);
    if (!list_click(list, line, &again) || !again)
        return true;
    *action = ACTION_OPEN;
    return false;
}

/* --- what is to be read ----------------------------------------------------
 */

void list_refresh(struct list *list)
{
    if (list->kind != NULL && list->load == LIST_LOAD_NOTHING)
        list_parts_begin(
            list, list->count == 0 ? LIST_LOAD_FIRST : LIST_LOAD_AGAIN, 0, 0);
}

void list_reset(struct list *list)
{
    forget(list);
    list_parts_begin(list, LIST_LOAD_FIRST, 0, 0);
}

bool list_is_loading(const struct list *list)
{
    return list->load != LIST_LOAD_NOTHING;
}

void list_stop(struct list *list)
{
    list_parts_begin(list, LIST_LOAD_NOTHING, 0, 0);
}

/* --- showing ------------------------------------------------------------- */

const void *list_row(const struct list *list, int index)
{
    return index < 0 || index >= list->count
               ? NULL
               : list_parts_row(list, list->rows, index);
}

const void *list_cursor_row(const struct list *list)
{
    return list_row(list, list->cursor);
}

void list_draw(const struct list *list, struct canvas *canvas, int line,
               void (*draw_row)(const void *context, int index,
                                struct canvas *canvas, int line),
               const void *context)
{
    for (int i = 0; i < list->height && list->top + i < list->count; i++) {
        draw_row(context, list->top + i, canvas, line + i);
        if (list->top + i == list->cursor)
            canvas_mark_cursor(canvas, line + i);
    }
}
