#include "base/buf.h"

#include "base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST_CAPACITY = 256 };

/* Make room for length more bytes and the NUL; false: over the maximum. */
static bool reserve(struct buf *buf, size_t length)
{
    if (length > buf->maximum - buf->length) {
        buf->overflow = true;
        return false;
    }
    size_t needed = buf->length + length + 1;
    if (needed <= buf->capacity)
        return true;
    size_t capacity = buf->capacity * 2;
    if (capacity < SMALLEST_CAPACITY)
        capacity = SMALLEST_CAPACITY;
    if (capacity < needed)
        capacity = needed;
    buf->bytes = mem_resize(buf->bytes, capacity);
    buf->capacity = capacity;
    return true;
}

void buf_init(struct buf *buf, size_t maximum)
{
    *buf = (struct buf){.maximum = maximum};
}

void buf_free(struct buf *buf)
{
    free(buf->bytes);
    buf_init(buf, buf->maximum);
}

void buf_clear(struct buf *buf)
{
    buf->length = 0;
    buf->overflow = false;
    if (buf->bytes != NULL)
        buf->bytes[0] = '\0';
}

const char *buf_text(const struct buf *buf)
{
    return buf->bytes == NULL ? "" : buf->bytes;
}

char *buf_take(struct buf *buf)
{
    char *bytes = buf->bytes == NULL ? mem_copy_text("") : buf->bytes;
    buf_init(buf, buf->maximum);
    return bytes;
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
    char *added = length == 0 ? NULL : buf_extend(buf, length);
    if (added != NULL)
        memcpy(added, bytes, length);
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_byte(struct buf *buf, char byte)
{
    if (!reserve(buf, 1))
        return;
    buf->bytes[buf->length++] = byte;
    buf->bytes[buf->length] = '\0';
}

void buf_add_int64(struct buf *buf, int64_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        digits[--at] = '-';
    buf_add(buf, digits + at, sizeof(digits) - at);
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    char small[512];
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof(small), format, arguments);
    va_end(arguments);
    assert(length >= 0);
    if ((size_t)length < sizeof(small)) {
        buf_add(buf, small, (size_t)length);
    } else if (reserve(buf, (size_t)length)) {
        (void)vsnprintf(buf->bytes + buf->length, (size_t)length + 1, format,
                        again);
        buf->length += (size_t)length;
    }
    va_end(again);
}

char *buf_extend(struct buf *buf, size_t length)
{
    if (!reserve(buf, length))
        return NULL;
    char *added = buf->bytes + buf->length;
    buf->length += length;
    buf->bytes[buf->length] = '\0';
    return added;
}

void buf_drop_front(struct buf *buf, size_t length)
{
    assert(length <= buf->length);
    if (length == 0)
        return;
    buf->length -= length;
    memmove(buf->bytes, buf->bytes + length, buf->length + 1);
}
