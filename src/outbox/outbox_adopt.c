/* outbox_adopt.c - deliveries for events that came in without one.
 *
 * Events are large and deliveries small, and nearly all events have one. So it
 * goes through the deliveries and looks for events only where ids are missing:
 * once a gap, however wide pruning made it. */
#include "outbox/outbox.h"

#include "base/mem.h"
#include "outbox/counters.h"
#include "outbox/lane.h"
#include "outbox/query.h"

#include <assert.h>
#include <stdlib.h>

struct orphan {
    int64_t id;
    char *lane;
    char kind[32];
};

/* What one call looks at. */
struct page {
    int64_t reached_id;     /* all up to here have been looked at */
    int64_t last_id;        /* of all events */
    int left;               /* look at so many more */
    struct orphan *orphans; /* owned */
    size_t count;
    size_t capacity;
};

static void free_orphans(struct page *page)
{
    for (size_t i = 0; i < page->count; i++)
        free(page->orphans[i].lane);
    free(page->orphans);
}

static void add_orphan(struct page *page, const struct query *query)
{
    if (page->count == page->capacity) {
        page->capacity = page->capacity * 2 + 16;
        page->orphans =
            mem_resize(page->orphans, page->capacity * sizeof(*page->orphans));
    }
    struct orphan *orphan = &page->orphans[page->count++];
    orphan->id = query_int64(query, 0);
    orphan->lane = query_text(query, 1);
    query_copy(query, 2, orphan->kind, sizeof(orphan->kind));
    page->reached_id = orphan->id;
    page->left--;
}

/* No delivery lies between here and last_id. */
static bool look_into_gap(struct store *store, struct page *page,
                          int64_t last_id, struct err *err)
{
    struct query query;
    enum query_step step;
    if (page->reached_id >= last_id)
        return true;
    query_open(&query, store, QUERY_ADOPT_FIND);
    query_bind_int64(&query, "after_id", page->reached_id);
    query_bind_int64(&query, "last_id", last_id);
    query_bind_int64(&query, "limit", page->left);
    while ((step = query_next(&query, err)) == QUERY_ROW)
        add_orphan(page, &query);
    if (page->left > 0)
        page->reached_id = last_id;
    return step == QUERY_END;
}

/* An event with its delivery, and the gap before it. */
static bool look_at_delivery(struct store *store, struct page *page, int64_t id,
                             struct err *err)
{
    if (!look_into_gap(store, page, id - 1, err))
        return false;
    if (page->left > 0) {
        page->reached_id = id;
        page->left--;
    }
    return true;
}

static bool look_at_page(struct store *store, struct page *page,
                         struct err *err)
{
    struct query query;
    enum query_step step = QUERY_ROW;
    query_open(&query, store, QUERY_ADOPT_WALK);
    query_bind_int64(&query, "after_id", page->reached_id);
    query_bind_int64(&query, "last_id", page->last_id);
    while (page->left > 0 && (step = query_next(&query, err)) == QUERY_ROW) {
        if (!look_at_delivery(store, page, query_int64(&query, 0), err)) {
            query_close(&query);
            return false;
        }
    }
    query_close(&query);
    if (step == QUERY_FAILED)
        return false;
    return page->left == 0 || look_into_gap(store, page, page->last_id, err);
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

/* last_id is OUTBOX_NO_TIME where there are no events. */
static bool read_span(struct store *store, struct page *page, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_ADOPT_SPAN);
    if (!query_first(&query, err))
        return false;
    page->reached_id = query_int64(&query, 0);
    page->last_id = query_time(&query, 1);
    query_close(&query);
    return true;
}

static bool adopt_orphans(struct store *store, const struct page *page,
                          int64_t now_ms, struct err *err)
{
    for (size_t i = 0; i < page->count; i++) {
        if (!adopt_one(store, &page->orphans[i], now_ms, err))
            return false;
    }
    return true;
}

static bool remember(struct store *store, int64_t reached_id, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_ADOPT_REMEMBER);
    query_bind_int64(&query, "reached_id", reached_id);
    return query_run(&query, err);
}

static bool adopt_page(struct store *store, struct outbox_adoption *adoption,
                       struct err *err)
{
    struct page page = {.left = adoption->limit};
    assert(adoption->limit > 0);
    adoption->adopted = 0;
    if (!read_span(store, &page, err))
        return false;
    adoption->done = page.reached_id >= page.last_id;
    if (adoption->done)
        return true;
    bool good = look_at_page(store, &page, err) &&
                adopt_orphans(store, &page, adoption->now_ms, err) &&
                remember(store, page.reached_id, err);
    adoption->adopted = (int64_t)page.count;
    free_orphans(&page);
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
