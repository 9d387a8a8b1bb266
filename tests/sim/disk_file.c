#include "sim/disk_file.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What a disk writes whole or not at all. */
enum { SECTOR_BYTES = 512, PERCENT_TORN = 10 };

/* --- bytes ---------------------------------------------------------------- */

static void resize(struct disk_bytes *file, size_t size)
{
    if (size > file->capacity) {
        size_t capacity = size + size / 2 + 4096;
        file->bytes = mem_resize(file->bytes, capacity);
        file->capacity = capacity;
    }
    if (size > file->size)
        memset(file->bytes + file->size, 0, size - file->size);
    file->size = size;
}

static void put(struct disk_bytes *file, size_t offset,
                const unsigned char *bytes, size_t length)
{
    if (offset + length > file->size)
        resize(file, offset + length);
    memcpy(file->bytes + offset, bytes, length);
}

static void apply(struct disk_bytes *file, const struct disk_change *change)
{
    switch (change->kind) {
    case DISK_WRITE:
        put(file, change->offset, change->bytes, change->length);
        break;
    case DISK_TRUNCATE:
        resize(file, change->offset);
        break;
    case DISK_CREATE:
        if (!file->exists)
            file->size = 0;
        file->exists = true;
        break;
    case DISK_DELETE:
        file->exists = false;
        file->size = 0;
        break;
    }
}

/* Some of its sectors only. */
static void apply_torn(struct disk_bytes *file,
                       const struct disk_change *change, struct random *random)
{
    size_t at = 0;
    while (at < change->length) {
        size_t end = (change->offset + at) / SECTOR_BYTES * SECTOR_BYTES +
                     SECTOR_BYTES - change->offset;
        if (end > change->length)
            end = change->length;
        if (random_below(random, 2) == 0)
            put(file, change->offset + at, change->bytes + at, end - at);
        at = end;
    }
}

/* --- changes -------------------------------------------------------------- */

static void change(struct disk_file *file, enum disk_change_kind kind,
                   size_t offset, const void *bytes, size_t length)
{
    struct disk_change *made = mem_new(sizeof(*made));
    *made =
        (struct disk_change){.kind = kind, .offset = offset, .length = length};
    if (length > 0)
        made->bytes = (unsigned char *)mem_copy_bytes(bytes, length);
    *file->last_change = made;
    file->last_change = &made->next;
    apply(&file->now, made);
}

static void forget_changes(struct disk_file *file)
{
    struct disk_change *next;
    for (struct disk_change *at = file->changes; at != NULL; at = next) {
        next = at->next;
        free(at->bytes);
        free(at);
    }
    file->changes = NULL;
    file->last_change = &file->changes;
}

struct disk_file *disk_file_new(const char *path)
{
    struct disk_file *file = mem_new(sizeof(*file));
    file->path = mem_copy_text(path);
    file->last_change = &file->changes;
    return file;
}

void disk_file_free(struct disk_file *file)
{
    forget_changes(file);
    for (int i = 0; i < DISK_REGIONS; i++)
        free(file->shared.regions[i]);
    free(file->now.bytes);
    free(file->durable.bytes);
    free(file->path);
    free(file);
}

void disk_file_create(struct disk_file *file)
{
    change(file, DISK_CREATE, 0, NULL, 0);
}

void disk_file_delete(struct disk_file *file)
{
    change(file, DISK_DELETE, 0, NULL, 0);
}

void disk_file_write(struct disk_file *file, size_t offset, const void *bytes,
                     size_t length)
{
    change(file, DISK_WRITE, offset, bytes, length);
}

void disk_file_truncate(struct disk_file *file, size_t size)
{
    change(file, DISK_TRUNCATE, size, NULL, 0);
}

void disk_file_sync(struct disk_file *file)
{
    for (struct disk_change *at = file->changes; at != NULL; at = at->next)
        apply(&file->durable, at);
    forget_changes(file);
}

void disk_file_lose(struct disk_file *file, uint32_t percent,
                    struct random *random)
{
    for (struct disk_change *at = file->changes; at != NULL; at = at->next) {
        if (at->kind == DISK_WRITE && percent > 0 && percent < 100 &&
            random_below(random, 100) < PERCENT_TORN)
            apply_torn(&file->durable, at, random);
        else if (random_below(random, 100) < percent)
            apply(&file->durable, at);
    }
    forget_changes(file);
    file->now.size = 0;
    resize(&file->now, file->durable.size);
    if (file->durable.size > 0)
        memcpy(file->now.bytes, file->durable.bytes, file->durable.size);
    file->now.exists = file->durable.exists;
}
