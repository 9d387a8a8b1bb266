/* store_init.c - making an outbox, or bringing one up to date. */
#include "outbox/store.h"

#include "base/draft.h"
#include "outbox/connection.h"
#include "outbox/migration.h"
#include "outbox/query.h"
#include "outbox/store_file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

/* How long init waits for others; nobody holds the file for long. */
enum { INIT_BUSY_MS = 10000 };

/* In the transaction: look, and do what is missing. */
static bool bring_up_to_date(struct store *store,
                             struct store_init_report *report, struct err *err)
{
    int version;
    if (!store_file_read_version(store, &version, err))
        return false;
    if (version > migration_newest())
        return err_set(err, ERR_NEWER,
                       "%s was made by a newer subrelay (schema %d, this one "
                       "knows %d)",
                       store->path, version, migration_newest());
    if (!migration_run(store, version, err))
        return false;
    report->version_before = version;
    report->version_now = migration_newest();
    return true;
}

static bool read_journal_mode(struct store *store,
                              struct store_init_report *report,
                              enum query_name name, struct err *err)
{
    struct query query;
    query_open(&query, store, name);
    if (!query_first(&query, err))
        return false;
    query_copy(&query, 0, report->journal_mode, sizeof(report->journal_mode));
    query_close(&query);
    return true;
}

/* Everything in a file that exists; created_file says that it is ours. */
static bool init_file(const char *given, const char *real, bool set_wal,
                      struct store_init_report *report, struct err *err)
{
    struct store *store = NULL;
    bool good = connection_open(given, real, CONNECTION_WRITE, INIT_BUSY_MS,
                                &store, err);
    if (good && report->created_file)
        good = query_run_plain(store, QUERY_STORE_SET_AUTO_VACUUM, err);
    if (good)
        good = store_begin(store, err);
    if (good) {
        good = bring_up_to_date(store, report, err);
        if (good)
            good = store_commit(store, err);
        else
            store_rollback(store);
    }
    if (good)
        good = read_journal_mode(
            store, report,
            set_wal ? QUERY_STORE_SET_WAL : QUERY_STORE_JOURNAL_MODE, err);
    store_close(store);
    return good;
}

static bool init_existing(const char *path, bool set_wal,
                          struct store_init_report *report, struct err *err)
{
    char *real = NULL;
    bool good = store_file_check(path, true, &real, err) &&
                init_file(path, real, set_wal, report, err);
    free(real);
    return good;
}

/* *exists: someone else was quicker. */
static bool init_new(const char *path, struct store_init_report *report,
                     bool *exists, struct err *err)
{
    struct draft draft;
    char real[PATH_MAX];
    if (!draft_begin(&draft, path, err))
        return false;
    report->created_file = true;
    bool good = realpath(draft.path, real) != NULL ||
                err_set_errno(err, errno, "%s", draft.path);
    good = good && init_file(path, real, true, report, err) &&
           draft_publish(&draft, false, exists, err);
    draft_drop(&draft);
    return good;
}

bool store_init(const char *path, bool set_wal,
                struct store_init_report *report, struct err *err)
{
    struct stat status;
    *report = (struct store_init_report){0};
    if (stat(path, &status) != 0 && errno == ENOENT) {
        bool exists;
        if (!init_new(path, report, &exists, err))
            return false;
        if (!exists)
            return true;
        *report = (struct store_init_report){0};
    }
    return init_existing(path, set_wal, report, err);
}
