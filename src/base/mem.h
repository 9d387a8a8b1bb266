/* mem.h - memory that is there or ends the process.
 *
 * Everything that comes from outside has a maximum, so running out of memory
 * means that the machine is out of it. There is nothing sensible to go on with
 * then, and nothing to lose: the outbox is safe against kill -9 (promise 1).
 * So none of these returns NULL; they end the process with one line. What they
 * return is owned by the caller and freed with free(). Any thread. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Return size bytes, all zero. size 0 is taken as 1. */
void *mem_new(size_t size) __attribute__((malloc, returns_nonnull));

/* Return room for count items of size bytes each, all zero. */
void *mem_new_array(size_t count, size_t size)
    __attribute__((malloc, returns_nonnull));

/* As realloc(); new bytes are not cleared. pointer may be NULL. */
void *mem_resize(void *pointer, size_t size) __attribute__((returns_nonnull));

/* Return a copy of text with its final NUL. NULL gives NULL. */
char *mem_copy_text(const char *text);

/* Return a copy of length bytes with a NUL added behind them. */
char *mem_copy_bytes(const char *bytes, size_t length)
    __attribute__((malloc, returns_nonnull));

/* Keep up to 1 MiB that is free beside what is used. The system gets back what
 * is more than 128 KiB otherwise, from each thread: where much is freed and
 * taken again many times a second, that is a system call, which interrupts the
 * other processors, and a page fault for each page. */
void mem_keep_free(void);

#endif
