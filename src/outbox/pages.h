/* pages.h - the pages of the database file as they lie there, beneath SQLite,
 * for src/outbox alone.
 *
 * Through the file that SQLite has open itself: to open and close it once more
 * would drop SQLite's locks in this process. What is read is the truth only
 * while the caller holds the write lock and the WAL is empty (pages_are_whole);
 * at other times it is a hint. Only what nothing uses may be written, and then
 * only under that lock. (sqlite.org/fileformat2.html.) */
#ifndef OUTBOX_PAGES_H
#define OUTBOX_PAGES_H

#include "base/err.h"
#include "outbox/store.h"
#include "outbox/unused.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct pages {
    const struct store *store; /* borrowed */
    sqlite3_file *file;        /* borrowed */
    uint32_t page_bytes;
    uint32_t usable_bytes; /* the rest of each page is reserved */
    uint32_t count;
    uint32_t first_trunk; /* of the list of free pages; 0: there is none */
    bool has_wal;         /* the journal mode */
    bool has_maps;        /* auto_vacuum: some pages say where others belong */
};

/* Look at the file's header. Fails with ERR_IO, ERR_CORRUPT, or ERR_INVALID
 * where there are more pages than can be told apart by their first byte. */
MUST_CHECK bool pages_open(struct pages *pages, const struct store *store,
                           struct err *err);

/* True if no part of the database is in the WAL. Under the write lock. */
bool pages_are_whole(const struct pages *pages);

/* Read a page to out. *exists is false if the file ends before it. */
MUST_CHECK bool pages_read(const struct pages *pages, uint32_t number,
                           unsigned char *out, bool *exists, struct err *err);

/* True if it can be a page of a table or an index. */
bool pages_may_hold_rows(const struct pages *pages, uint32_t number);

/* In a transaction that has changed something: with a rollback journal, that of
 * this transaction is on the disk from now on, and nobody reads until its end.
 * A journal that another process has deleted without syncing its directory
 * (synchronous NORMAL, FULL) could come back after a power cut otherwise, and
 * with it rows of pages that are free now: those it does not restore. Fails
 * with ERR_BUSY while somebody reads, ERR_FULL or ERR_IO. */
MUST_CHECK bool pages_put_journal_first(const struct pages *pages,
                                        struct err *err);

/* Make a range of a page zero. Nothing else of it is written: not even a power
 * cut can harm the rest. Fails with ERR_FULL or ERR_IO. */
MUST_CHECK bool pages_clear(const struct pages *pages, uint32_t number,
                            struct unused_range range, struct err *err);

/* What was written is on the disk. */
MUST_CHECK bool pages_sync(const struct pages *pages, struct err *err);

/* Call see() for every free page, with the bytes that are in use at its front
 * (those of the list itself). page is room for one. *is_whole is false if the
 * list makes no sense: read without the lock it need not. */
typedef void pages_see_fn(void *context, uint32_t number, uint32_t used);
MUST_CHECK bool pages_walk_free(const struct pages *pages, unsigned char *page,
                                pages_see_fn *see, void *context,
                                bool *is_whole, struct err *err);

#endif
