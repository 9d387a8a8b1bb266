/* text.h - small pure functions over text. Any thread. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for text_format_time: "2026-08-24 12:00:58 UTC" and its NUL. */
enum { TEXT_TIME_BYTES = 32 };

/* True if both are the same; NULL equals only NULL. */
bool text_equals(const char *a, const char *b);

/* Copy text to out, cut to fit: at most size bytes with the NUL, nothing where
 * size is 0. They must not overlap. */
void text_copy(char *out, size_t size, const char *text);

/* True if text begins with prefix. */
bool text_has_prefix(const char *text, const char *prefix);

/* True if the bytes are valid UTF-8 (no overlong forms, no surrogates, at most
 * U+10FFFF). NUL counts as valid. */
bool text_is_utf8(const char *bytes, size_t length);

/* Read the character that begins at bytes; length > 0. Returns how many bytes
 * it takes. Where they are not valid UTF-8 that is 1, and *character is
 * U+FFFD. */
size_t text_next_character(const char *bytes, size_t length,
                           uint32_t *character);

/* True for what a terminal might obey instead of show: C0, DEL and C1 controls,
 * line and paragraph separators, bidirectional controls. */
bool text_is_hostile(uint32_t character);

/* Replace every control character (below 0x20, and 0x7F) by a space, in
 * place. For what is about to be shown on one line. */
void text_make_one_line(char *text);

/* Add text to buf with hostile characters (above) and invalid UTF-8 replaced by
 * '?', so that a terminal shows it and obeys none of it. */
void text_add_printable(struct buf *buf, const char *text, size_t length);

/* Read a decimal integer that is the whole of text, from minimum to maximum.
 * False: it is not. */
MUST_CHECK bool text_parse_int64(const char *text, int64_t minimum,
                                 int64_t maximum, int64_t *number);

/* Read a duration as "30s", "250ms", "4m", "2h", "90d", or a bare number of
 * seconds. False: it is none, or over 10,000 days. */
MUST_CHECK bool text_parse_duration(const char *text, int64_t *duration_ms);

/* Write a duration in its two largest units at most: "850 ms", "4 s", "3 min",
 * "3 h 05 min", "2 d 01 h". Negative counts as 0. */
void text_format_duration(int64_t duration_ms, char *out, size_t size);

/* Write UTC milliseconds as "2026-08-24 12:00:58 UTC". size at least
 * TEXT_TIME_BYTES. */
void text_format_time(int64_t wall_ms, char *out, size_t size);

/* Write a number with a comma between thousands: "1,028,441". 27 bytes are
 * enough for any. */
void text_format_count(int64_t number, char *out, size_t size);

#endif
