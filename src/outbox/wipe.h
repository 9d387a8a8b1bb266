/* wipe.h - what no row uses any more is overwritten: in the pages of the
 * outbox's tables and indexes (unused.h), and in the file's free pages.
 *
 * Rows that are deleted are not enough: SQLite leaves copies of rows where it
 * lays a page out anew. Only VACUUM clears those, under one lock for the whole
 * file. Here it is done beneath SQLite, some pages at a time, beside a relay,
 * producers and readers; why that is right stands in wipe.c. A kill or a power
 * cut at any point does no harm: what is overwritten is never read.
 *
 * What can remain: copies in pages that a connection without secure_delete
 * (PRAGMA secure_delete says 0 there; ours and Debian's SQLite have it) took
 * from the outbox and gave to a table of the application's own, or to the end
 * of a row too long for its page. The store's thread. */
#ifndef OUTBOX_WIPE_H
#define OUTBOX_WIPE_H

#include "base/err.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wipe_page {
    uint32_t number;
    bool is_free; /* … when it was looked at; else of the outbox */
};

struct wipe {
    struct store *store;     /* borrowed */
    unsigned char *buffer;   /* owned: a page */
    struct unused *unused;   /* owned */
    struct wipe_page *pages; /* owned: with something to overwrite */
    size_t count, capacity;
    size_t at;        /* those before are done */
    bool has_touched; /* nobody has pages in memory from before it began */
    int looks;
    bool has_looked;     /* pages are those of now */
    uint32_t page_bytes; /* … when it looked */

    int64_t cleared; /* pages */
    bool has_locked; /* in the last step: leave the lock free for a while */
    bool is_blocked; /* others use the WAL: call again a little later */
    bool done;       /* all is overwritten, and on the disk */
};

/* Begin. Fails as a query does. */
MUST_CHECK bool wipe_begin(struct wipe *wipe, struct store *store,
                           struct err *err);

/* The next step: a change that is none, a look through the outbox's pages
 * without a lock, or some pages under it. Fails with ERR_BUSY, ERR_FULL,
 * ERR_IO, ERR_CORRUPT or ERR_INVALID; what is overwritten so far stays so. */
MUST_CHECK bool wipe_step(struct wipe *wipe, struct err *err);

void wipe_free(struct wipe *wipe);

#endif
