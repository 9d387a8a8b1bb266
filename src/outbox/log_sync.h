/* log_sync.h - the syncs of a write-ahead log: by the thread of its connection
 * and by another one beside it. For src/outbox/gather.c.
 *
 * One is made at a time. A sync that fails is told once, to whoever made it,
 * and what it could not write the system takes for written: later ones say
 * nothing of it. So from then on none is made, whoever asks, until it is
 * mended. */
#ifndef OUTBOX_LOG_SYNC_H
#define OUTBOX_LOG_SYNC_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

struct log_sync {
    pthread_mutex_t mutex; /* during each sync, and over the file */
    sqlite3_file *file;    /* borrowed; NULL: it is not open */
    atomic_bool has_failed;
    /* The connection's thread alone: */
    bool is_in_place; /* it has been synced since it was opened */
    bool is_wary;     /* a sync has failed once */
};

/* The connection's thread calls these. */
void log_sync_init(struct log_sync *sync);
void log_sync_destroy(struct log_sync *sync);
/* The log was opened, or (NULL) is about to be closed: waits for a sync that is
 * being made. */
void log_sync_set_file(struct log_sync *sync, sqlite3_file *file);

/* True if the sync of a commit may be left to log_sync_make_beside(). Not the
 * first one of a log, with which SQLite syncs its directory, too; nor any after
 * one has failed. */
bool log_sync_can_be_left(const struct log_sync *sync);

/* Sync it. A result code of SQLite. */
int log_sync_make(struct log_sync *sync, int flags);

/* The same for one other thread; fine while the log is not open. errno says
 * more, where it is not 0. */
int log_sync_make_beside(struct log_sync *sync);

/* A sync has failed, and is not mended. Any thread. */
bool log_sync_has_failed(const struct log_sync *sync);

/* Write once more what the log has, in its place, and sync that. Nobody else
 * may write it meanwhile. That mends a sync which has failed, whoever made it;
 * if this one fails, it has still to be mended. */
int log_sync_make_again(struct log_sync *sync);

#endif
