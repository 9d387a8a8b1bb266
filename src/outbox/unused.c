#include "outbox/unused.h"

#include "outbox/page_bytes.h"

#include <string.h>

/* The layout of a page, beginning with its header. */
enum {
    AT_TYPE = 0,
    AT_FIRST_BLOCK = 1,
    AT_CELL_COUNT = 3,
    AT_CONTENT = 5,
    LEAF_HEADER_BYTES = 8,
    INNER_HEADER_BYTES = 12, /* the last child comes on top */
    POINTER_BYTES = 2,
    BLOCK_HEADER_BYTES = 4, /* next block, size: both in use */
    LEAST_CELL_BYTES = 4,
    LEAST_USABLE = 480,
};

/* 0: no b-tree page. */
static size_t header_bytes(unsigned char type)
{
    switch (type) {
    case 2: /* of an index */
    case 5: /* of a table */
        return INNER_HEADER_BYTES;
    case 10:
    case 13:
        return LEAF_HEADER_BYTES;
    default:
        return 0;
    }
}

static void add(struct unused *unused, size_t from, size_t until)
{
    if (from < until)
        unused->ranges[unused->count++] = (struct unused_range){
            .from = (uint32_t)from, .until = (uint32_t)until};
}

/* The chain goes upwards. */
static bool find_blocks(const unsigned char *page, size_t usable,
                        size_t content, size_t first, struct unused *unused)
{
    size_t least = content;
    size_t at = first;
    while (at != 0) {
        if (at < least || at + BLOCK_HEADER_BYTES > usable)
            return false;
        size_t size = page_read_two(page + at + 2);
        if (size < BLOCK_HEADER_BYTES || at + size > usable)
            return false;
        add(unused, at + BLOCK_HEADER_BYTES, at + size);
        least = at + size;
        at = page_read_two(page + at);
    }
    return true;
}

/* True if each row begins where rows may be, and not in a free block. */
static bool rows_are_elsewhere(const unsigned char *page, size_t usable,
                               struct unused_range pointers, size_t content,
                               const struct unused *unused)
{
    for (size_t at = pointers.from; at < pointers.until; at += POINTER_BYTES) {
        size_t row = page_read_two(page + at);
        if (row < content || row + LEAST_CELL_BYTES > usable)
            return false;
        /* The blocks go upwards: the first that ends behind the row counts. */
        size_t low = 0;
        size_t high = unused->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (unused->ranges[middle].until <= row)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < unused->count && row + LEAST_CELL_BYTES + BLOCK_HEADER_BYTES >
                                       unused->ranges[low].from)
            return false;
    }
    return true;
}

bool unused_find(const unsigned char *page, size_t usable, size_t header,
                 struct unused *unused)
{
    unused->count = 0;
    if (usable < LEAST_USABLE || usable > UNUSED_MOST_PAGE_BYTES)
        return false;
    const unsigned char *at = page + header;
    size_t own_bytes = header_bytes(at[AT_TYPE]);
    if (own_bytes == 0)
        return false;
    struct unused_range pointers = {.from = (uint32_t)(header + own_bytes)};
    pointers.until =
        pointers.from + POINTER_BYTES * page_read_two(at + AT_CELL_COUNT);
    size_t content = page_read_two(at + AT_CONTENT);
    if (content == 0)
        content = UNUSED_MOST_PAGE_BYTES;
    if (content > usable || pointers.until > content)
        return false;
    if (!find_blocks(page, usable, content, page_read_two(at + AT_FIRST_BLOCK),
                     unused) ||
        !rows_are_elsewhere(page, usable, pointers, content, unused)) {
        unused->count = 0;
        return false;
    }
    add(unused, pointers.until, content);
    return true;
}

/* All are zero if the first is, and each is like the one before. */
bool unused_is_dirty(const unsigned char *page, struct unused_range range)
{
    const unsigned char *bytes = page + range.from;
    size_t count = range.until - range.from;
    return count > 0 &&
           (bytes[0] != 0 || memcmp(bytes, bytes + 1, count - 1) != 0);
}
