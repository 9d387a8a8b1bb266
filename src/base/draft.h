/* draft.h - a file that is made under another name beside its own, and given
 * its own when it is whole: whoever looks sees all of it or nothing. */
#ifndef BASE_DRAFT_H
#define BASE_DRAFT_H

#include "base/err.h"

#include <limits.h>
#include <stdbool.h>

struct draft {
    char path[PATH_MAX]; /* to write to: "NAME.new-PID" */
    const char *name;    /* borrowed */
};

/* Make an empty draft of the file of this name, with mode 0600. What a killed
 * process of the same number left is removed. */
MUST_CHECK bool draft_begin(struct draft *draft, const char *name,
                            struct err *err);

/* Bring what was written to the disk. Never to be called while SQLite has the
 * draft open: closing a descriptor drops its locks. */
MUST_CHECK bool draft_sync(const struct draft *draft, struct err *err);

/* Give it its name, durably. *exists: a file of that name is there and stays
 * as it is, unless replace. */
MUST_CHECK bool draft_publish(const struct draft *draft, bool replace,
                              bool *exists, struct err *err);

/* Remove the draft, if it is still there. */
void draft_drop(const struct draft *draft);

#endif
