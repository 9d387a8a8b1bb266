/* operation_views.c - what operators did. */
#include "outbox/operation.h"

#include "base/text.h"
#include "outbox/query.h"

#include <stdlib.h>

static void read_row(const struct query *query, struct operation_row *row)
{
    *row = (struct operation_row){
        .id = query_int64(query, 0),
        .filter = query_text(query, 4),
        .target_id = query_int64(query, 5),
        .created_ms = query_int64(query, 6),
        .started_ms = query_time(query, 7),
        .ended_ms = query_time(query, 8),
        .matched = query_int64(query, 9),
        .planned = query_int64(query, 10),
        .applied = query_int64(query, 11),
        .changed = query_int64(query, 12),
        .name_before = query_text(query, 14),
        .name_after = query_text(query, 15),
        .off_before = query_int64(query, 16) != 0,
        .off_after = query_int64(query, 17) != 0,
    };
    query_copy(query, 1, row->action, sizeof(row->action));
    query_copy(query, 2, row->state, sizeof(row->state));
    query_copy(query, 3, row->who, sizeof(row->who));
    query_copy(query, 13, row->kind, sizeof(row->kind));
}

static bool list_rows(struct query *query, int limit,
                      struct operation_row *rows, int *count, struct err *err)
{
    enum query_step step;
    *count = 0;
    query_bind_int64(query, "limit", limit);
    while ((step = query_next(query, err)) == QUERY_ROW)
        read_row(query, &rows[(*count)++]);
    if (step == QUERY_END)
        return true;
    while (*count > 0)
        operation_row_free(&rows[--*count]);
    return false;
}

bool operation_list(struct store *store, int64_t before_id, int limit,
                    struct operation_row *rows, int *count, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_LIST);
    query_bind_int64(&query, "before", before_id);
    return list_rows(&query, limit, rows, count, err);
}

bool operation_list_newer(struct store *store, int64_t after_id, int limit,
                          struct operation_row *rows, int *count,
                          struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_LIST_NEWER);
    query_bind_int64(&query, "after", after_id);
    return list_rows(&query, limit, rows, count, err);
}

bool operation_read(struct store *store, int64_t id, struct operation_row *row,
                    struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_READ);
    query_bind_int64(&query, "id", id);
    if (!query_find(&query, err, "there is no operation %lld", (long long)id))
        return false;
    read_row(&query, row);
    query_close(&query);
    return true;
}

void operation_row_free(struct operation_row *row)
{
    free(row->filter);
    free(row->name_before);
    free(row->name_after);
    *row = (struct operation_row){.id = 0};
}

static bool list_items(struct query *query, int limit,
                       struct operation_item *items, int *count,
                       struct err *err)
{
    enum query_step step;
    *count = 0;
    query_bind_int64(query, "limit", limit);
    while ((step = query_next(query, err)) == QUERY_ROW) {
        struct operation_item *item = &items[(*count)++];
        item->delivery_id = query_int64(query, 0);
        query_copy(query, 1, item->state, sizeof(item->state));
        query_copy(query, 2, item->why, sizeof(item->why));
        query_copy(query, 3, item->was_state, sizeof(item->was_state));
        query_copy(query, 4, item->now_state, sizeof(item->now_state));
    }
    return step == QUERY_END;
}

bool operation_list_items(struct store *store, int64_t id, int64_t after_id,
                          int limit, struct operation_item *items, int *count,
                          struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_ITEMS);
    query_bind_int64(&query, "id", id);
    query_bind_int64(&query, "after", after_id);
    return list_items(&query, limit, items, count, err);
}

bool operation_list_items_before(struct store *store, int64_t id,
                                 int64_t before_id, int limit,
                                 struct operation_item *items, int *count,
                                 struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_ITEMS_BEFORE);
    query_bind_int64(&query, "id", id);
    query_bind_int64(&query, "before", before_id);
    return list_items(&query, limit, items, count, err);
}

/* The count that an item belongs to; NULL: to none, the operation has not
 * changed it. */
static int64_t *count_of(struct operation_outcomes *outcomes,
                         const struct query *query)
{
    const struct {
        const char *state;
        int64_t *count;
    } counts[] = {
        {"delivered", &outcomes->delivered}, {"failed", &outcomes->failed},
        {"pending", &outcomes->waiting},     {"sending", &outcomes->waiting},
        {"skipped", &outcomes->settled},     {"discarded", &outcomes->settled},
    };
    char item[16];
    char now[16];
    query_copy(query, 1, item, sizeof(item));
    query_copy(query, 4, now, sizeof(now));
    if (text_equals(item, "restored"))
        return &outcomes->restored;
    if (!text_equals(item, "applied"))
        return NULL;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if (text_equals(now, counts[i].state))
            return counts[i].count;
    }
    return &outcomes->pruned;
}

bool operation_count_outcomes(struct store *store, int64_t id,
                              struct operation_outcomes *outcomes, bool *more,
                              struct err *err)
{
    struct operation_outcomes counted = *outcomes;
    struct query query;
    enum query_step step;
    int rows = 0;
    query_open(&query, store, QUERY_OPERATION_ITEMS);
    query_bind_int64(&query, "id", id);
    query_bind_int64(&query, "after", outcomes->after_id);
    query_bind_int64(&query, "limit", OPERATION_SLICE);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        int64_t *count = count_of(&counted, &query);
        if (count != NULL)
            (*count)++;
        counted.after_id = query_int64(&query, 0);
        rows++;
    }
    if (step == QUERY_FAILED)
        return false;
    *outcomes = counted;
    *more = rows == OPERATION_SLICE;
    return true;
}

bool operation_list_touches(struct store *store, int64_t delivery_id, int limit,
                            struct operation_touch *touches, int *count,
                            struct err *err)
{
    struct query query;
    enum query_step step;
    *count = 0;
    query_open(&query, store, QUERY_OPERATION_TOUCHES);
    query_bind_int64(&query, "id", delivery_id);
    query_bind_int64(&query, "limit", limit);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        struct operation_touch *touch = &touches[(*count)++];
        touch->id = query_int64(&query, 0);
        query_copy(&query, 1, touch->action, sizeof(touch->action));
        query_copy(&query, 2, touch->state, sizeof(touch->state));
        query_copy(&query, 3, touch->who, sizeof(touch->who));
        touch->created_ms = query_int64(&query, 4);
        query_copy(&query, 5, touch->item_state, sizeof(touch->item_state));
        query_copy(&query, 6, touch->why, sizeof(touch->why));
    }
    return step == QUERY_END;
}
