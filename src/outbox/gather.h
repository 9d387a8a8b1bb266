/* gather.h - the write-ahead log, written a transaction at a time.
 *
 * SQLite writes each page of a commit with two calls of the system, and each of
 * them wakes whoever watches the log. This is a VFS before the usual one: it
 * keeps what goes to the log one behind the other, and writes it in one piece
 * when SQLite syncs the log, reads it, asks for its size, or gives the write
 * lock back.
 *
 * For connections with synchronous FULL alone: they sync the log before anybody
 * is told of a commit, so that nothing is visible that is not in the file. */
#ifndef OUTBOX_GATHER_H
#define OUTBOX_GATHER_H

#include <sqlite3.h>

struct gather; /* owned by who made it, until its connection is closed */

/* A VFS before the default one; the connection that is opened with the name is
 * the only user. */
struct gather *gather_new(void);
const char *gather_name(const struct gather *gather); /* borrowed */

/* The connection is open: nobody else shall find the name. */
void gather_hide(struct gather *gather);

/* NULL is fine. */
void gather_free(struct gather *gather);

#endif
