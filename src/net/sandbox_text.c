#include "net/sandbox_text.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The value of a hexadecimal digit, or -1. */
static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* The byte that three characters stand for; 0: they are no escape. */
static unsigned char escaped_byte(const char *text, size_t length)
{
    if (length < 3)
        return 0;
    int high = digit_value(text[1]);
    int low = digit_value(text[2]);
    return high < 0 || low < 0 ? 0 : (unsigned char)(high * 16 + low);
}

bool sandbox_text_decode(const char *text, size_t length, char **decoded)
{
    char *out = mem_copy_bytes(text, length);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '%') {
            byte = escaped_byte(text + i, length - i);
            i += 2;
        }
        if (byte == 0) {
            free(out);
            return false;
        }
        out[used++] = (char)byte;
    }
    out[used] = '\0';
    *decoded = out;
    return true;
}

char *sandbox_text_fold_name(const char *name)
{
    char *folded = mem_copy_text(name);
    for (char *at = folded; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
        else if (*at == '.' || *at == '$')
            *at = '-';
    }
    return folded;
}
