/* save.h - a file that is written new: a list or a body that an operator wants
 * to keep.
 *
 * Only a name that does not exist is taken, so nothing is overwritten, the
 * database least of all; mode 0600, for it holds data of people. A file that is
 * not finished is removed. */
#ifndef TUI_SAVE_H
#define TUI_SAVE_H

#include "base/buf.h"
#include "base/err.h"

struct save; /* owned by who made it */

/* Make the file; "~/" is the home. Fails with ERR_INVALID if the name exists,
 * or as the system says. */
MUST_CHECK bool save_begin(const char *name, struct save **save,
                           struct err *err);
/* Write all of the buffer, and clear it. */
MUST_CHECK bool save_write(struct save *save, struct buf *bytes,
                           struct err *err);
/* The file is whole. Frees it in any case; removes it if that fails. */
MUST_CHECK bool save_finish(struct save *save, struct err *err);
/* Remove the file. NULL is fine. */
void save_drop(struct save *save);

/* Its name, as it was opened; borrowed. */
const char *save_name(const struct save *save);

#endif
