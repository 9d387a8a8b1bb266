#include "outbox/moment.h"

#include "outbox/query.h"

bool moment_begin(struct moment *moment, struct store *store, struct err *err)
{
    moment->store = NULL;
    if (sqlite3_get_autocommit(store->database) == 0)
        return true;
    if (!query_run_plain(store, QUERY_VIEWS_BEGIN, err))
        return false;
    moment->store = store;
    return true;
}

void moment_end(struct moment *moment)
{
    struct err ignored;
    /* Nothing was written: there is nothing that could fail to be kept. */
    if (moment->store != NULL)
        (void)!query_run_plain(moment->store, QUERY_VIEWS_END, &ignored);
    moment->store = NULL;
}
