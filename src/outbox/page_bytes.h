/* page_bytes.h - numbers in a database's pages: the high byte comes first. */
#ifndef OUTBOX_PAGE_BYTES_H
#define OUTBOX_PAGE_BYTES_H

#include <stdint.h>

static inline uint32_t page_read_two(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

static inline uint32_t page_read_four(const unsigned char *bytes)
{
    return page_read_two(bytes) << 16 | page_read_two(bytes + 2);
}

#endif
