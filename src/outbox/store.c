#include "outbox/store.h"

#include "base/mem.h"
#include "outbox/connection.h"
#include "outbox/counters.h"
#include "outbox/migration.h"
#include "outbox/query.h"
#include "outbox/store_file.h"
#include "outbox/turnstile.h"

#include <stdlib.h>

static bool check_version(struct store *store, struct err *err)
{
    int version;
    if (!store_file_read_version(store, &version, err))
        return false;
    if (version == 0)
        return err_set(err, ERR_INVALID,
                       "%s has no outbox; run: subrelay -d %s init",
                       store->path, store->path);
    if (version > migration_newest())
        return err_set(err, ERR_NEWER,
                       "%s was made by a newer subrelay (schema %d, this one "
                       "knows %d)",
                       store->path, version, migration_newest());
    if (version < migration_newest())
        return err_set(err, ERR_INVALID,
                       "%s has an older outbox (schema %d, now %d); run: "
                       "subrelay -d %s init",
                       store->path, version, migration_newest(), store->path);
    return true;
}

/* On a read-only file system SQLite cannot make the -shm that WAL needs. Where
 * nobody can write, the file may be read as it stands, if no -wal has the rest
 * of it. */
static bool open_unchangeable(const char *path, const char *real, int busy_ms,
                              struct store **store, struct err *err)
{
    struct err other;
    if (!store_file_is_unchangeable(real) ||
        !connection_open(path, real, CONNECTION_IMMUTABLE, busy_ms, store,
                         &other))
        return false; /* err says already why the first way failed */
    return check_version(*store, err);
}

static bool open_real(const char *path, const char *real,
                      enum store_access access, int busy_ms,
                      struct store **store, struct err *err)
{
    enum connection_mode mode =
        access == STORE_WRITE ? CONNECTION_WRITE : CONNECTION_READ;
    if (connection_open(path, real, mode, busy_ms, store, err) &&
        check_version(*store, err))
        return true;
    store_close(*store);
    *store = NULL;
    return access == STORE_READ && err->code == ERR_ACCESS &&
           open_unchangeable(path, real, busy_ms, store, err);
}

bool store_open(const char *path, enum store_access access, int busy_ms,
                struct store **store, struct err *err)
{
    char *real = NULL;
    *store = NULL;
    bool good = store_file_check(path, access == STORE_WRITE, &real, err) &&
                open_real(path, real, access, busy_ms, store, err);
    free(real);
    if (!good) {
        store_close(*store);
        *store = NULL;
    }
    return good;
}

void store_close(struct store *store)
{
    connection_close(store);
}

bool store_begin(struct store *store, struct err *err)
{
    if (!turnstile_enter(store->turnstile, store->busy_ms))
        return err_set(err, ERR_BUSY, "%s: another thread has it locked",
                       store->path);
    if (store_check_place(store, err) &&
        query_run_plain(store, QUERY_STORE_BEGIN, err))
        return true;
    turnstile_leave(store->turnstile);
    return false;
}

bool store_commit(struct store *store, struct err *err)
{
    bool good = counters_flush(store, err) &&
                query_run_plain(store, QUERY_STORE_COMMIT, err);
    if (!good)
        store_rollback(store);
    turnstile_leave(store->turnstile);
    return good;
}

void store_rollback(struct store *store)
{
    struct err ignored;
    counters_clear(store);
    /* Some errors have rolled back already. */
    if (sqlite3_get_autocommit(store->database) == 0)
        (void)!query_run_plain(store, QUERY_STORE_ROLLBACK, &ignored);
    if (store->is_full)
        (void)!query_run_plain(store, QUERY_STORE_EMPTY_WAL, &ignored);
    store->is_full = false;
    turnstile_leave(store->turnstile);
}

bool store_try_commit(struct store *store, struct err *err)
{
    if (!store_begin(store, err))
        return false;
    if (query_run_plain(store, QUERY_STORE_TRY, err))
        return store_commit(store, err);
    store_rollback(store);
    return false;
}

bool store_is_being_written(struct store *store)
{
    struct err err;
    int busy_ms = store->busy_ms;
    store->busy_ms = 0;
    bool is_free = store_begin(store, &err);
    store->busy_ms = busy_ms;
    if (is_free)
        store_rollback(store);
    return !is_free && err.code == ERR_BUSY;
}

bool store_check_place(struct store *store, struct err *err)
{
    int has_moved = 0;
    if (sqlite3_file_control(store->database, "main", SQLITE_FCNTL_HAS_MOVED,
                             &has_moved) == SQLITE_OK &&
        has_moved)
        return err_set(err, ERR_NOT_FOUND,
                       "%s was moved or replaced while it was open",
                       store->path);
    return true;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

bool store_changed(struct store *store, bool *changed, struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_STORE_DATA_VERSION);
    if (!query_first(&query, err))
        return false;
    int64_t version = query_int64(&query, 0);
    query_close(&query);
    *changed = version != store->data_version;
    store->data_version = version;
    return true;
}

bool store_read_journal_mode(struct store *store, char *mode, size_t size,
                             struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_STORE_JOURNAL_MODE);
    if (!query_first(&query, err))
        return false;
    query_copy(&query, 0, mode, size);
    query_close(&query);
    return true;
}
