#include "sim/disk_part.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct disk_file *disk_find(const struct disk *disk, const char *path)
{
    struct disk_file *file = disk->files;
    while (file != NULL && strcmp(file->path, path) != 0)
        file = file->next;
    return file;
}

/* --- death ---------------------------------------------------------------- */

/* What a dead process does on its way out, in its own memory, must not be seen
 * by others: SQLite tidies the shared memory when a write has failed. */
static void keep_shared(struct disk *disk, struct disk_file *file)
{
    size_t bytes = (size_t)file->shared.region_bytes;
    int count = 0;
    while (count < DISK_REGIONS && file->shared.regions[count] != NULL)
        count++;
    if (count == 0)
        return;
    struct disk_snapshot *kept = mem_new(sizeof(*kept));
    kept->file = file;
    kept->bytes = mem_new((size_t)count * bytes);
    for (int i = 0; i < count; i++)
        memcpy(kept->bytes + (size_t)i * bytes, file->shared.regions[i], bytes);
    kept->next = disk->snapshots;
    disk->snapshots = kept;
}

static void restore_shared(struct disk_file *file,
                           const struct disk_snapshot *kept)
{
    size_t bytes = (size_t)file->shared.region_bytes;
    for (int i = 0; i < DISK_REGIONS && file->shared.regions[i] != NULL; i++)
        memcpy(file->shared.regions[i], kept->bytes + (size_t)i * bytes, bytes);
}

static void drop_locks(struct disk_file *file, int process)
{
    for (struct disk_handle *handle = file->handles; handle != NULL;
         handle = handle->next) {
        if (handle->process != process)
            continue;
        handle->level = SQLITE_LOCK_NONE;
        handle->shared_locks = 0;
        handle->exclusive_locks = 0;
    }
}

/* Mostly either nothing or all of what was not synced is lost. */
static uint32_t draw_percent(struct disk *disk)
{
    static const uint32_t percents[] = {0, 0, 50, 100, 90, 10};
    return percents[random_below(&disk->random, 6)];
}

static void lose_power(struct disk *disk)
{
    disk->lost_power = true;
    for (int i = 0; i < DISK_MOST_PROCESSES; i++)
        disk->processes[i].is_dead = true;
    for (struct disk_file *file = disk->files; file != NULL; file = file->next)
        disk_file_lose(file, draw_percent(disk), &disk->random);
}

void disk_kill(struct disk *disk, int process, enum disk_death death)
{
    if (disk->processes[process].is_dead)
        return;
    disk->processes[process].is_dead = true;
    disk->processes[process].dies_at = 0;
    for (struct disk_file *file = disk->files; file != NULL; file = file->next)
        drop_locks(file, process);
    if (death == DISK_POWER_CUT) {
        lose_power(disk);
        return;
    }
    for (struct disk_file *file = disk->files; file != NULL; file = file->next)
        keep_shared(disk, file);
}

void disk_bury(struct disk *disk)
{
    while (disk->snapshots != NULL) {
        struct disk_snapshot *kept = disk->snapshots;
        disk->snapshots = kept->next;
        restore_shared(kept->file, kept);
        free(kept->bytes);
        free(kept);
    }
    if (!disk->lost_power)
        return;
    disk->lost_power = false;
    for (int i = 0; i < DISK_MOST_PROCESSES; i++)
        disk_revive(disk, i);
    for (struct disk_file *file = disk->files; file != NULL; file = file->next)
        assert(file->handles == NULL);
}

void disk_revive(struct disk *disk, int process)
{
    disk->processes[process] = (struct disk_process){0};
}

bool disk_is_dead(const struct disk *disk, int process)
{
    return disk->processes[process].is_dead;
}

bool disk_lost_power(const struct disk *disk)
{
    return disk->lost_power;
}

void disk_plan_death(struct disk *disk, int process, int64_t n,
                     enum disk_death death)
{
    struct disk_process *one = &disk->processes[process];
    one->dies_at = n == 0 ? 0 : one->operations + n;
    one->death = death;
}

void disk_plan_error(struct disk *disk, int process, int64_t n)
{
    struct disk_process *one = &disk->processes[process];
    one->fails_at = n == 0 ? 0 : one->operations + n;
}

/* --- operations ----------------------------------------------------------- */

enum disk_fate disk_count(struct disk *disk, int process)
{
    struct disk_process *one = &disk->processes[process];
    if (one->is_dead)
        return DISK_FAILS;
    one->operations++;
    if (one->operations == one->fails_at)
        return DISK_FAILS;
    if (one->operations != one->dies_at)
        return DISK_HAPPENS;
    if (one->death == DISK_POWER_CUT)
        return DISK_HAPPENS_LAST;
    disk_kill(disk, process, DISK_KILL);
    return DISK_FAILS;
}

void disk_end_last(struct disk *disk, int process)
{
    disk_kill(disk, process, DISK_POWER_CUT);
}

int64_t disk_operations(const struct disk *disk, int process)
{
    return disk->processes[process].operations;
}

void disk_run_as(struct disk *disk, int process)
{
    assert(process > 0 && process < DISK_MOST_PROCESSES);
    disk->running_as = process;
}

void disk_set_full(struct disk *disk, bool is_full)
{
    disk->is_full = is_full;
}

/* --- the disk ------------------------------------------------------------- */

struct disk *disk_new(const struct fake_clock *clock, uint64_t seed)
{
    struct disk *disk = mem_new(sizeof(*disk));
    disk->clock = clock;
    disk->random.state = seed;
    disk->running_as = 1;
    disk_vfs_init(disk);
    int result = sqlite3_vfs_register(&disk->vfs, 1);
    assert(result == SQLITE_OK);
    (void)result;
    /* SQLite goes on with the random numbers of the run before, else. */
    sqlite3_randomness(0, NULL);
    return disk;
}

void disk_free(struct disk *disk)
{
    if (disk == NULL)
        return;
    (void)sqlite3_vfs_unregister(&disk->vfs);
    disk_bury(disk);
    while (disk->files != NULL) {
        struct disk_file *next = disk->files->next;
        assert(disk->files->handles == NULL);
        disk_file_free(disk->files);
        disk->files = next;
    }
    free(disk);
}

void disk_make_file(struct disk *disk, const char *path)
{
    struct disk_file *file = disk_find(disk, path);
    if (file == NULL) {
        file = disk_file_new(path);
        file->next = disk->files;
        disk->files = file;
    }
    disk_file_create(file);
    disk_file_sync(file);
}

uint64_t disk_hash(const struct disk *disk)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const struct disk_file *file = disk->files; file != NULL;
         file = file->next) {
        for (size_t i = 0; i < file->now.size; i++)
            hash = (hash ^ file->now.bytes[i]) * UINT64_C(1099511628211);
        hash += file->now.exists;
    }
    return hash;
}
