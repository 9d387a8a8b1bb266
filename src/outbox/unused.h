/* unused.h - which bytes of a b-tree page nothing uses. Pure.
 *
 * SQLite overwrites what is deleted (secure_delete), but not what stays behind
 * when it lays the rows of a page out anew: copies of them remain between the
 * row pointers and the rows. Where secure_delete is off, deleted rows remain,
 * too, as a chain of free blocks. Neither is ever read again.
 * (sqlite.org/fileformat2.html, "B-tree Pages".) */
#ifndef OUTBOX_UNUSED_H
#define OUTBOX_UNUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNUSED_MOST_PAGE_BYTES = 65536,
    /* The gap, and free blocks of four bytes at least. */
    UNUSED_MOST_RANGES = 1 + UNUSED_MOST_PAGE_BYTES / 4,
    UNUSED_FILE_HEADER_BYTES = 100, /* before the first page's own header */
};

struct unused_range {
    uint32_t from;
    uint32_t until; /* the first byte behind it */
};

struct unused {
    struct unused_range ranges[UNUSED_MOST_RANGES]; /* none is empty */
    size_t count;
};

/* Find them in a page of which `usable` bytes are SQLite's (the rest is
 * reserved). header is where the page's own header begins: 0, and
 * UNUSED_FILE_HEADER_BYTES in the first page. False if the page is no b-tree
 * page, or one that contradicts itself: leave it alone. */
bool unused_find(const unsigned char *page, size_t usable, size_t header,
                 struct unused *unused);

/* True if any byte of the range is not zero. */
bool unused_is_dirty(const unsigned char *page, struct unused_range range);

#endif
