#include "outbox/lane.h"

#include "outbox/outbox.h"
#include "outbox/query.h"

bool lane_clear_due(struct store *store, const char *lane, int64_t *from_id,
                    struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_LANE_FIND_DUE);
    query_bind_text(&query, "lane", lane);
    enum query_step step = query_next(&query, err);
    if (step == QUERY_END) {
        *from_id = INT64_MAX; /* whatever will wait there was put back */
        return true;
    }
    if (step == QUERY_FAILED)
        return false;
    *from_id = query_int64(&query, 0);
    query_close(&query);
    query_open(&query, store, QUERY_LANE_CLEAR_DUE);
    query_bind_int64(&query, "id", *from_id);
    return query_run(&query, err);
}

bool lane_make_due(struct store *store, const char *lane, int64_t from_id,
                   struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_LANE_MAKE_DUE);
    query_bind_text(&query, "lane", lane);
    query_bind_int64(&query, "from", from_id);
    return query_run(&query, err);
}

bool lane_make_next_due(struct store *store, const char *lane,
                        int64_t settled_id, int64_t user_id, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_LANE_MAKE_NEXT_DUE);
    query_bind_time(&query, "user", user_id == 0 ? OUTBOX_NO_TIME : user_id);
    query_bind_text(&query, "lane", lane);
    query_bind_int64(&query, "from", settled_id);
    return query_run(&query, err);
}
