#include "outbox/erase.h"

#include "base/text.h"
#include "outbox/counters.h"
#include "outbox/query.h"

static bool run_on(struct store *store, enum query_name name, int64_t id,
                   struct err *err)
{
    struct query query;
    query_open(&query, store, name);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}

static bool bury(struct store *store, int64_t id, int64_t now_ms,
                 struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_ERASE_BURY);
    query_bind_int64(&query, "now_ms", now_ms);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}

static void count_erased(struct store *store, const struct erase *found)
{
    counters_add(store, found->state, -1);
    if (text_equals(found->state, "pending"))
        counters_add_backlog(store, found->arrived_ms, found->kind, -1);
}

bool erase_delivery(struct store *store, const struct erase *found,
                    int64_t settled_before_ms, int64_t now_ms, bool *erased,
                    struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_ERASE_DELIVERY);
    query_bind_int64(&query, "id", found->id);
    query_bind_text(&query, "state", found->state);
    query_bind_time(&query, "before_ms", settled_before_ms);
    if (!query_run(&query, err))
        return false;
    *erased = query_changes(store) > 0;
    if (!*erased)
        return true;
    count_erased(store, found);
    return run_on(store, QUERY_ERASE_CALLS, found->id, err) &&
           run_on(store, QUERY_ERASE_ATTEMPTS, found->id, err) &&
           bury(store, found->id, now_ms, err) &&
           run_on(store, QUERY_ERASE_EVENT, found->id, err);
}
