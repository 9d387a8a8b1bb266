/* views_list.c - deliveries, one line each. */
#include "outbox/views.h"

#include "base/mem.h"
#include "outbox/query.h"

#include <stdlib.h>

/* The columns of views_delivery. */
static void read_row(const struct query *query, struct view_delivery *row)
{
    *row = (struct view_delivery){
        .id = query_int64(query, 0),
        .event_id = query_text(query, 1),
        .type = query_text(query, 2),
        .lane = query_text(query, 3),
        .reason = query_text(query, 6),
        .result = query_text(query, 7),
        .status = (int)query_int64(query, 8),
        .due_ms = query_time(query, 9),
        .behind_id = query_int64(query, 10),
        .arrived_ms = query_int64(query, 11),
        .settled_ms = query_time(query, 12),
        .event_timestamp_ms = query_time(query, 13),
        .attempts = (int)query_int64(query, 14),
        .tries = (int)query_int64(query, 15),
        .operation_id = query_int64(query, 16),
    };
    query_copy(query, 4, row->kind, sizeof(row->kind));
    query_copy(query, 5, row->state, sizeof(row->state));
}

/* *found is false if there is no such delivery. */
static bool read_one(struct store *store, int64_t id, struct view_delivery *row,
                     bool *found, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_VIEWS_DELIVERY);
    query_bind_int64(&query, "id", id);
    enum query_step step = query_next(&query, err);
    *found = step == QUERY_ROW;
    if (*found)
        read_row(&query, row);
    query_close(&query);
    return step != QUERY_FAILED;
}

bool view_read_rows(struct store *store, const int64_t *ids, int count,
                    struct view_delivery *rows, int *row_count, struct err *err)
{
    *row_count = 0;
    for (int i = 0; i < count; i++) {
        bool found;
        if (!read_one(store, ids[i], &rows[*row_count], &found, err)) {
            while (*row_count > 0)
                view_delivery_free(&rows[--*row_count]);
            return false;
        }
        *row_count += found;
    }
    return true;
}

static bool find_ids(struct store *store, struct cursor *cursor, int limit,
                     int64_t *ids, int *count, struct err *err)
{
    *count = 0;
    while (*count < limit && !cursor->done) {
        int found;
        if (!cursor_step(store, cursor, ids + *count, limit - *count, &found,
                         err))
            return false;
        *count += found;
    }
    return true;
}

bool view_list(struct store *store, struct cursor *cursor, int limit,
               struct view_delivery *rows, int *row_count, struct err *err)
{
    int64_t *ids = mem_new_array((size_t)limit, sizeof(*ids));
    int count;
    bool good = find_ids(store, cursor, limit, ids, &count, err) &&
                view_read_rows(store, ids, count, rows, row_count, err);
    free(ids);
    return good;
}

bool view_read_delivery(struct store *store, int64_t id,
                        struct view_delivery *row, struct err *err)
{
    bool found;
    if (!read_one(store, id, row, &found, err))
        return false;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "there is no delivery %lld",
                       (long long)id);
    return true;
}

void view_delivery_free(struct view_delivery *row)
{
    free(row->event_id);
    free(row->type);
    free(row->lane);
    free(row->reason);
    free(row->result);
    *row = (struct view_delivery){0};
}
