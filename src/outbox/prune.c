#include "outbox/prune.h"

#include "base/text.h"
#include "outbox/erase.h"
#include "outbox/operation_row.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

enum { MINUTE_MS = 60000, LEFTOVERS_PAGE = 1000 };

/* What a look found. */
struct page {
    struct erase items[PRUNE_PAGE];
    int count;
    int failed;      /* as old */
    int64_t last_id; /* looked at */
    bool is_last;    /* there is nothing further on */
};

/* --- deliveries ---------------------------------------------------------- */

static void take_row(const struct query *query, struct page *page)
{
    struct erase *item = &page->items[page->count++];
    item->id = query_int64(query, 0);
    query_copy(query, 1, item->state, sizeof(item->state));
    query_copy(query, 2, item->kind, sizeof(item->kind));
    item->arrived_ms = query_int64(query, 3);
}

/* The walk is over where the rows are, or where a whole page of them came
 * after the limit: ids are the order of arrival, but for clocks that jump. */
static bool look(struct store *store, const struct prune *prune,
                 struct page *page, struct err *err)
{
    struct query query;
    enum query_step step = QUERY_END;
    int looked = 0;
    bool some_are_old = false;
    page->count = 0;
    page->failed = 0;
    page->last_id = prune->after_id;
    query_open(&query, store, QUERY_PRUNE_LOOK);
    query_bind_time(&query, "before_ms", prune->before_ms);
    query_bind_int64(&query, "after", prune->after_id);
    query_bind_int64(&query, "limit", PRUNE_LOOK);
    while (page->count < PRUNE_PAGE &&
           (step = query_next(&query, err)) == QUERY_ROW) {
        looked++;
        page->last_id = query_int64(&query, 0);
        some_are_old = some_are_old || query_int64(&query, 6) != 0;
        page->failed += query_int64(&query, 5) != 0;
        if (query_int64(&query, 4) != 0)
            take_row(&query, page);
    }
    query_close(&query);
    page->is_last = step == QUERY_END && (looked < PRUNE_LOOK || !some_are_old);
    return step != QUERY_FAILED;
}

static void count_pruned(struct prune *prune, const char *state)
{
    prune->delivered += text_equals(state, "delivered");
    prune->skipped += text_equals(state, "skipped");
    prune->discarded += text_equals(state, "discarded");
}

/* The page is done. The last one may hold what is too young yet. */
static void pass_page(struct prune *prune, const struct page *page)
{
    prune->after_id = page->last_id;
    prune->failed += page->failed;
    prune->looked_at_all = page->is_last;
    if (!page->is_last)
        prune->resume_id = page->last_id;
}

/* The operator's row is there as soon as the first page has gone, and always
 * tells as many as have. */
static bool record(struct store *store, struct prune *prune, int64_t pruned,
                   struct err *err)
{
    if (prune->who == NULL || pruned == 0)
        return true;
    const struct operation_request request = {.action = "prune",
                                              .who = prune->who,
                                              .filter = prune->words,
                                              .now_ms = prune->now_ms};
    if (prune->operation_id == 0 &&
        !operation_row_add(store, &request, "done", 0, &prune->operation_id,
                           err))
        return false;
    struct query query;
    query_open(&query, store, QUERY_PRUNE_RECORD);
    query_bind_int64(&query, "pruned", pruned);
    query_bind_int64(&query, "now_ms", prune->now_ms);
    query_bind_int64(&query, "id", prune->operation_id);
    return query_run(&query, err);
}

/* Erase the page's, up to the time limit. */
static bool erase_page(struct store *store, struct prune *prune,
                       const struct page *page, const struct clock *clock,
                       struct err *err)
{
    int64_t began_ms = clock_monotonic_ms(clock);
    int64_t pruned = 0;
    bool in_time = true;
    int i = 0;
    for (; in_time && i < page->count; i++) {
        bool erased;
        if (!erase_delivery(store, &page->items[i], prune->before_ms,
                            prune->now_ms, &erased, err))
            return false;
        pruned += erased;
        if (erased)
            count_pruned(prune, page->items[i].state);
        prune->after_id = page->items[i].id;
        in_time = prune->page_ms == 0 ||
                  clock_monotonic_ms(clock) - began_ms < prune->page_ms;
    }
    if (i == page->count)
        pass_page(prune, page);
    return record(store, prune, pruned, err);
}

static void count_page(struct prune *prune, const struct page *page)
{
    for (int i = 0; i < page->count; i++)
        count_pruned(prune, page->items[i].state);
    pass_page(prune, page);
}

static bool step_deliveries(struct store *store, struct prune *prune,
                            const struct clock *clock, struct err *err)
{
    struct page page;
    if (!look(store, prune, &page, err))
        return false;
    if (prune->dry_run || page.count == 0) {
        count_page(prune, &page);
        return true;
    }
    const struct prune before = *prune;
    if (!store_begin(store, err))
        return false;
    bool good = erase_page(store, prune, &page, clock, err);
    if (!operation_row_finish(store, good, err)) {
        *prune = before;
        return false;
    }
    return true;
}

/* --- leftovers ----------------------------------------------------------- */

/* Which tables have some. */
struct leftovers {
    bool tombstones;
    bool minutes;
    int64_t operation_id; /* 0: none */
};

static int64_t oldest_minute(const struct prune *prune)
{
    return (prune->now_ms - PRUNE_MINUTES_MS) / MINUTE_MS;
}

static bool find_leftovers(struct store *store, const struct prune *prune,
                           struct leftovers *leftovers, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_PRUNE_HAS_LEFTOVERS);
    query_bind_int64(&query, "tombstones_ms",
                     prune->now_ms - PRUNE_TOMBSTONES_MS);
    query_bind_int64(&query, "minute", oldest_minute(prune));
    query_bind_time(&query, "items_ms", prune->before_ms);
    query_bind_int64(&query, "plans_ms", prune->now_ms - PRUNE_PLANS_MS);
    if (!query_first(&query, err))
        return false;
    leftovers->tombstones = query_int64(&query, 0) != 0;
    leftovers->minutes = query_int64(&query, 1) != 0;
    leftovers->operation_id = query_int64(&query, 2);
    query_close(&query);
    return true;
}

static bool drop_tombstones(struct store *store, const struct prune *prune,
                            struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_PRUNE_TOMBSTONES);
    query_bind_int64(&query, "tombstones_ms",
                     prune->now_ms - PRUNE_TOMBSTONES_MS);
    query_bind_int64(&query, "limit", LEFTOVERS_PAGE);
    return query_run(&query, err);
}

static bool drop_minutes(struct store *store, const struct prune *prune,
                         struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_PRUNE_MINUTES);
    query_bind_int64(&query, "minute", oldest_minute(prune));
    query_bind_int64(&query, "limit", LEFTOVERS_PAGE);
    return query_run(&query, err);
}

/* And with the last of its items a plan itself. */
static bool drop_items(struct store *store, int64_t id, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_PRUNE_ITEMS);
    query_bind_int64(&query, "id", id);
    query_bind_int64(&query, "limit", LEFTOVERS_PAGE);
    if (!query_run(&query, err))
        return false;
    if (query_changes(store) == LEFTOVERS_PAGE)
        return true;
    query_open(&query, store, QUERY_OPERATION_DROP);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}

/* One page of the first table that has some. */
static bool drop_page(struct store *store, const struct prune *prune,
                      const struct leftovers *leftovers, struct err *err)
{
    if (leftovers->tombstones)
        return drop_tombstones(store, prune, err);
    if (leftovers->minutes)
        return drop_minutes(store, prune, err);
    return drop_items(store, leftovers->operation_id, err);
}

static bool step_leftovers(struct store *store, struct prune *prune,
                           struct err *err)
{
    struct leftovers leftovers;
    if (!find_leftovers(store, prune, &leftovers, err))
        return false;
    prune->done =
        prune->dry_run || (!leftovers.tombstones && !leftovers.minutes &&
                           leftovers.operation_id == 0);
    if (prune->done)
        return true;
    if (!store_begin(store, err))
        return false;
    bool good = drop_page(store, prune, &leftovers, err);
    int64_t rows = good ? query_changes(store) : 0;
    if (!operation_row_finish(store, good, err))
        return false;
    prune->leftovers += rows;
    return true;
}

bool prune_step(struct store *store, struct prune *prune,
                const struct clock *clock, struct err *err)
{
    if (prune->before_ms != OUTBOX_NO_TIME && !prune->looked_at_all)
        return step_deliveries(store, prune, clock, err);
    return step_leftovers(store, prune, err);
}
