#include "outbox/log_sync.h"

#include "base/mem.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The log, as far as it matters here (SQLite's fileformat2.html, "WAL File
 * Format"): what it was begun with stands in its head and in each frame's. */
enum {
    HEAD_BYTES = 32,
    FRAME_HEAD_BYTES = 24,
    PAGE_SIZE_AT = 8,
    SALTS_AT = 16,
    FRAME_SALTS_AT = 8,
    SALTS_BYTES = 8,
    MOST_PAGE_BYTES = 65536,
};

/* With the mutex held. Of two threads that sync at once one would be told of
 * what the other one waits for. */
static int sync_file(struct log_sync *sync, int flags)
{
    errno = 0;
    if (atomic_load(&sync->has_failed))
        return SQLITE_IOERR_FSYNC;
    int result = sync->file->pMethods->xSync(sync->file, flags);
    if (result != SQLITE_OK)
        atomic_store(&sync->has_failed, true);
    return result;
}

static int write_in_place(sqlite3_file *file, void *bytes, int length,
                          sqlite3_int64 at)
{
    int result = file->pMethods->xRead(file, bytes, length, at);
    if (result != SQLITE_OK)
        return result;
    return file->pMethods->xWrite(file, bytes, length, at);
}

static size_t read_page_size(const unsigned char *head)
{
    const unsigned char *at = head + PAGE_SIZE_AT;
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 |
           at[3];
}

/* The bytes are in memory still, where all who read the log find them. Behind
 * them there may be frames of a log before, which is nobody's. */
static int write_frames(sqlite3_file *file, const unsigned char *head,
                        sqlite3_int64 size)
{
    size_t frame_bytes = FRAME_HEAD_BYTES + read_page_size(head);
    sqlite3_int64 at = HEAD_BYTES;
    int result = SQLITE_OK;
    if (frame_bytes > FRAME_HEAD_BYTES + MOST_PAGE_BYTES)
        return SQLITE_OK; /* it is no log: SQLite reads nothing of it */
    unsigned char *frame = mem_new_array(frame_bytes, 1);
    while (result == SQLITE_OK && size - at >= (sqlite3_int64)frame_bytes) {
        result = file->pMethods->xRead(file, frame, FRAME_HEAD_BYTES, at);
        if (result != SQLITE_OK ||
            memcmp(frame + FRAME_SALTS_AT, head + SALTS_AT, SALTS_BYTES) != 0)
            break;
        result = write_in_place(file, frame, (int)frame_bytes, at);
        at += (sqlite3_int64)frame_bytes;
    }
    free(frame);
    return result;
}

static int write_again(sqlite3_file *file)
{
    unsigned char head[HEAD_BYTES];
    sqlite3_int64 size;
    int result = file->pMethods->xFileSize(file, &size);
    if (result != SQLITE_OK || size < HEAD_BYTES)
        return result;
    result = write_in_place(file, head, HEAD_BYTES, 0);
    return result != SQLITE_OK ? result : write_frames(file, head, size);
}

void log_sync_init(struct log_sync *sync)
{
    *sync = (struct log_sync){.file = NULL};
    (void)pthread_mutex_init(&sync->mutex, NULL);
}

void log_sync_destroy(struct log_sync *sync)
{
    (void)pthread_mutex_destroy(&sync->mutex);
}

void log_sync_set_file(struct log_sync *sync, sqlite3_file *file)
{
    (void)pthread_mutex_lock(&sync->mutex);
    sync->file = file;
    (void)pthread_mutex_unlock(&sync->mutex);
    sync->is_in_place = false;
}

bool log_sync_can_be_left(const struct log_sync *sync)
{
    return sync->is_in_place && !sync->is_wary &&
           !atomic_load(&sync->has_failed);
}

int log_sync_make(struct log_sync *sync, int flags)
{
    (void)pthread_mutex_lock(&sync->mutex);
    int result = sync_file(sync, flags);
    (void)pthread_mutex_unlock(&sync->mutex);
    sync->is_in_place = sync->is_in_place || result == SQLITE_OK;
    return result;
}

int log_sync_make_beside(struct log_sync *sync)
{
    (void)pthread_mutex_lock(&sync->mutex);
    int result =
        sync->file == NULL ? SQLITE_OK : sync_file(sync, SQLITE_SYNC_NORMAL);
    (void)pthread_mutex_unlock(&sync->mutex);
    return result;
}

bool log_sync_has_failed(const struct log_sync *sync)
{
    return atomic_load(&sync->has_failed);
}

int log_sync_make_again(struct log_sync *sync)
{
    int result = SQLITE_OK;
    (void)pthread_mutex_lock(&sync->mutex);
    sync->is_wary = sync->is_wary || atomic_load(&sync->has_failed);
    errno = 0;
    if (sync->file != NULL)
        result = write_again(sync->file);
    if (sync->file != NULL && result == SQLITE_OK)
        result = sync->file->pMethods->xSync(sync->file, SQLITE_SYNC_NORMAL);
    atomic_store(&sync->has_failed, result != SQLITE_OK);
    (void)pthread_mutex_unlock(&sync->mutex);
    return result;
}
