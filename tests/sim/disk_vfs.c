/* disk_vfs.c - a simulated disk as SQLite sees it. */
#include "sim/disk_part.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct disk_handle *handle_of(sqlite3_file *base)
{
    return (struct disk_handle *)(void *)base;
}

static struct disk *disk_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static bool is_dead(const struct disk_handle *handle)
{
    return disk_is_dead(handle->disk, handle->process);
}

/* --- reading and writing -------------------------------------------------- */

static int read_file(sqlite3_file *base, void *out, int amount,
                     sqlite3_int64 offset)
{
    struct disk_handle *handle = handle_of(base);
    const struct disk_bytes *now = &handle->file->now;
    if (is_dead(handle))
        return SQLITE_IOERR_READ;
    size_t at = (size_t)offset;
    size_t wanted = (size_t)amount;
    size_t there = at < now->size ? now->size - at : 0;
    if (there > wanted)
        there = wanted;
    if (there > 0)
        memcpy(out, now->bytes + at, there);
    memset((char *)out + there, 0, wanted - there);
    return there < wanted ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

/* Do what is to be done, and die of it if that is planned. */
static int end_operation(struct disk_handle *handle, enum disk_fate fate)
{
    if (fate != DISK_HAPPENS_LAST)
        return SQLITE_OK;
    disk_end_last(handle->disk, handle->process);
    return SQLITE_IOERR;
}

static int write_file(sqlite3_file *base, const void *bytes, int amount,
                      sqlite3_int64 offset)
{
    struct disk_handle *handle = handle_of(base);
    size_t end = (size_t)offset + (size_t)amount;
    if (handle->disk->is_full && end > handle->file->now.size &&
        !handle->is_nameless && !is_dead(handle))
        return SQLITE_FULL;
    enum disk_fate fate = disk_count(handle->disk, handle->process);
    if (fate == DISK_FAILS)
        return SQLITE_IOERR_WRITE;
    disk_file_write(handle->file, (size_t)offset, bytes, (size_t)amount);
    return end_operation(handle, fate);
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    struct disk_handle *handle = handle_of(base);
    enum disk_fate fate = disk_count(handle->disk, handle->process);
    if (fate == DISK_FAILS)
        return SQLITE_IOERR_TRUNCATE;
    disk_file_truncate(handle->file, (size_t)size);
    return end_operation(handle, fate);
}

/* When the power goes in a sync, nothing says how far it got. */
static int sync_file(sqlite3_file *base, int flags)
{
    struct disk_handle *handle = handle_of(base);
    (void)flags;
    enum disk_fate fate = disk_count(handle->disk, handle->process);
    if (fate == DISK_FAILS)
        return SQLITE_IOERR_FSYNC;
    if (fate == DISK_HAPPENS)
        disk_file_sync(handle->file);
    return end_operation(handle, fate);
}

static int tell_size(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)handle_of(base)->file->now.size;
    return is_dead(handle_of(base)) ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

/* --- locks ---------------------------------------------------------------- */

/* The highest that any other handle has. */
static int others_level(const struct disk_handle *handle)
{
    int level = SQLITE_LOCK_NONE;
    for (const struct disk_handle *other = handle->file->handles; other != NULL;
         other = other->next) {
        if (other != handle && other->level > level)
            level = other->level;
    }
    return level;
}

static int lock_file(sqlite3_file *base, int level)
{
    struct disk_handle *handle = handle_of(base);
    if (is_dead(handle))
        return SQLITE_IOERR_LOCK;
    if (handle->level >= level)
        return SQLITE_OK;
    int others = others_level(handle);
    if (level == SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_PENDING)
        return SQLITE_BUSY;
    if (level > SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_RESERVED)
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && others > SQLITE_LOCK_NONE) {
        handle->level = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    handle->level = level;
    return SQLITE_OK;
}

static int unlock_file(sqlite3_file *base, int level)
{
    struct disk_handle *handle = handle_of(base);
    if (handle->level > level)
        handle->level = level;
    return SQLITE_OK;
}

static int check_reserved(sqlite3_file *base, int *reserved)
{
    struct disk_handle *handle = handle_of(base);
    *reserved = handle->level >= SQLITE_LOCK_RESERVED ||
                others_level(handle) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

/* --- the rest of a file --------------------------------------------------- */

static int control_file(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    if (operation != SQLITE_FCNTL_HAS_MOVED)
        return SQLITE_NOTFOUND;
    *(int *)argument = 0;
    return SQLITE_OK;
}

static int sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int close_file(sqlite3_file *base)
{
    struct disk_handle *handle = handle_of(base);
    struct disk_handle **at = &handle->file->handles;
    if (handle->has_shared)
        (void)disk_shared_unmap(base, 0);
    while (*at != handle)
        at = &(*at)->next;
    *at = handle->next;
    if (handle->is_nameless)
        disk_file_free(handle->file);
    else if (handle->goes_with_close && !is_dead(handle))
        disk_file_delete(handle->file);
    return SQLITE_OK;
}

const sqlite3_io_methods disk_methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = tell_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = disk_shared_map,
    .xShmLock = disk_shared_lock,
    .xShmBarrier = disk_shared_barrier,
    .xShmUnmap = disk_shared_unmap,
};

/* --- the VFS -------------------------------------------------------------- */

static struct disk_file *find_or_make(struct disk *disk, const char *name,
                                      int flags)
{
    struct disk_file *file = disk_find(disk, name);
    if (file != NULL && file->now.exists)
        return file;
    if ((flags & SQLITE_OPEN_CREATE) == 0)
        return NULL;
    if (file == NULL) {
        file = disk_file_new(name);
        file->next = disk->files;
        disk->files = file;
    }
    disk_file_create(file);
    return file;
}

static int open_file(sqlite3_vfs *vfs, sqlite3_filename name,
                     sqlite3_file *base, int flags, int *flags_out)
{
    struct disk *disk = disk_of(vfs);
    struct disk_handle *handle = handle_of(base);
    *handle = (struct disk_handle){
        .disk = disk,
        .process = disk->running_as,
        .is_nameless = name == NULL,
        .goes_with_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0,
    };
    if (is_dead(handle))
        return SQLITE_CANTOPEN;
    if (handle->is_nameless)
        handle->file = disk_file_new("");
    else
        handle->file = find_or_make(disk, name, flags);
    if (handle->file == NULL)
        return SQLITE_CANTOPEN;
    handle->next = handle->file->handles;
    handle->file->handles = handle;
    base->pMethods = &disk_methods;
    if (flags_out != NULL)
        *flags_out = flags;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    struct disk *disk = disk_of(vfs);
    struct disk_file *file = disk_find(disk, name);
    int process = disk->running_as;
    if (file == NULL || !file->now.exists)
        return SQLITE_IOERR_DELETE_NOENT;
    enum disk_fate fate = disk_count(disk, process);
    if (fate == DISK_FAILS)
        return SQLITE_IOERR_DELETE;
    disk_file_delete(file);
    if (sync_directory && fate == DISK_HAPPENS)
        disk_file_sync(file);
    if (fate == DISK_HAPPENS_LAST)
        disk_end_last(disk, process);
    return fate == DISK_HAPPENS_LAST ? SQLITE_IOERR_DELETE : SQLITE_OK;
}

static int can_access(sqlite3_vfs *vfs, const char *name, int flags, int *can)
{
    const struct disk_file *file = disk_find(disk_of(vfs), name);
    *can = file != NULL && file->now.exists &&
           (flags != SQLITE_ACCESS_EXISTS || file->now.size > 0);
    return SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

static int draw_bytes(sqlite3_vfs *vfs, int count, char *out)
{
    for (int i = 0; i < count; i++)
        out[i] = (char)random_below(&disk_of(vfs)->random, 256);
    return count;
}

static int sleep_a_while(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int tell_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *julian_ms)
{
    static const int64_t MS_BEFORE_1970 = INT64_C(210866760000000);
    *julian_ms = disk_of(vfs)->clock->wall_ms + MS_BEFORE_1970;
    return SQLITE_OK;
}

static int tell_time(sqlite3_vfs *vfs, double *julian_days)
{
    sqlite3_int64 julian_ms;
    (void)tell_time_ms(vfs, &julian_ms);
    *julian_days = (double)julian_ms / 86400000.0;
    return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

void disk_vfs_init(struct disk *disk)
{
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct disk_handle),
        .mxPathname = 512,
        .zName = "sim",
        .pAppData = disk,
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = can_access,
        .xFullPathname = full_path,
        .xRandomness = draw_bytes,
        .xSleep = sleep_a_while,
        .xCurrentTime = tell_time,
        .xGetLastError = last_error,
        .xCurrentTimeInt64 = tell_time_ms,
    };
}
