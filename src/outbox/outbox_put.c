/* outbox_put.c - events in. */
#include "outbox/outbox.h"

#include "base/mem.h"
#include "outbox/query.h"

#include <stdlib.h>
#include <string.h>

static bool insert(struct store *store, const char *payload, size_t length,
                   bool *is_new, struct err *err)
{
    struct query query;
    /* SQLite's JSON ends at a NUL, and would not see what stands behind it. */
    if (memchr(payload, '\0', length) != NULL)
        return err_set(err, ERR_INVALID, "outbox: payload is not JSON");
    /* A text that may go on behind its end is copied by SQLite for each
     * function that reads it, and a dozen do. */
    char *text = mem_copy_bytes(payload, length);
    query_open(&query, store, QUERY_OUTBOX_PUT);
    query_bind_text(&query, "payload", text);
    bool done = query_run(&query, err);
    free(text);
    if (!done)
        return false;
    /* The trigger passes over a known event: no row was inserted. */
    *is_new = query_changes(store) > 0;
    return true;
}

bool outbox_put(struct store *store, const char *payload, size_t length,
                bool *is_new, struct err *err)
{
    if (sqlite3_get_autocommit(store->database) == 0)
        return insert(store, payload, length, is_new, err);
    if (!store_begin(store, err))
        return false;
    if (!insert(store, payload, length, is_new, err)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, err);
}
