/* disk_part.h - the inside of a simulated disk, for tests/sim/disk*.c. */
#ifndef SIM_DISK_PART_H
#define SIM_DISK_PART_H

#include "sim/disk.h"
#include "sim/disk_file.h"

#include <sqlite3.h>

enum { DISK_MOST_PROCESSES = 64 };

struct disk_process {
    int64_t operations;
    int64_t dies_at; /* of operations; 0: it does not */
    enum disk_death death;
    int64_t fails_at; /* … 0: none */
    bool is_dead;
};

/* The shared memory of a file as the dead left it. */
struct disk_snapshot {
    struct disk_file *file;
    unsigned char *bytes; /* owned */
    struct disk_snapshot *next;
};

struct disk {
    sqlite3_vfs vfs;
    const struct fake_clock *clock;
    struct random random;
    struct disk_file *files; /* owned */
    struct disk_process processes[DISK_MOST_PROCESSES];
    struct disk_snapshot *snapshots; /* owned */
    int running_as;
    bool is_full;
    bool lost_power;
};

/* One open file; SQLite allocates it. */
struct disk_handle {
    sqlite3_file base;
    struct disk *disk;
    struct disk_file *file;
    int process;
    int level; /* SQLITE_LOCK_… */
    bool is_nameless;
    bool goes_with_close;
    bool has_shared;
    unsigned shared_locks; /* of the shared memory: a bit each */
    unsigned exclusive_locks;
    struct disk_handle *next;
};

/* The file of this name; NULL: there never was one. */
struct disk_file *disk_find(const struct disk *disk, const char *path);

/* What becomes of an operation. */
enum disk_fate { DISK_HAPPENS, DISK_HAPPENS_LAST, DISK_FAILS };

/* Count an operation that changes the disk. With DISK_HAPPENS_LAST it is done,
 * and then the process dies: disk_end_last(). */
enum disk_fate disk_count(struct disk *disk, int process);
void disk_end_last(struct disk *disk, int process);

/* The VFS of a disk: fill disk->vfs. */
void disk_vfs_init(struct disk *disk);
extern const sqlite3_io_methods disk_methods;

/* Locks on shared memory, and the memory. */
int disk_shared_map(sqlite3_file *base, int region, int bytes, int extend,
                    void volatile **out);
int disk_shared_lock(sqlite3_file *base, int offset, int count, int flags);
void disk_shared_barrier(sqlite3_file *base);
int disk_shared_unmap(sqlite3_file *base, int remove);

#endif
