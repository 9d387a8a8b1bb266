/* store_init.c - making an outbox, or bringing one up to date. */
#include "outbox/store.h"

#include "base/buf.h"
#include "outbox/connection.h"
#include "outbox/migration.h"
#include "outbox/query.h"
#include "outbox/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The entry of the new file reaches the disk with its directory. */
static bool sync_directory(const char *path, struct err *err)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof(copy), "%s", path);
    int descriptor = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return err_set_errno(err, errno, "cannot open the directory of %s",
                             path);
    bool good = fsync(descriptor) == 0 || errno == EINVAL;
    if (!good)
        (void)err_set_errno(err, errno, "cannot write the directory of %s",
                            path);
    (void)close(descriptor);
    return good;
}

/* Make an empty file that only its owner can use. */
static bool make_file(const char *path, struct err *err)
{
    int descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return err_set_errno(err, errno, "cannot create %s", path);
    bool good = fchmod(descriptor, 0600) == 0;
    if (!good)
        (void)err_set_errno(err, errno, "cannot set the mode of %s", path);
    (void)close(descriptor);
    return good;
}

/* Give the draft its name, unless something has it (EEXIST). Not every file
 * system knows how to rename so; then a second name does it. */
static bool give_name(const char *draft, const char *path)
{
    if (renameat2(AT_FDCWD, draft, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return true;
    return errno == EINVAL && link(draft, path) == 0;
}

/* Make the outbox under another name beside it, whole, and only then give it
 * its own: whoever looks sees all of it or nothing. *exists: someone else was
 * quicker. */
static bool init_new(const char *path, struct store_init_report *report,
                     bool *exists, struct err *err)
{
    char draft[PATH_MAX];
    char real[PATH_MAX];
    int length =
        snprintf(draft, sizeof(draft), "%s.new-%ld", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof(draft))
        return err_set(err, ERR_INVALID, "the path is too long: %s", path);
    (void)unlink(draft); /* of a process of our number that was killed */
    if (!make_file(draft, err))
        return false;
    report->created_file = true;
    bool good = false;
    if (realpath(draft, real) == NULL)
        (void)err_set_errno(err, errno, "%s", draft);
    else
        good = init_file(path, real, true, report, err);
    *exists = false;
    if (good && !give_name(draft, path)) {
        good = errno == EEXIST;
        *exists = good;
        if (!good)
            (void)err_set_errno(err, errno, "cannot create %s", path);
    }
    (void)unlink(draft); /* if it is still there */
    return good && (*exists || sync_directory(path, err));
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
