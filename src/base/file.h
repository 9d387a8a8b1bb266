/* file.h - reading small files whole, with a maximum at the door.
 *
 * Of a pipe all that comes is read, however long that takes; but where SIGTERM
 * or SIGINT is blocked and waits, and nothing comes, each of these fails with
 * ERR_STOPPED. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* Read the whole file into *contents, which the caller has initialised with
 * its maximum and frees. Fails with the system's reason, with ERR_INVALID for
 * a directory or a file over the maximum; the text names the path. */
MUST_CHECK bool file_read(const char *path, struct buf *contents,
                          struct err *err);

/* Read a token or password file (design, Security): one trailing newline is
 * dropped. Fails with ERR_INVALID if it is empty, holds another control
 * character, is over 8 KiB, or can be read by others than its owner and group;
 * the text says what to do. *secret is owned by the caller (free()). */
MUST_CHECK bool file_read_secret(const char *path, char **secret,
                                 struct err *err);

/* Read a private key or the like: as file_read(), but a file that can be read
 * by others than its owner and group is refused, too. */
MUST_CHECK bool file_read_private(const char *path, struct buf *contents,
                                  struct err *err);

/* The rules of file_read_secret for a value from elsewhere (an environment
 * variable named by source). */
MUST_CHECK bool file_check_secret(const char *value, size_t length,
                                  const char *source, struct err *err);

#endif
