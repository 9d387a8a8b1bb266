/* outbox_adopt.c - deliveries for events that came in without one. */
#include "outbox/outbox.h"

#include "base/mem.h"
#include "outbox/counters.h"
#include "outbox/lane.h"
#include "outbox/query.h"

#include <stdlib.h>

struct orphan {
    int64_t id;
    char *lane;
    char kind[32];
};

struct orphans {
    struct orphan *items; /* owned */
    size_t count;
    size_t capacity;
};

static void free_orphans(struct orphans *orphans)
{
    for (size_t i = 0; i < orphans->count; i++)
        free(orphans->items[i].lane);
    free(orphans->items);
}

static void add_orphan(struct orphans *orphans, const struct query *query)
{
    if (orphans->count == orphans->capacity) {
        orphans->capacity = orphans->capacity * 2 + 16;
        orphans->items = mem_resize(
            orphans->items, orphans->capacity * sizeof(*orphans->items));
    }
    struct orphan *orphan = &orphans->items[orphans->count++];
    orphan->id = query_int64(query, 0);
    orphan->lane = query_text(query, 1);
    query_copy(query, 2, orphan->kind, sizeof(orphan->kind));
}

static bool find_orphans(struct store *store, int64_t after_id, int64_t last_id,
                         struct orphans *orphans, struct err *err)
{
    struct query query;
    enum query_step step;
    query_open(&query, store, QUERY_ADOPT_FIND);
    query_bind_int64(&query, "after_id", after_id);
    query_bind_int64(&query, "last_id", last_id);
    while ((step = query_next(&query, err)) == QUERY_ROW)
        add_orphan(orphans, &query);
    return step == QUERY_END;
}

static bool adopt_one(struct store *store, const struct orphan *orphan,
                      int64_t now_ms, struct err *err)
{
    int64_t from_id;
    if (!lane_clear_due(store, orphan->lane, &from_id, err))
        return false;
    struct query query;
    query_open(&query, store, QUERY_ADOPT_INSERT);
    query_bind_int64(&query, "id", orphan->id);
    query_bind_text(&query, "lane", orphan->lane);
    query_bind_text(&query, "kind",
                    orphan->kind[0] == '\0' ? NULL : orphan->kind);
    query_bind_int64(&query, "now_ms", now_ms);
    if (!query_run(&query, err))
        return false;
    query_open(&query, store, QUERY_ADOPT_END_ATTEMPTS);
    query_bind_int64(&query, "now_ms", now_ms);
    query_bind_int64(&query, "id", orphan->id);
    if (!query_run(&query, err))
        return false;
    counters_add(store, "pending", 1);
    counters_add_backlog(store, now_ms, orphan->kind, 1);
    return lane_make_due(store, orphan->lane, from_id, err);
}

/* *last_id: the end of the next page; OUTBOX_NO_TIME: there is none. */
static bool read_page(struct store *store, int limit, int64_t *after_id,
                      int64_t *last_id, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_ADOPT_PAGE);
    query_bind_int64(&query, "limit", limit);
    if (!query_first(&query, err))
        return false;
    *after_id = query_int64(&query, 0);
    *last_id = query_time(&query, 1);
    query_close(&query);
    return true;
}

static bool adopt_orphans(struct store *store, const struct orphans *orphans,
                          int64_t now_ms, struct err *err)
{
    for (size_t i = 0; i < orphans->count; i++) {
        if (!adopt_one(store, &orphans->items[i], now_ms, err))
            return false;
    }
    return true;
}

static bool remember(struct store *store, int64_t last_id, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_ADOPT_REMEMBER);
    query_bind_int64(&query, "last_id", last_id);
    return query_run(&query, err);
}

static bool adopt_page(struct store *store, struct outbox_adoption *adoption,
                       struct err *err)
{
    struct orphans orphans = {0};
    int64_t after_id;
    int64_t last_id;
    adoption->adopted = 0;
    if (!read_page(store, adoption->limit, &after_id, &last_id, err))
        return false;
    adoption->done = last_id == OUTBOX_NO_TIME;
    if (adoption->done)
        return true;
    bool good = find_orphans(store, after_id, last_id, &orphans, err) &&
                adopt_orphans(store, &orphans, adoption->now_ms, err) &&
                remember(store, last_id, err);
    adoption->adopted = (int64_t)orphans.count;
    free_orphans(&orphans);
    return good;
}

bool outbox_adopt(struct store *store, struct outbox_adoption *adoption,
                  struct err *err)
{
    if (!store_begin(store, err))
        return false;
    if (!adopt_page(store, adoption, err)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, err);
}

bool outbox_recount(struct store *store, struct err *err)
{
    static const enum query_name steps[] = {
        QUERY_COUNTERS_ZERO,          QUERY_COUNTERS_RECOUNT,
        QUERY_COUNTERS_EMPTY_BACKLOG, QUERY_COUNTERS_RECOUNT_BACKLOG,
        QUERY_ADOPT_FORGET,           QUERY_LANE_PUT_BACK_LOST,
        QUERY_LANE_MAKE_LOST_DUE,
    };
    if (!store_begin(store, err))
        return false;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (!query_run_plain(store, steps[i], err)) {
            store_rollback(store);
            return false;
        }
    }
    return store_commit(store, err);
}
