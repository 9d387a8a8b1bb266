/* store_file.h - the file of a store before and while it is opened, for
 * src/outbox: what is there, which schema is in it. */
#ifndef OUTBOX_STORE_FILE_H
#define OUTBOX_STORE_FILE_H

#include "base/err.h"
#include "outbox/connection.h"

#include <stdbool.h>

/* Look at the file without opening it (a descriptor closed by hand would drop
 * SQLite's locks). *real is its absolute path, owned. Fails with ERR_NOT_FOUND,
 * ERR_INVALID (a directory or the like) or ERR_ACCESS. */
MUST_CHECK bool store_file_check(const char *path, bool for_writing,
                                 char **real, struct err *err);

/* True if nobody can change the file (a read-only file system), and no -wal
 * holds a part of it. */
bool store_file_is_unchangeable(const char *real);

/* The version of the outbox in it; 0: none. Fails with ERR_INVALID if it has
 * a table named outbox that is not ours. */
MUST_CHECK bool store_file_read_version(struct store *store, int *version,
                                        struct err *err);

#endif
