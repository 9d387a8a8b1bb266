/* operation_views.c - what operators did. */
#include "outbox/operation.h"

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

bool operation_list(struct store *store, int64_t before_id, int limit,
                    struct operation_row *rows, int *count, struct err *err)
{
    struct query query;
    enum query_step step;
    *count = 0;
    query_open(&query, store, QUERY_OPERATION_LIST);
    query_bind_int64(&query, "before", before_id);
    query_bind_int64(&query, "limit", limit);
    while ((step = query_next(&query, err)) == QUERY_ROW)
        read_row(&query, &rows[(*count)++]);
    if (step == QUERY_END)
        return true;
    while (*count > 0)
        operation_row_free(&rows[--*count]);
    return false;
}

bool operation_read(struct store *store, int64_t id, struct operation_row *row,
                    struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_READ);
    query_bind_int64(&query, "id", id);
    enum query_step step = query_next(&query, err);
    if (step == QUERY_END)
        return err_set(err, ERR_NOT_FOUND, "there is no operation %lld",
                       (long long)id);
    if (step == QUERY_FAILED)
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

bool operation_list_items(struct store *store, int64_t id, int64_t after_id,
                          int limit, struct operation_item *items, int *count,
                          struct err *err)
{
    struct query query;
    enum query_step step;
    *count = 0;
    query_open(&query, store, QUERY_OPERATION_ITEMS);
    query_bind_int64(&query, "id", id);
    query_bind_int64(&query, "after", after_id);
    query_bind_int64(&query, "limit", limit);
    while ((step = query_next(&query, err)) == QUERY_ROW) {
        struct operation_item *item = &items[(*count)++];
        item->delivery_id = query_int64(&query, 0);
        query_copy(&query, 1, item->state, sizeof(item->state));
        query_copy(&query, 2, item->why, sizeof(item->why));
        query_copy(&query, 3, item->was_state, sizeof(item->was_state));
        query_copy(&query, 4, item->now_state, sizeof(item->now_state));
    }
    return step == QUERY_END;
}
