#include "outbox/gather.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A commit of the relay has some 40 pages. unix VFS: at most 128 KiB - 1. */
enum { MOST_BYTES = 120 * 1024, NAME_BYTES = 40 };

/* Of the locks in shared memory the one that a writer has (SQLite's
 * walformat.html, "WAL locks"). */
enum { WRITE_LOCK = 0 };

/* The database's methods are the usual ones but for one. */
struct database_methods {
    sqlite3_io_methods methods; /* first: the file has this address */
    const sqlite3_io_methods *usual;
    struct gather *gather;
};

struct gather {
    sqlite3_vfs vfs; /* first: SQLite hands out this address */
    sqlite3_vfs *usual;
    struct database_methods database;
    struct log_file *log; /* NULL: it is not open */
    char name[NAME_BYTES];
};

/* The log. The usual VFS's own file lies behind it. */
struct log_file {
    sqlite3_file file; /* first, as above */
    sqlite3_file *usual;
    struct gather *gather;
    bool holds_back;
    char *bytes; /* owned; NULL: nothing has been written so far */
    size_t length;
    sqlite3_int64 offset; /* of the first byte */
};

/* Where the usual file begins: aligned for anything. */
static const size_t LOG_FILE_BYTES =
    (sizeof(struct log_file) + _Alignof(max_align_t) - 1) /
    _Alignof(max_align_t) * _Alignof(max_align_t);

static struct log_file *log_of(sqlite3_file *file)
{
    return (struct log_file *)(void *)file;
}

/* What can't be written is dropped: the transaction that it is of fails, and
 * the next one writes in its place. */
static int write_out(struct log_file *log)
{
    size_t length = log->length;
    log->length = 0;
    if (length == 0)
        return SQLITE_OK;
    return log->usual->pMethods->xWrite(log->usual, log->bytes, (int)length,
                                        log->offset);
}

/* --- the log's methods --------------------------------------------------- */

static int close_log(sqlite3_file *file)
{
    struct log_file *log = log_of(file);
    int written = write_out(log);
    int closed = log->usual->pMethods->xClose(log->usual);
    free(log->bytes);
    log->gather->log = NULL;
    return written != SQLITE_OK ? written : closed;
}

static int read_log(sqlite3_file *file, void *out, int amount,
                    sqlite3_int64 offset)
{
    struct log_file *log = log_of(file);
    int written = write_out(log);
    if (written != SQLITE_OK)
        return written;
    return log->usual->pMethods->xRead(log->usual, out, amount, offset);
}

static int write_log(sqlite3_file *file, const void *bytes, int amount,
                     sqlite3_int64 offset)
{
    struct log_file *log = log_of(file);
    size_t length = (size_t)amount;
    bool fits = offset == log->offset + (sqlite3_int64)log->length &&
                log->length + length <= MOST_BYTES;
    int written = fits ? SQLITE_OK : write_out(log);
    if (written != SQLITE_OK)
        return written;
    if (length > MOST_BYTES || !log->holds_back)
        return log->usual->pMethods->xWrite(log->usual, bytes, amount, offset);
    if (log->bytes == NULL)
        log->bytes = mem_new_array(MOST_BYTES, 1);
    if (log->length == 0)
        log->offset = offset;
    memcpy(log->bytes + log->length, bytes, length);
    log->length += length;
    return SQLITE_OK;
}

static int truncate_log(sqlite3_file *file, sqlite3_int64 size)
{
    struct log_file *log = log_of(file);
    int written = write_out(log);
    if (written != SQLITE_OK)
        return written;
    return log->usual->pMethods->xTruncate(log->usual, size);
}

static int sync_log(sqlite3_file *file, int flags)
{
    struct log_file *log = log_of(file);
    int written = write_out(log);
    if (written != SQLITE_OK)
        return written;
    return log->usual->pMethods->xSync(log->usual, flags);
}

static int size_log(sqlite3_file *file, sqlite3_int64 *size)
{
    struct log_file *log = log_of(file);
    int written = write_out(log);
    if (written != SQLITE_OK)
        return written;
    return log->usual->pMethods->xFileSize(log->usual, size);
}

static int lock_log(sqlite3_file *file, int level)
{
    sqlite3_file *usual = log_of(file)->usual;
    return usual->pMethods->xLock(usual, level);
}

static int unlock_log(sqlite3_file *file, int level)
{
    sqlite3_file *usual = log_of(file)->usual;
    return usual->pMethods->xUnlock(usual, level);
}

static int check_lock_of_log(sqlite3_file *file, int *is_reserved)
{
    sqlite3_file *usual = log_of(file)->usual;
    return usual->pMethods->xCheckReservedLock(usual, is_reserved);
}

static int control_log(sqlite3_file *file, int operation, void *argument)
{
    sqlite3_file *usual = log_of(file)->usual;
    return usual->pMethods->xFileControl(usual, operation, argument);
}

static int sector_of_log(sqlite3_file *file)
{
    sqlite3_file *usual = log_of(file)->usual;
    return usual->pMethods->xSectorSize(usual);
}

static int characteristics_of_log(sqlite3_file *file)
{
    sqlite3_file *usual = log_of(file)->usual;
    return usual->pMethods->xDeviceCharacteristics(usual);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1, /* a log is not locked, shared or mapped */
    .xClose = close_log,
    .xRead = read_log,
    .xWrite = write_log,
    .xTruncate = truncate_log,
    .xSync = sync_log,
    .xFileSize = size_log,
    .xLock = lock_log,
    .xUnlock = unlock_log,
    .xCheckReservedLock = check_lock_of_log,
    .xFileControl = control_log,
    .xSectorSize = sector_of_log,
    .xDeviceCharacteristics = characteristics_of_log,
};

/* --- the database's methods ---------------------------------------------- */

/* What was taken back and never synced is still there when the write lock goes.
 * From then on its place in the log is the next writer's, so it is written now
 * or, if it can't be, never. */
static int lock_shared(sqlite3_file *file, int first, int count, int flags)
{
    const struct database_methods *database =
        (const struct database_methods *)(const void *)file->pMethods;
    const int unlocks = SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE;
    struct log_file *log = database->gather->log;
    if (first == WRITE_LOCK && (flags & unlocks) == unlocks && log != NULL)
        (void)write_out(log);
    return database->usual->xShmLock(file, first, count, flags);
}

/* --- opening ------------------------------------------------------------- */

static int open_database(struct gather *gather, const char *name,
                         sqlite3_file *file, int flags, int *out_flags)
{
    struct database_methods *database = &gather->database;
    int result =
        gather->usual->xOpen(gather->usual, name, file, flags, out_flags);
    if (file->pMethods == NULL)
        return result;
    database->methods = *file->pMethods;
    database->methods.xShmLock = lock_shared;
    database->usual = file->pMethods;
    database->gather = gather;
    file->pMethods = &database->methods;
    return result;
}

/* Where a sector that is being written may take its neighbours with it, SQLite
 * syncs in the middle of a commit and writes on: nothing is held back there. */
static int open_log(struct gather *gather, const char *name, sqlite3_file *file,
                    int flags, int *out_flags)
{
    struct log_file *log = log_of(file);
    *log = (struct log_file){
        .usual = (sqlite3_file *)(void *)((char *)file + LOG_FILE_BYTES),
        .gather = gather};
    int result =
        gather->usual->xOpen(gather->usual, name, log->usual, flags, out_flags);
    if (log->usual->pMethods == NULL)
        return result;
    log->file.pMethods = &log_methods;
    log->holds_back =
        (characteristics_of_log(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
    gather->log = log;
    return result;
}

/* Every other file is the usual VFS's alone. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                     int flags, int *out_flags)
{
    struct gather *gather = (struct gather *)(void *)vfs;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
        return open_database(gather, name, file, flags, out_flags);
    if ((flags & SQLITE_OPEN_WAL) != 0)
        return open_log(gather, name, file, flags, out_flags);
    return gather->usual->xOpen(gather->usual, name, file, flags, out_flags);
}

struct gather *gather_new(void)
{
    struct gather *made = mem_new(sizeof(*made));
    made->usual = sqlite3_vfs_find(NULL);
    made->vfs = *made->usual;
    made->vfs.pNext = NULL;
    made->vfs.szOsFile += (int)LOG_FILE_BYTES;
    made->vfs.xOpen = open_file;
    (void)snprintf(made->name, sizeof(made->name), "gather-%p", (void *)made);
    made->vfs.zName = made->name;
    (void)sqlite3_vfs_register(&made->vfs, 0);
    return made;
}

const char *gather_name(const struct gather *gather)
{
    return gather->name;
}

void gather_hide(struct gather *gather)
{
    (void)sqlite3_vfs_unregister(&gather->vfs);
}

void gather_free(struct gather *gather)
{
    free(gather);
}
