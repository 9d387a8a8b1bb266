#include "tui/list.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    WHEEL_ROWS = 3,
    MOST_HELD = 2 * LIST_MOST_READ,
};

/* --- rows held ----------------------------------------------------------- */

static void *row_at(const struct list *list, const void *rows, int index)
{
    size_t at = (size_t)index * list->kind->row_bytes;
    return (char *)(uintptr_t)rows + at;
}

static void free_rows(const struct list *list, void *rows, int from, int count)
{
    for (int i = 0; i < count; i++)
        list->kind->free_row(row_at(list, rows, from + i));
}

static void clear(const struct list *list, struct list_rows *rows)
{
    if (rows->rows != NULL)
        free_rows(list, rows->rows, 0, rows->count);
    free(rows->rows);
    *rows = (struct list_rows){NULL, 0};
}

static void clamp(struct list *list)
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

static void begin(struct list *list, enum list_load load, int step,
                  int window_step)
{
    if (list->kind == NULL)
        return;
    clear(list, &list->after);
    clear(list, &list->before);
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
    begin(list, LIST_LOAD_FIRST, 0, 0);
}

static void forget(struct list *list)
{
    if (list->kind == NULL)
        return;
    struct list_rows held = {list->rows, list->count};
    clear(list, &held);
    clear(list, &list->after);
    clear(list, &list->before);
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
    clamp(list);
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
    clamp(list);
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
    clamp(list);
    step = cursor - list->cursor;
    window_step = window_step == 0 ? 0 : top - list->top;
    if (!list->is_last_held && (step > 0 || window_step > 0))
        begin(list, LIST_LOAD_AFTER, step, window_step);
    else if (!list->is_first_held && (step < 0 || window_step < 0))
        begin(list, LIST_LOAD_BEFORE, step, window_step);
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
        clamp(list);
        return;
    }
    begin(list, is_last ? LIST_LOAD_LAST : LIST_LOAD_FIRST, 0, 0);
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

/* --- reading ------------------------------------------------------------- */

void list_refresh(struct list *list)
{
    if (list->kind != NULL && list->load == LIST_LOAD_NOTHING)
        begin(list, list->count == 0 ? LIST_LOAD_FIRST : LIST_LOAD_AGAIN, 0, 0);
}

void list_reset(struct list *list)
{
    forget(list);
    begin(list, LIST_LOAD_FIRST, 0, 0);
}

bool list_is_loading(const struct list *list)
{
    return list->load != LIST_LOAD_NOTHING;
}

static void make_room(const struct list *list, struct list_rows *rows)
{
    size_t count = (size_t)rows->count + (size_t)list->left;
    rows->rows = mem_resize(rows->rows, count * list->kind->row_bytes);
}

/* Read a slice onto the end of these rows, which have room; *is_end: there are
 * no more. */
static bool read_onto(struct list *list, void *context, struct store *store,
                      struct list_read read, struct list_rows *onto,
                      bool *is_end, struct err *err)
{
    read.is_start = !list->is_started;
    read.limit = list->left;
    read.rows = row_at(list, onto->rows, onto->count);
    if (!list->kind->read(context, store, &read, err))
        return false;
    assert(read.count >= 0 && read.count <= read.limit);
    list->is_started = true;
    list->left -= read.count;
    onto->count += read.count;
    *is_end = read.is_done;
    return true;
}

/* Free what is too much at the side away from the cursor. */
static void trim(struct list *list, bool at_front)
{
    int excess = list->count - MOST_HELD;
    if (excess <= 0)
        return;
    int from = at_front ? 0 : list->count - excess;
    free_rows(list, list->rows, from, excess);
    if (at_front) {
        memmove(list->rows, row_at(list, list->rows, excess),
                (size_t)(list->count - excess) * list->kind->row_bytes);
        list->cursor -= excess;
        list->top -= excess;
        list->is_first_held = false;
    } else {
        list->is_last_held = false;
    }
    list->count -= excess;
}

/* As much of the steps as there are rows for; the rest is kept. */
static void take_step(struct list *list, int came)
{
    int top = list->top;
    int step = list->step > came    ? came
               : list->step < -came ? -came
                                    : list->step;
    list->cursor += step;
    list->step -= step;
    list->top += list->window_step;
    clamp(list);
    if (list->window_step != 0)
        list->window_step -= list->top - top;
}

static void end(struct list *list)
{
    begin(list, LIST_LOAD_NOTHING, 0, 0);
}

/* FIRST and AFTER: rows are shown as they come. */
static bool work_after(struct list *list, void *context, struct store *store,
                       struct err *err)
{
    struct list_rows held = {list->rows, list->count};
    struct list_read read = {.from = NULL};
    int before = list->count;
    bool is_end = false;
    make_room(list, &held);
    if (list->count > 0)
        read.from = row_at(list, held.rows, list->count - 1);
    bool good = read_onto(list, context, store, read, &held, &is_end, err);
    list->rows = held.rows;
    list->count = held.count;
    if (!good)
        return false;
    if (list->load == LIST_LOAD_FIRST)
        list->is_first_held = true;
    list->is_last_held = is_end;
    take_step(list, list->count - before);
    if (is_end || list->left == 0)
        end(list);
    trim(list, true);
    return true;
}

/* before, turned round, in front of the rows held. */
static void put_before(struct list *list)
{
    int came = list->before.count;
    size_t bytes = list->kind->row_bytes;
    if (came == 0)
        return;
    char *rows = mem_new_array((size_t)came + (size_t)list->count, bytes);
    for (int i = 0; i < came; i++)
        memcpy(row_at(list, rows, came - 1 - i),
               row_at(list, list->before.rows, i), bytes);
    if (list->count > 0)
        memcpy(row_at(list, rows, came), list->rows,
               (size_t)list->count * bytes);
    free(list->rows);
    free(list->before.rows);
    list->before = (struct list_rows){NULL, 0};
    list->rows = rows;
    list->count += came;
    list->cursor += came;
    list->top += came;
}

static bool work_before(struct list *list, void *context, struct store *store,
                        struct err *err)
{
    struct list_read read = {.from = list->rows, .backwards = true};
    bool is_end = false;
    make_room(list, &list->before);
    if (!read_onto(list, context, store, read, &list->before, &is_end, err))
        return false;
    int came = list->before.count;
    put_before(list);
    list->is_first_held = is_end;
    take_step(list, came);
    if (is_end || list->left == 0)
        end(list);
    trim(list, false);
    return true;
}

/* The rows read anew take the place of those held; the cursor goes to its own
 * row, and the window to its top row. */
static void replace(struct list *list, bool at_end)
{
    struct list_rows old = {list->rows, list->count};
    int top = list->top, cursor = list->cursor;
    int line = cursor - top;
    list->rows = list->after.rows;
    list->count = list->after.count;
    list->after = (struct list_rows){NULL, 0};
    list->top = list->cursor = 0;
    put_before(list);
    list->cursor = list->top + line;
    for (int i = 0; i < list->count && cursor < old.count; i++) {
        if (list->kind->is_same(row_at(list, list->rows, i),
                                row_at(list, old.rows, cursor)))
            list->cursor = i;
    }
    if (at_end)
        list->cursor = list->count - 1;
    clear(list, &old);
    clamp(list);
}

/* AGAIN: from the top row on, then what is before it: at least one row, to know
 * whether there is any; as many as are missing to fill the window. */
static bool work_again(struct list *list, void *context, struct store *store,
                       struct err *err)
{
    struct list_read read = {.from = row_at(list, list->rows, list->top),
                             .backwards = list->is_before,
                             .inclusive = !list->is_before};
    struct list_rows *onto = list->is_before ? &list->before : &list->after;
    bool is_end = false;
    make_room(list, onto);
    if (!read_onto(list, context, store, read, onto, &is_end, err))
        return false;
    if (!is_end && list->left > 0)
        return true;
    if (!list->is_before) {
        list->is_last_held = is_end;
        list->is_before = true;
        list->is_started = false;
        list->left = greater(1, list->height - list->after.count);
        return true;
    }
    list->is_first_held = is_end;
    replace(list, false);
    end(list);
    return true;
}

static bool work_last(struct list *list, void *context, struct store *store,
                      struct err *err)
{
    struct list_read read = {.backwards = true};
    bool is_end = false;
    make_room(list, &list->before);
    if (!read_onto(list, context, store, read, &list->before, &is_end, err))
        return false;
    if (!is_end && list->left > 0)
        return true;
    list->is_first_held = is_end;
    list->is_last_held = true;
    replace(list, true);
    end(list);
    return true;
}

bool list_work(struct list *list, void *context, struct store *store,
               bool *more, struct err *err)
{
    bool good = true;
    switch (list->load) {
    case LIST_LOAD_NOTHING:
        break;
    case LIST_LOAD_FIRST:
    case LIST_LOAD_AFTER:
        good = work_after(list, context, store, err);
        break;
    case LIST_LOAD_BEFORE:
        good = work_before(list, context, store, err);
        break;
    case LIST_LOAD_AGAIN:
        good = work_again(list, context, store, err);
        break;
    case LIST_LOAD_LAST:
        good = work_last(list, context, store, err);
        break;
    }
    if (!good)
        end(list);
    *more = list->load != LIST_LOAD_NOTHING;
    return good;
}

void list_stop(struct list *list)
{
    end(list);
}

/* --- showing ------------------------------------------------------------- */

const void *list_row(const struct list *list, int index)
{
    return index < 0 || index >= list->count ? NULL
                                             : row_at(list, list->rows, index);
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
