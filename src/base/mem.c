#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void end_out_of_memory(void)
{
    static const char line[] = "subrelay: out of memory\n";
    (void)!write(STDERR_FILENO, line, sizeof(line) - 1);
    abort();
}

void *mem_new(size_t size)
{
    return mem_new_array(1, size == 0 ? 1 : size);
}

void *mem_new_array(size_t count, size_t size)
{
    void *pointer = calloc(count == 0 ? 1 : count, size);
    if (pointer == NULL)
        end_out_of_memory();
    return pointer;
}

void *mem_resize(void *pointer, size_t size)
{
    void *resized = realloc(pointer, size == 0 ? 1 : size);
    if (resized == NULL)
        end_out_of_memory();
    return resized;
}

char *mem_copy_text(const char *text)
{
    return text == NULL ? NULL : mem_copy_bytes(text, strlen(text));
}

char *mem_copy_bytes(const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        end_out_of_memory();
    char *copy = malloc(length + 1);
    if (copy == NULL)
        end_out_of_memory();
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

void mem_keep_free(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}
