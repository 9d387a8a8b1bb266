#include "outbox/lane.h"

#include "base/buf.h"
#include "outbox/connection.h"
#include "outbox/followers.h"
#include "outbox/outbox.h"
#include "outbox/query.h"

/* A statement begins once for so many; each looks for its user's row among
 * theirs. */
enum { MOST_AT_ONCE = 16 };

/* "123":456, at most. */
enum { MOST_LISTED_BYTES = 44 };

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

/* --- what is next --------------------------------------------------------
 */

/* What comes after one in its lane, whatever became of it. */
struct next {
    int64_t ids[FOLLOWERS_MOST];
    int count;
};

static bool find_next(struct store *store, const struct lane_settled *settled,
                      struct next *next, struct err *err)
{
    struct query query;
    enum query_step step;
    next->count = followers_take(store->followers, settled->id, next->ids);
    if (next->count > 0)
        return true;
    query_open(&query, store, QUERY_LANE_FIND_FOLLOWERS);
    query_bind_text(&query, "lane", settled->lane);
    query_bind_int64(&query, "from", settled->id);
    query_bind_int64(&query, "limit", FOLLOWERS_MOST);
    while ((step = query_next(&query, err)) == QUERY_ROW)
        next->ids[next->count++] = query_int64(&query, 0);
    return step == QUERY_END;
}

/* {"17":3,"18":null}: the next ones and their users' rows. */
static bool list_next(struct store *store, const struct lane_settled *settled,
                      int count, struct next *nexts, struct buf *users,
                      int *listed, struct err *err)
{
    *listed = 0;
    for (int i = 0; i < count; i++) {
        if (!find_next(store, &settled[i], &nexts[i], err))
            return false;
        if (nexts[i].count == 0)
            continue;
        buf_add_text(users, (*listed)++ == 0 ? "{\"" : ",\"");
        buf_add_int64(users, nexts[i].ids[0]);
        buf_add_text(users, "\":");
        if (settled[i].user_id == 0)
            buf_add_text(users, "null");
        else
            buf_add_int64(users, settled[i].user_id);
    }
    buf_add_byte(users, '}');
    return true;
}

/* *made is false if one of them does not wait any more. */
static bool make_followers_due(struct store *store,
                               const struct lane_settled *settled, int count,
                               bool *made, struct err *err)
{
    struct next nexts[MOST_AT_ONCE];
    struct query query;
    struct buf users;
    int listed;
    buf_init(&users, MOST_AT_ONCE * MOST_LISTED_BYTES + 2);
    bool good = list_next(store, settled, count, nexts, &users, &listed, err);
    if (good && listed > 0) {
        query_open(&query, store, QUERY_LANE_MAKE_FOLLOWERS_DUE);
        query_bind_text(&query, "users", buf_text(&users));
        good = query_run(&query, err);
    }
    *made = good && (listed == 0 || query_changes(store) == listed);
    for (int i = 0; *made && i < count; i++) {
        if (nexts[i].count > 0)
            followers_put(store->followers, nexts[i].ids[0], nexts[i].ids + 1,
                          nexts[i].count - 1);
    }
    buf_free(&users);
    return good;
}

/* Where a backup was restored into the open file, ids have been given again. */
static void forget_what_was_restored(struct store *store,
                                     const struct query *query)
{
    int renewed = query_times_renewed(query);
    if (store->followers != NULL && renewed == store->followers_renewed)
        return;
    followers_free(store->followers);
    store->followers = followers_new();
    store->followers_renewed = renewed;
}

static bool is_put_back(struct store *store, bool *is, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_LANE_IS_PUT_BACK);
    if (!query_first(&query, err))
        return false;
    *is = query_int64(&query, 0) != 0;
    forget_what_was_restored(store, &query);
    query_close(&query);
    return true;
}

static bool make_next_due(struct store *store,
                          const struct lane_settled *settled, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_LANE_MAKE_NEXT_DUE);
    query_bind_time(&query, "user",
                    settled->user_id == 0 ? OUTBOX_NO_TIME : settled->user_id);
    query_bind_text(&query, "lane", settled->lane);
    query_bind_int64(&query, "from", settled->id);
    return query_run(&query, err);
}

static bool make_some_due(struct store *store,
                          const struct lane_settled *settled, int count,
                          bool has_put_back, struct err *err)
{
    bool made = false;
    if (!has_put_back && !make_followers_due(store, settled, count, &made, err))
        return false;
    for (int i = 0; !made && i < count; i++) {
        if (!make_next_due(store, &settled[i], err))
            return false;
    }
    return true;
}

bool lane_make_next_due(struct store *store, const struct lane_settled *settled,
                        int count, struct err *err)
{
    bool has_put_back;
    if (count == 0)
        return true;
    if (!is_put_back(store, &has_put_back, err))
        return false;
    for (int i = 0; i < count; i += MOST_AT_ONCE) {
        int some = count - i < MOST_AT_ONCE ? count - i : MOST_AT_ONCE;
        if (!make_some_due(store, settled + i, some, has_put_back, err))
            return false;
    }
    return true;
}
