#include "outbox/backup.h"

#include "base/buf.h"
#include "base/draft.h"
#include "base/text.h"
#include "outbox/connection.h"
#include "outbox/moment.h"
#include "outbox/query.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
    STEP_PAGES = 1024,
    CHECK_STEPS = 100000, /* of SQLite's machine, between two questions */
    BUSY_MS = 10000,
};

struct copy {
    const struct backup_request *request;
    struct store *source; /* borrowed */
    struct store *target; /* owned */
    bool is_stopped;
};

/* --- the name ------------------------------------------------------------ */

/* Where a log lies beside it the file is in use as a database, and the log
 * would be applied to the copy. */
static bool check_log(const char *path, struct err *err)
{
    static const char *const suffixes[] = {"-wal", "-journal"};
    for (size_t i = 0; i < 2; i++) {
        struct buf log;
        struct stat status;
        buf_init(&log, PATH_MAX + 16);
        buf_add_format(&log, "%s%s", path, suffixes[i]);
        bool exists = stat(buf_text(&log), &status) == 0 && status.st_size > 0;
        buf_free(&log);
        if (exists)
            return err_set(err, ERR_INVALID,
                           "%s is in use as a database: %s%s is beside it",
                           path, path, suffixes[i]);
    }
    return true;
}

static bool fail_existing(const char *path, struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "%s exists; give another name, or --replace", path);
}

static bool check_name(const struct store *store,
                       const struct backup_request *request, struct err *err)
{
    struct stat status;
    if (store_owns_file(store->path, request->path))
        return err_set(err, ERR_INVALID, "%s is the database itself",
                       request->path);
    bool exists = stat(request->path, &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        return err_set(err, ERR_INVALID, "%s is a directory", request->path);
    if (exists && !S_ISREG(status.st_mode))
        return err_set(err, ERR_INVALID, "%s is not a file", request->path);
    if (exists && !request->replace)
        return fail_existing(request->path, err);
    return check_log(request->path, err);
}

/* --- copying ------------------------------------------------------------- */

static bool go_on(struct copy *copy, enum backup_phase phase, int64_t done,
                  int64_t all)
{
    const struct backup_request *request = copy->request;
    if (request->go_on != NULL &&
        !request->go_on(request->context, phase, done, all))
        copy->is_stopped = true;
    return !copy->is_stopped;
}

static bool fail_stopped(struct err *err)
{
    return err_set(err, ERR_STOPPED, "stopped; there is no copy");
}

static int copy_pages(struct copy *copy, sqlite3_backup *backup)
{
    int result;
    do {
        errno = 0; /* for connection_fail() */
        result = sqlite3_backup_step(backup, STEP_PAGES);
        int64_t all = sqlite3_backup_pagecount(backup);
        if (!go_on(copy, BACKUP_COPIES, all - sqlite3_backup_remaining(backup),
                   all))
            break;
    } while (result == SQLITE_OK);
    return result;
}

static bool copy_database(struct copy *copy, struct err *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(
        copy->target->database, "main", copy->source->database, "main");
    if (backup == NULL)
        return connection_fail(copy->target, err);
    int result = copy_pages(copy, backup);
    int finished = sqlite3_backup_finish(backup);
    if (copy->is_stopped)
        return fail_stopped(err);
    if (result == SQLITE_DONE && finished == SQLITE_OK)
        return true;
    /* Which of the two it was about shows in the code that it kept. */
    bool is_source = sqlite3_errcode(copy->source->database) == finished &&
                     sqlite3_errcode(copy->target->database) != finished;
    return connection_fail(is_source ? copy->source : copy->target, err);
}

/* The transaction is there once something has been read in it. */
static bool copy_moment(struct copy *copy, struct err *err)
{
    struct moment moment;
    bool changed;
    if (!moment_begin(&moment, copy->source, err))
        return false;
    bool good = store_changed(copy->source, &changed, err) &&
                query_run_plain(copy->source, QUERY_STORE_VERSION, err) &&
                copy_database(copy, err);
    moment_end(&moment);
    return good;
}

/* --- checking ------------------------------------------------------------ */

static int ask_while_checking(void *context)
{
    return go_on(context, BACKUP_CHECKS, 0, 0) ? 0 : 1;
}

static bool check_copy(struct copy *copy, struct err *err)
{
    char found[160];
    struct query query;
    sqlite3_progress_handler(copy->target->database, CHECK_STEPS,
                             ask_while_checking, copy);
    query_open(&query, copy->target, QUERY_HEALTH_WHOLE_CHECK);
    bool good = query_first(&query, err);
    sqlite3_progress_handler(copy->target->database, 0, NULL, NULL);
    if (copy->is_stopped) {
        query_close(&query);
        return fail_stopped(err);
    }
    if (!good)
        return false;
    query_copy(&query, 0, found, sizeof(found));
    query_close(&query);
    return text_equals(found, "ok") ||
           err_set(err, ERR_CORRUPT,
                   "%s is damaged, and so the copy is: %s; restore a backup",
                   copy->source->path, found);
}

static bool fill_draft(struct store *store,
                       const struct backup_request *request,
                       const struct draft *draft, struct err *err)
{
    struct copy copy = {.request = request, .source = store};
    bool good = connection_open(request->path, draft->path, CONNECTION_WRITE,
                                BUSY_MS, &copy.target, err) &&
                copy_moment(&copy, err) && go_on(&copy, BACKUP_CHECKS, 0, 0);
    good = good && check_copy(&copy, err);
    if (!good && copy.is_stopped)
        (void)fail_stopped(err);
    connection_close(copy.target);
    return good && draft_sync(draft, err);
}

/* What SQLite keeps beside a draft goes when it is closed in good order; what
 * is left otherwise goes with it. */
static void drop_draft(const struct draft *draft)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    struct draft beside = {.name = draft->name};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        int length = snprintf(beside.path, sizeof(beside.path), "%s%s",
                              draft->path, suffixes[i]);
        if (length > 0 && (size_t)length < sizeof(beside.path))
            draft_drop(&beside);
    }
    draft_drop(draft);
}

bool backup_make(struct store *store, const struct backup_request *request,
                 struct backup_report *report, struct err *err)
{
    struct draft draft;
    struct stat status;
    bool exists = false;
    if (!check_name(store, request, err) ||
        !draft_begin(&draft, request->path, err))
        return false;
    bool good = fill_draft(store, request, &draft, err);
    if (good && stat(draft.path, &status) == 0)
        report->bytes = status.st_size;
    good = good && draft_publish(&draft, request->replace, &exists, err);
    drop_draft(&draft);
    if (good && exists)
        return fail_existing(request->path, err);
    return good;
}
