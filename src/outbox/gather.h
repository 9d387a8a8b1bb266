/* gather.h - the write-ahead log, written a transaction at a time.
 *
 * SQLite writes each page of a commit with two calls of the system, and each of
 * them wakes whoever watches the log. This is a VFS before the usual one: it
 * keeps what goes to the log one behind the other, and writes it in one piece
 * when SQLite syncs the log, reads it, asks for its size, or gives the write
 * lock back. The sync itself may be left to another thread.
 *
 * For connections with synchronous FULL alone: they sync the log before anybody
 * is told of a commit, so that nothing is visible that is not in the file. */
#ifndef OUTBOX_GATHER_H
#define OUTBOX_GATHER_H

#include <sqlite3.h>
#include <stdbool.h>

struct gather; /* owned by who made it, until its connection is closed */

/* A VFS before the default one; the connection that is opened with the name is
 * the only user. */
struct gather *gather_new(void);
const char *gather_name(const struct gather *gather); /* borrowed */

/* The connection is open: nobody else shall find the name. */
void gather_hide(struct gather *gather);

/* Leave the sync at the end of the next commit to gather_sync(), or (false) no
 * longer. What the commit wrote is in the file for all to see, but not on the
 * disk. Of a checkpoint, or of a log that begins anew, every sync is made:
 * there, others are to be on the disk first. Nothing is left where the disk
 * does not promise to keep its sectors whole, nor once a sync has failed. NULL
 * is fine. */
void gather_leave_sync(struct gather *gather, bool is_left);

/* Sync the log, with all that any commit had written when this began. For
 * another thread than the connection's, beside it, until the connection is
 * closed. A result code of SQLite, which does not learn of it; errno says more.
 */
int gather_sync(struct gather *gather);

/* A sync of the log has failed, whoever made it, and was not mended. Until then
 * every sync fails, and with it every commit and every checkpoint: what was
 * committed and left to be synced may be missing on the disk, and nothing that
 * comes behind it is worth anything there. Any thread. */
bool gather_has_failed(const struct gather *gather);

/* Mend that: write the log once more, from memory into its place, and sync it.
 * In a write transaction that has written nothing yet. A result code of SQLite;
 * errno says more. */
int gather_sync_again(struct gather *gather);

/* NULL is fine. */
void gather_free(struct gather *gather);

#endif
