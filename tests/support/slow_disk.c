#include "support/slow_disk.h"

#include "base/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

/* SQLite asks a file for its methods: those of databases, which have locks, and
 * those of logs and journals, which have none. Each kind is the usual one with
 * some of its own. */
static struct {
    pthread_mutex_t mutex;
    sqlite3_vfs vfs;
    sqlite3_vfs *usual;
    const sqlite3_io_methods *usual_database, *usual_log;
    sqlite3_io_methods database, log;
    atomic_int sync_ms;
    atomic_llong syncs;
    atomic_llong looked_ms; /* monotonic */
} slow = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void note_look(void)
{
    atomic_store(&slow.looked_ms, clock_monotonic_ms(clock_system()));
}

static void pause_here(void)
{
    int sync_ms = atomic_load(&slow.sync_ms);
    const struct timespec pause = {.tv_sec = sync_ms / 1000,
                                   .tv_nsec = sync_ms % 1000 * 1000000L};
    atomic_fetch_add(&slow.syncs, 1);
    (void)nanosleep(&pause, NULL);
}

static int sync_database(sqlite3_file *file, int flags)
{
    pause_here();
    return slow.usual_database->xSync(file, flags);
}

static int sync_log(sqlite3_file *file, int flags)
{
    pause_here();
    return slow.usual_log->xSync(file, flags);
}

static int lock_database(sqlite3_file *file, int level)
{
    note_look();
    return slow.usual_database->xLock(file, level);
}

static int lock_shared(sqlite3_file *file, int offset, int count, int flags)
{
    note_look();
    return slow.usual_database->xShmLock(file, offset, count, flags);
}

/* Under the mutex. */
static void take_methods(sqlite3_file *file, int flags)
{
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
        slow.usual_database = file->pMethods;
        slow.database = *file->pMethods;
        slow.database.xSync = sync_database;
        slow.database.xLock = lock_database;
        slow.database.xShmLock = lock_shared;
    } else {
        slow.usual_log = file->pMethods;
        slow.log = *file->pMethods;
        slow.log.xSync = sync_log;
    }
}

static int open_file(sqlite3_vfs *vfs, sqlite3_filename name,
                     sqlite3_file *file, int flags, int *flags_out)
{
    bool is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    (void)vfs;
    int code = slow.usual->xOpen(slow.usual, name, file, flags, flags_out);
    if (code != SQLITE_OK || file->pMethods == NULL)
        return code;
    (void)pthread_mutex_lock(&slow.mutex);
    const sqlite3_io_methods *usual =
        is_database ? slow.usual_database : slow.usual_log;
    if (usual == NULL)
        take_methods(file, flags);
    else if (usual != file->pMethods)
        code = SQLITE_INTERNAL; /* two kinds where we know one */
    (void)pthread_mutex_unlock(&slow.mutex);
    if (code == SQLITE_OK)
        file->pMethods = is_database ? &slow.database : &slow.log;
    return code;
}

void slow_disk_begin(int sync_ms)
{
    assert_null(slow.usual);
    slow.usual = sqlite3_vfs_find(NULL);
    assert_non_null(slow.usual);
    slow_disk_change(sync_ms);
    atomic_store(&slow.syncs, 0);
    note_look();
    slow.vfs = *slow.usual;
    slow.vfs.zName = "slow";
    slow.vfs.xOpen = open_file;
    assert_int_equal(sqlite3_vfs_register(&slow.vfs, 1), SQLITE_OK);
}

void slow_disk_change(int sync_ms)
{
    atomic_store(&slow.sync_ms, sync_ms);
}

void slow_disk_end(void)
{
    (void)sqlite3_vfs_unregister(&slow.vfs);
    (void)sqlite3_vfs_register(slow.usual, 1);
    slow.usual = NULL;
}

int64_t slow_disk_syncs(void)
{
    return atomic_load(&slow.syncs);
}

int64_t slow_disk_calm_ms(void)
{
    return clock_monotonic_ms(clock_system()) - atomic_load(&slow.looked_ms);
}
