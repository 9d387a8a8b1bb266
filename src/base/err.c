#include "base/err.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Macros for the analyzer alone (err.h); here the functions are defined. */
#undef err_set
#undef err_set_errno

static void fill(struct err *err, enum err_code code, const char *format,
                 va_list arguments) __attribute__((format(printf, 3, 0)));

static void fill(struct err *err, enum err_code code, const char *format,
                 va_list arguments)
{
    char text[sizeof(err->text)]; /* an argument may be the old err->text */
    (void)vsnprintf(text, sizeof(text), format, arguments);
    text_make_one_line(text);
    err->code = code;
    memcpy(err->text, text, strlen(text) + 1);
}

static enum err_code code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case ENOENT:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
    case EADDRINUSE:
        return ERR_ACCESS;
    default:
        return ERR_IO;
    }
}

/* Add the system's words. Where there is no room for them, what stands before
 * (a long path) is cut: they are what helps. */
static void add_reason(struct err *err, int errnum)
{
    char reason[80];
    const char *words = strerrordesc_np(errnum);
    if (words != NULL)
        (void)snprintf(reason, sizeof(reason), ": %s", words);
    else
        (void)snprintf(reason, sizeof(reason), ": error %d", errnum);

    size_t used = strlen(err->text);
    size_t room = sizeof(err->text) - 1 - strlen(reason);
    if (used > room) {
        used = room - strlen("...");
        while (used > 0 && ((unsigned char)err->text[used] & 0xC0) == 0x80)
            used--;
        memcpy(err->text + used, "...", strlen("..."));
        used += strlen("...");
    }
    memcpy(err->text + used, reason, strlen(reason) + 1);
}

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, code, format, arguments);
    va_end(arguments);
    return false;
}

bool err_set_errno(struct err *err, int errnum, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, code_of_errno(errnum), format, arguments);
    va_end(arguments);

    add_reason(err, errnum);
    return false;
}
