#include "outbox/space.h"

#include "outbox/query.h"

static bool read_number(struct store *store, enum query_name name,
                        int64_t *number, struct err *err)
{
    struct query query;
    query_open(&query, store, name);
    if (!query_first(&query, err))
        return false;
    *number = query_int64(&query, 0);
    query_close(&query);
    return true;
}

bool space_read(struct store *store, struct space *space, struct err *err)
{
    static const enum space_policy policies[] = {
        SPACE_KEPT, SPACE_GIVEN_AT_ONCE, SPACE_GIVEN_IN_STEPS};
    int64_t vacuum;
    if (!read_number(store, QUERY_SPACE_AUTO_VACUUM, &vacuum, err) ||
        !read_number(store, QUERY_SPACE_PAGE_SIZE, &space->page_bytes, err) ||
        !read_number(store, QUERY_SPACE_PAGE_COUNT, &space->pages, err) ||
        !read_number(store, QUERY_SPACE_FREELIST_COUNT, &space->free_pages,
                     err))
        return false;
    space->policy = policies[vacuum >= 0 && vacuum <= 2 ? vacuum : 0];
    return true;
}

bool space_give_back(struct store *store, bool *more, struct err *err)
{
    int64_t left;
    if (!store_begin(store, err))
        return false;
    if (!query_run_plain(store, QUERY_SPACE_GIVE_BACK, err) ||
        !read_number(store, QUERY_SPACE_FREELIST_COUNT, &left, err)) {
        store_rollback(store);
        return false;
    }
    *more = left > 0;
    return store_commit(store, err);
}

bool space_empty_wal(struct store *store, bool *done, struct err *err)
{
    int64_t is_busy;
    if (!read_number(store, QUERY_STORE_EMPTY_WAL, &is_busy, err))
        return false;
    *done = is_busy == 0;
    return true;
}
