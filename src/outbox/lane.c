#include "outbox/lane.h"

#include "outbox/query.h"

static bool run_on_lane(struct store *store, enum query_name name,
                        const char *lane, struct err *err)
{
    struct query query;
    query_open(&query, store, name);
    query_bind_text(&query, "lane", lane);
    return query_run(&query, err);
}

bool lane_clear_due(struct store *store, const char *lane, struct err *err)
{
    return run_on_lane(store, QUERY_LANE_CLEAR_DUE, lane, err);
}

bool lane_make_due(struct store *store, const char *lane, struct err *err)
{
    return run_on_lane(store, QUERY_LANE_MAKE_DUE, lane, err);
}
