#include "outbox/counters.h"

#include "base/mem.h"
#include "base/text.h"
#include "outbox/query.h"

#include <stdlib.h>
#include <string.h>

enum table { TABLE_COUNT, TABLE_BACKLOG, TABLE_MINUTE };

/* One row of one of the three tables; what a table has no column for is 0 or
 * "". Behind their ends the texts are filled with zeros. */
struct counter {
    enum table table;
    int64_t minute;
    char kind[32];
    char name[20]; /* state, total or outcome */
    int64_t delta;
};

enum { MINUTE_MS = 60000 };

static bool is_same_row(const struct counter *a, const struct counter *b)
{
    return a->table == b->table && a->minute == b->minute &&
           memcmp(a->name, b->name, sizeof(a->name)) == 0 &&
           memcmp(a->kind, b->kind, sizeof(a->kind)) == 0;
}

/* A turn has a few dozen different rows at most: a list is enough. */
static void add(struct store *store, const struct counter *counter)
{
    struct counters *counters = &store->counters;
    for (size_t i = 0; i < counters->count; i++) {
        if (is_same_row(&counters->items[i], counter)) {
            counters->items[i].delta += counter->delta;
            return;
        }
    }
    if (counters->count == counters->capacity) {
        counters->capacity = counters->capacity * 2 + 16;
        counters->items =
            mem_resize(counters->items, counters->capacity * sizeof(*counter));
    }
    counters->items[counters->count++] = *counter;
}

void counters_add(struct store *store, const char *name, int64_t delta)
{
    struct counter counter = {.table = TABLE_COUNT, .delta = delta};
    text_copy(counter.name, sizeof(counter.name), name);
    add(store, &counter);
}

void counters_add_backlog(struct store *store, int64_t arrived_ms,
                          const char *kind, int64_t delta)
{
    struct counter counter = {.table = TABLE_BACKLOG,
                              .minute = arrived_ms / MINUTE_MS,
                              .delta = delta};
    text_copy(counter.kind, sizeof(counter.kind), kind);
    add(store, &counter);
}

void counters_add_minute(struct store *store, int64_t now_ms, const char *kind,
                         const char *outcome)
{
    struct counter counter = {
        .table = TABLE_MINUTE, .minute = now_ms / MINUTE_MS, .delta = 1};
    text_copy(counter.kind, sizeof(counter.kind), kind);
    text_copy(counter.name, sizeof(counter.name), outcome);
    add(store, &counter);
}

static bool write_row(struct store *store, const struct counter *counter,
                      struct err *err)
{
    static const enum query_name names[] = {
        [TABLE_COUNT] = QUERY_COUNTERS_ADD,
        [TABLE_BACKLOG] = QUERY_COUNTERS_ADD_BACKLOG,
        [TABLE_MINUTE] = QUERY_COUNTERS_ADD_MINUTE,
    };
    struct query query;
    query_open(&query, store, names[counter->table]);
    if (counter->table != TABLE_COUNT) {
        query_bind_int64(&query, "minute", counter->minute);
        query_bind_text(&query, "kind", counter->kind);
    }
    if (counter->table != TABLE_BACKLOG)
        query_bind_text(&query, "name", counter->name);
    query_bind_int64(&query, "delta", counter->delta);
    return query_run(&query, err);
}

/* Rows of outbox_backlog that came to nothing go, so that there are never more
 * than the minutes that something still waits from. */
static bool drop_empty_row(struct store *store, const struct counter *counter,
                           struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_COUNTERS_DROP_BACKLOG);
    query_bind_int64(&query, "minute", counter->minute);
    query_bind_text(&query, "kind", counter->kind);
    return query_run(&query, err);
}

bool counters_flush(struct store *store, struct err *err)
{
    struct counters *counters = &store->counters;
    bool good = true;
    for (size_t i = 0; good && i < counters->count; i++) {
        const struct counter *counter = &counters->items[i];
        if (counter->delta == 0)
            continue;
        good = write_row(store, counter, err);
        if (good && counter->table == TABLE_BACKLOG && counter->delta < 0)
            good = drop_empty_row(store, counter, err);
    }
    counters_clear(store);
    return good;
}

void counters_clear(struct store *store)
{
    store->counters.count = 0;
}

void counters_free(struct counters *counters)
{
    free(counters->items);
    *counters = (struct counters){0};
}
