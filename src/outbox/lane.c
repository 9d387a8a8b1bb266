#include "outbox/lane.h"

#include "outbox/connection.h"
#include "outbox/followers.h"
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

/* The ids that come after one in its lane, whatever became of them. */
static bool find_followers(struct store *store, const char *lane, int64_t id,
                           int64_t ids[FOLLOWERS_MOST], int *count,
                           struct err *err)
{
    struct query query;
    enum query_step step;
    if (store->followers == NULL)
        store->followers = followers_new();
    *count = followers_take(store->followers, id, ids);
    if (*count > 0)
        return true;
    query_open(&query, store, QUERY_LANE_FIND_FOLLOWERS);
    query_bind_text(&query, "lane", lane);
    query_bind_int64(&query, "from", id);
    query_bind_int64(&query, "limit", FOLLOWERS_MOST);
    while ((step = query_next(&query, err)) == QUERY_ROW)
        ids[(*count)++] = query_int64(&query, 0);
    return step == QUERY_END;
}

static bool make_next_due(struct store *store, enum query_name name,
                          const char *lane, int64_t settled_id, int64_t next_id,
                          int64_t user_id, struct err *err)
{
    struct query query;
    query_open(&query, store, name);
    query_bind_time(&query, "user", user_id == 0 ? OUTBOX_NO_TIME : user_id);
    query_bind_text(&query, "lane", lane);
    query_bind_int64(&query, "from", settled_id);
    if (next_id != 0)
        query_bind_int64(&query, "next", next_id);
    return query_run(&query, err);
}

bool lane_make_next_due(struct store *store, const char *lane,
                        int64_t settled_id, int64_t user_id, struct err *err)
{
    int64_t ids[FOLLOWERS_MOST];
    int count;
    if (!find_followers(store, lane, settled_id, ids, &count, err))
        return false;
    if (count > 0) {
        if (!make_next_due(store, QUERY_LANE_MAKE_FOLLOWER_DUE, lane,
                           settled_id, ids[0], user_id, err))
            return false;
        if (query_changes(store) > 0) {
            followers_put(store->followers, ids[0], ids + 1, count - 1);
            return true;
        }
    }
    return make_next_due(store, QUERY_LANE_MAKE_NEXT_DUE, lane, settled_id, 0,
                         user_id, err);
}
