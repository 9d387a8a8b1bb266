/* list_load.c - reading the rows of a long list, slice by slice. */
#include "tui/list_parts.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_HELD = 2 * LIST_MOST_READ };

static int greater(int a, int b)
{
    return a > b ? a : b;
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
    read.rows = list_parts_row(list, onto->rows, onto->count);
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
    list_parts_free(list, list->rows, from, excess);
    if (at_front) {
        memmove(list->rows, list_parts_row(list, list->rows, excess),
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
    list_parts_clamp(list);
    if (list->window_step != 0)
        list->window_step -= list->top - top;
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
        read.from = list_parts_row(list, held.rows, list->count - 1);
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
        list_stop(list);
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
        memcpy(list_parts_row(list, rows, came - 1 - i),
               list_parts_row(list, list->before.rows, i), bytes);
    if (list->count > 0)
        memcpy(list_parts_row(list, rows, came), list->rows,
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
        list_stop(list);
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
        if (list->kind->is_same(list_parts_row(list, list->rows, i),
                                list_parts_row(list, old.rows, cursor)))
            list->cursor = i;
    }
    if (at_end)
        list->cursor = list->count - 1;
    list_parts_clear(list, &old);
    list_parts_clamp(list);
}

/* AGAIN: from the top row on, then what is before it: at least one row, to know
 * whether there is any; as many as are missing to fill the window. */
static bool work_again(struct list *list, void *context, struct store *store,
                       struct err *err)
{
    struct list_read read = {.from =
                                 list_parts_row(list, list->rows, list->top),
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
    list_stop(list);
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
    list_stop(list);
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
        list_stop(list);
    *more = list->load != LIST_LOAD_NOTHING;
    return good;
}
