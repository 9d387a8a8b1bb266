/* disk_shared.c - the shared memory of a simulated disk: what a WAL needs. */
#include "sim/disk_part.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct disk_handle *handle_of(sqlite3_file *base)
{
    return (struct disk_handle *)(void *)base;
}

static bool is_dead(const struct disk_handle *handle)
{
    return disk_is_dead(handle->disk, handle->process);
}

static void empty(struct disk_shared *shared)
{
    for (int i = 0; i < DISK_REGIONS; i++) {
        free(shared->regions[i]);
        shared->regions[i] = NULL;
    }
}

/* Who comes first finds it empty: what the dead left is not to be trusted. */
static void begin_to_use(struct disk_handle *handle)
{
    if (handle->has_shared)
        return;
    struct disk_shared *shared = &handle->file->shared;
    if (shared->users == 0)
        empty(shared);
    shared->users++;
    handle->has_shared = true;
}

int disk_shared_map(sqlite3_file *base, int region, int bytes, int extend,
                    void volatile **out)
{
    struct disk_handle *handle = handle_of(base);
    *out = NULL;
    if (is_dead(handle) || region >= DISK_REGIONS)
        return SQLITE_IOERR_SHMMAP;
    begin_to_use(handle);
    struct disk_shared *shared = &handle->file->shared;
    shared->region_bytes = bytes;
    if (shared->regions[region] == NULL && !extend)
        return SQLITE_OK;
    if (shared->regions[region] == NULL)
        shared->regions[region] = mem_new((size_t)bytes);
    *out = shared->regions[region];
    return SQLITE_OK;
}

int disk_shared_lock(sqlite3_file *base, int offset, int count, int flags)
{
    struct disk_handle *handle = handle_of(base);
    unsigned mask = ((1U << count) - 1U) << offset;
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        handle->shared_locks &= ~mask;
        handle->exclusive_locks &= ~mask;
        return SQLITE_OK;
    }
    if (is_dead(handle))
        return SQLITE_IOERR_SHMLOCK;
    bool is_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (const struct disk_handle *other = handle->file->handles; other != NULL;
         other = other->next) {
        unsigned in_the_way = other->exclusive_locks;
        if (is_exclusive)
            in_the_way |= other->shared_locks;
        if (other != handle && (in_the_way & mask) != 0)
            return SQLITE_BUSY;
    }
    if (is_exclusive)
        handle->exclusive_locks |= mask;
    else
        handle->shared_locks |= mask;
    return SQLITE_OK;
}

void disk_shared_barrier(sqlite3_file *base)
{
    (void)base; /* one thread */
}

int disk_shared_unmap(sqlite3_file *base, int remove)
{
    struct disk_handle *handle = handle_of(base);
    if (!handle->has_shared)
        return SQLITE_OK;
    handle->has_shared = false;
    struct disk_shared *shared = &handle->file->shared;
    if (--shared->users == 0 && (remove || !is_dead(handle)))
        empty(shared);
    return SQLITE_OK;
}
