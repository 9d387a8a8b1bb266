/* disk_file.h - the files of a simulated disk, for tests/sim/disk*.c: what
 * every process sees, and what would be left without power. */
#ifndef SIM_DISK_FILE_H
#define SIM_DISK_FILE_H

#include "base/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISK_LOCKS = 8, DISK_REGIONS = 64 };

struct disk_bytes {
    unsigned char *bytes; /* owned */
    size_t size;
    size_t capacity;
    bool exists;
};

enum disk_change_kind {
    DISK_WRITE,
    DISK_TRUNCATE,
    DISK_CREATE,
    DISK_DELETE,
};

/* Something that was done and not synced yet. */
struct disk_change {
    enum disk_change_kind kind;
    size_t offset; /* or the new size */
    size_t length;
    unsigned char *bytes; /* owned */
    struct disk_change *next;
};

/* Shared memory (the -shm of a WAL): of all processes, never on the disk. */
struct disk_shared {
    unsigned char *regions[DISK_REGIONS]; /* owned */
    int region_bytes;
    int users; /* handles that have it */
};

struct disk_file {
    char *path;                  /* owned */
    struct disk_bytes now;       /* as everybody sees it */
    struct disk_bytes durable;   /* as it is after a power cut, but for … */
    struct disk_change *changes; /* owned; oldest first */
    struct disk_change **last_change;
    struct disk_shared shared;
    struct disk_handle *handles; /* open ones, of all processes */
    struct disk_file *next;
};

struct disk_file *disk_file_new(const char *path);
void disk_file_free(struct disk_file *file);

/* Change the file as everybody sees it. */
void disk_file_create(struct disk_file *file);
void disk_file_delete(struct disk_file *file);
void disk_file_write(struct disk_file *file, size_t offset, const void *bytes,
                     size_t length);
void disk_file_truncate(struct disk_file *file, size_t size);

/* All changes are on the disk. */
void disk_file_sync(struct disk_file *file);

/* The power is gone: of the changes that were not synced, each is there with
 * this chance in a hundred, and some in part. */
void disk_file_lose(struct disk_file *file, uint32_t percent,
                    struct random *random);

#endif
