/* views_list.c - deliveries, one line each. */
#include "outbox/views.h"

#include "base/mem.h"
#include "base/text.h"
#include "outbox/query.h"

#include <stdlib.h>

enum {
    STRETCH = 20000, /* ids that one query looks at: some milliseconds */
    FEW = 20000,     /* so many pending ones may be sorted */
};

/* The ids of a page, newest first. */
struct page {
    const char *state; /* NULL: all */
    int64_t before_id; /* moves down as ids are found, or are not */
    int limit;
    int count;
    int64_t *ids; /* room for limit */
};

/* What each state's rows are found by; others are looked for in stretches. */
static const struct {
    const char *state;
    enum query_name query;
} indexed[] = {
    {"failed", QUERY_VIEWS_IDS_ASIDE},
    {"skipped", QUERY_VIEWS_IDS_ASIDE},
    {"discarded", QUERY_VIEWS_IDS_ASIDE},
    {"sending", QUERY_VIEWS_IDS_SENDING},
};

static bool run_ids(struct query *query, struct page *page, struct err *err)
{
    enum query_step step;
    query_bind_int64(query, "before_id", page->before_id);
    query_bind_int64(query, "limit", page->limit - page->count);
    while ((step = query_next(query, err)) == QUERY_ROW)
        page->ids[page->count++] = query_int64(query, 0);
    return step == QUERY_END;
}

static bool find_at_once(struct store *store, enum query_name name,
                         struct page *page, struct err *err)
{
    struct query query;
    query_open(&query, store, name);
    if (name == QUERY_VIEWS_IDS_ASIDE)
        query_bind_text(&query, "state", page->state);
    return run_ids(&query, page, err);
}

static bool read_number(struct store *store, enum query_name name,
                        int64_t *number, struct err *err)
{
    struct query query;
    query_open(&query, store, name);
    if (!query_first(&query, err))
        return false;
    *number = query_int64(&query, 0);
    query_close(&query);
    return true;
}

/* A state that most rows are in, or a few far back: stretch after stretch, so
 * that no look at the database is a long one. */
static bool find_in_stretches(struct store *store, struct page *page,
                              struct err *err)
{
    int64_t newest;
    if (!read_number(store, QUERY_VIEWS_NEWEST_ID, &newest, err))
        return false;
    if (page->before_id > newest)
        page->before_id = newest + 1;
    while (page->count < page->limit && page->before_id > 1) {
        int64_t from = page->before_id - STRETCH;
        struct query query;
        query_open(&query, store, QUERY_VIEWS_IDS_BETWEEN);
        query_bind_int64(&query, "from_id", from);
        query_bind_text(&query, "state", page->state);
        if (!run_ids(&query, page, err))
            return false;
        page->before_id = from;
    }
    return true;
}

static bool find_ids(struct store *store, struct page *page, struct err *err)
{
    if (page->state == NULL)
        return find_at_once(store, QUERY_VIEWS_IDS, page, err);
    for (size_t i = 0; i < sizeof(indexed) / sizeof(indexed[0]); i++) {
        if (text_equals(page->state, indexed[i].state))
            return find_at_once(store, indexed[i].query, page, err);
    }
    if (text_equals(page->state, "pending")) {
        int64_t pending;
        if (!read_number(store, QUERY_VIEWS_PENDING, &pending, err))
            return false;
        if (pending <= FEW)
            return find_at_once(store, QUERY_VIEWS_IDS_PENDING, page, err);
    }
    return find_in_stretches(store, page, err);
}

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

static bool read_rows(struct store *store, const struct page *page,
                      struct view_delivery *rows, int *count, struct err *err)
{
    for (int i = 0; i < page->count; i++) {
        bool found;
        if (!read_one(store, page->ids[i], &rows[*count], &found, err))
            return false;
        *count += found; /* else it was pruned meanwhile */
    }
    return true;
}

bool view_list(struct store *store, const char *state, int64_t before_id,
               int limit, struct view_delivery *rows, int *count,
               struct err *err)
{
    struct page page = {
        .state = state,
        .before_id = before_id,
        .limit = limit,
        .ids = mem_new_array((size_t)limit, sizeof(int64_t)),
    };
    *count = 0;
    bool good = find_ids(store, &page, err) &&
                read_rows(store, &page, rows, count, err);
    while (!good && *count > 0)
        view_delivery_free(&rows[--*count]);
    free(page.ids);
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
