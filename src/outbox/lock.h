/* lock.h - one relay per file: a lock that ends with its process.
 *
 * An open-file-description lock on the real path + ".lock", the inode compared
 * after locking (design, "One relay per file"). Never touches the database
 * itself: closing a descriptor of it would drop SQLite's locks. */
#ifndef OUTBOX_LOCK_H
#define OUTBOX_LOCK_H

#include "base/err.h"

#include <stdbool.h>

struct lock; /* owned by who took it */

/* Take the lock of this database file. Fails with ERR_BUSY if another holds
 * it (*lock is NULL), ERR_ACCESS or ERR_IO. Does not wait. */
MUST_CHECK bool lock_take(const char *database_path, struct lock **lock,
                          struct err *err);

/* True while somebody, this process included, holds the lock of this file. */
MUST_CHECK bool lock_is_held(const char *database_path, bool *held,
                             struct err *err);

/* Give it back. NULL is fine. */
void lock_release(struct lock *lock);

#endif
