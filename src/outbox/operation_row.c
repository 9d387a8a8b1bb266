#include "outbox/operation_row.h"

#include "base/text.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

bool operation_row_add(struct store *store,
                       const struct operation_request *request,
                       const char *state, int64_t target, int64_t *id,
                       struct err *err)
{
    bool is_plan = text_equals(state, "planned");
    bool is_done = text_equals(state, "done");
    struct query query;
    query_open(&query, store, QUERY_OPERATION_ADD);
    query_bind_text(&query, "action", request->action);
    query_bind_text(&query, "state", state);
    query_bind_text(&query, "who", request->who);
    query_bind_text(&query, "filter", request->filter);
    query_bind_time(&query, "target_id", target == 0 ? OUTBOX_NO_TIME : target);
    query_bind_int64(&query, "include_delivered", request->include_delivered);
    query_bind_int64(&query, "now_ms", request->now_ms);
    query_bind_time(&query, "started_ms",
                    is_plan ? OUTBOX_NO_TIME : request->now_ms);
    query_bind_time(&query, "ended_ms",
                    is_done ? request->now_ms : OUTBOX_NO_TIME);
    if (!query_run(&query, err))
        return false;
    query_open(&query, store, QUERY_OPERATION_LAST_ID);
    if (!query_first(&query, err))
        return false;
    *id = query_int64(&query, 0);
    query_close(&query);
    return true;
}

bool operation_row_finish(struct store *store, bool done, struct err *err)
{
    if (done)
        return store_commit(store, err);
    store_rollback(store);
    return false;
}

bool operation_row_rename(struct store *store, int64_t id,
                          const struct operation_row *change, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_OPERATION_NAME_WRITE);
    query_bind_text(&query, "kind", change->kind);
    query_bind_text(&query, "name", change->name_after);
    query_bind_int64(&query, "off", change->off_after);
    if (!query_run(&query, err))
        return false;
    query_open(&query, store, QUERY_OPERATION_NAME_RECORD);
    query_bind_text(&query, "kind", change->kind);
    query_bind_text(&query, "name_before", change->name_before);
    query_bind_int64(&query, "off_before", change->off_before);
    query_bind_text(&query, "name_after", change->name_after);
    query_bind_int64(&query, "off_after", change->off_after);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}
