/* store.h - one connection to the outbox: its file, schema and transactions.
 *
 * Each thread opens its own store. Nothing outside src/outbox knows that it is
 * SQLite. All statements come from schema/ and are prepared once. Durability:
 * synchronous is FULL (promise 1). */
#ifndef OUTBOX_STORE_H
#define OUTBOX_STORE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store; /* owned by who opened it */

enum store_access {
    STORE_READ, /* looks only; the file may be on a read-only file system */
    STORE_WRITE,
};

/* Open an outbox that exists. Waits up to busy_ms for locks in all later
 * calls. Fails with ERR_NOT_FOUND (no such file: "run: subrelay -d FILE
 * init"), ERR_INVALID (a database without an outbox, or one of an older schema:
 * the same), ERR_NEWER, ERR_CORRUPT (no database), ERR_ACCESS, ERR_IO; the text
 * names the file and what to do. */
MUST_CHECK bool store_open(const char *path, enum store_access access,
                           int busy_ms, struct store **store, struct err *err);

/* Close; an open transaction is rolled back. NULL is fine. */
void store_close(struct store *store);

struct store_init_report {
    bool created_file;  /* WAL, incremental auto_vacuum and mode 0600 set */
    int version_before; /* 0: there was no outbox */
    int version_now;
    char journal_mode[16]; /* as it is now: "wal", "delete" … */
};

/* Create or upgrade the outbox in the file; idempotent, one transaction. A
 * file that exists keeps its journal mode unless set_wal. Fails as
 * store_open() does. */
MUST_CHECK bool store_init(const char *path, bool set_wal,
                           struct store_init_report *report, struct err *err);

/* BEGIN IMMEDIATE. Fails with ERR_BUSY after busy_ms. */
MUST_CHECK bool store_begin(struct store *store, struct err *err);
/* COMMIT, with the counters gathered since store_begin(). If it fails, all of
 * the transaction is rolled back: nothing happened (ERR_BUSY, ERR_FULL,
 * ERR_IO). */
MUST_CHECK bool store_commit(struct store *store, struct err *err);
/* Give the transaction up. Fine if none is open. */
void store_rollback(struct store *store);

/* Commit something that changes nothing, to see whether a commit can be made.
 * Fails as store_begin() and store_commit() do. */
MUST_CHECK bool store_try_commit(struct store *store, struct err *err);

/* True if someone else, in this process or another, is in a write transaction
 * just now, a commit that is being synced included. If not, all that was
 * written before can be seen. Never waits; holds the lock for a moment. */
bool store_is_being_written(struct store *store);

/* True if the file is still where it was opened. Fails with ERR_NOT_FOUND when
 * it was moved, removed or replaced: what others write under that name is not
 * seen here. store_begin() fails so, too. */
MUST_CHECK bool store_check_place(struct store *store, struct err *err);

/* The journal mode of the file: "wal", "delete" …, copied to mode. */
MUST_CHECK bool store_read_journal_mode(struct store *store, char *mode,
                                        size_t size, struct err *err);

/* True if path (NULL: the standard input) is this database file, or one that
 * SQLite or the relay keeps beside it, under whatever name. Such a file must
 * not be opened by hand: closing any descriptor of it drops SQLite's locks. */
bool store_owns_file(const char *database_path, const char *path);

/* The file's path as given; borrowed. */
const char *store_path(const struct store *store);

/* The number of write transactions of others seen since the last call is not
 * zero (PRAGMA data_version): the database changed under us. */
MUST_CHECK bool store_changed(struct store *store, bool *changed,
                              struct err *err);

#endif
