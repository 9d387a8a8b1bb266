/* space.h - room in the file: how much of it is free, and giving it back. */
#ifndef OUTBOX_SPACE_H
#define OUTBOX_SPACE_H

#include "base/err.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

/* What becomes of pages that hold nothing any more (SQLite's auto_vacuum). */
enum space_policy {
    SPACE_KEPT,          /* used again later; the file never shrinks */
    SPACE_GIVEN_AT_ONCE, /* by each commit */
    SPACE_GIVEN_IN_STEPS /* by space_give_back() */
};

struct space {
    enum space_policy policy;
    int64_t page_bytes;
    int64_t pages; /* of the file */
    int64_t free_pages;
};

MUST_CHECK bool space_read(struct store *store, struct space *space,
                           struct err *err);

/* Give some free pages back, in a transaction of its own; *more says if there
 * are any left. Only for SPACE_GIVEN_IN_STEPS. */
MUST_CHECK bool space_give_back(struct store *store, bool *more,
                                struct err *err);

/* Bring into the file all that the WAL holds, and empty it: only then a file
 * shrinks, and is what was deleted gone from the WAL. *done is false if others
 * are using the WAL. True with another journal mode. */
MUST_CHECK bool space_empty_wal(struct store *store, bool *done,
                                struct err *err);

#endif
