/* buf.h - a growing buffer of bytes with a maximum set at the door.
 *
 * Whatever would pass the maximum is dropped and remembered in `overflow`: a
 * writer adds pieces without checking each, and asks once at the end. One
 * owner, one thread. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *bytes;     /* owned; NUL behind the last byte; NULL while empty */
    size_t length;   /* bytes in use, without the NUL */
    size_t capacity; /* bytes allocated */
    size_t maximum;  /* length never passes this */
    bool overflow;   /* something was dropped */
};

/* Make an empty buffer that holds at most maximum bytes. Allocates nothing. */
void buf_init(struct buf *buf, size_t maximum);

/* Free the bytes; the buffer is empty and can be used again. */
void buf_free(struct buf *buf);

/* Forget the contents and the overflow, keep the memory. */
void buf_clear(struct buf *buf);

/* The contents as NUL-terminated text, borrowed until the next change. Never
 * NULL. */
const char *buf_text(const struct buf *buf);

/* Hand the contents over: NUL-terminated, owned by the caller (free()), never
 * NULL. The buffer is empty afterwards. */
char *buf_take(struct buf *buf);

/* Add bytes, a text, one byte, or formatted text. What does not fit whole is
 * dropped whole and sets overflow. */
void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, char byte);
void buf_add_int64(struct buf *buf, int64_t number);
void buf_add_format(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Make room for length more bytes, count them as added, and return where they
 * are to be written: all of them, at once. NULL: they do not fit, which sets
 * overflow. */
char *buf_extend(struct buf *buf, size_t length);

/* Drop length bytes from the front; length is at most buf->length. */
void buf_drop_front(struct buf *buf, size_t length);

#endif
