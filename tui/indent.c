#include "tui/indent.h"

#include <ctype.h>

enum {
    INDENT = 2,
    MOST_DEPTH = 40, /* deeper is indented no further */
};

static void begin_line(struct buf *out, int depth)
{
    buf_add_byte(out, '\n');
    for (int i = 0; i < depth && i < MOST_DEPTH; i++)
        buf_add(out, "  ", INDENT);
}

/* Behind an opening bracket: whether it closes at once. */
static bool closes_at_once(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '}' || bytes[i] == ']')
            return true;
        if (!isspace((unsigned char)bytes[i]))
            return false;
    }
    return false;
}

/* The string that begins here, with its quotes, as far as it goes. */
static size_t string_length(const char *bytes, size_t length)
{
    size_t at = 1;
    while (at < length && bytes[at] != '"')
        at += bytes[at] == '\\' && at + 1 < length ? 2 : 1;
    return at < length ? at + 1 : length;
}

/* What begins like JSON is taken as JSON: wherever it is not, the indenting is
 * odd, and nothing else. */
static bool looks_like_json(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && isspace((unsigned char)bytes[at]))
        at++;
    return at < length && (bytes[at] == '{' || bytes[at] == '[');
}

void indent_json(const char *bytes, size_t length, struct buf *out)
{
    int depth = 0;
    size_t at = 0;
    bool is_open = false; /* a bracket has just opened and closes at once */
    if (!looks_like_json(bytes, length)) {
        buf_add(out, bytes, length);
        return;
    }
    while (at < length) {
        char byte = bytes[at];
        if (byte == '"') {
            size_t used = string_length(bytes + at, length - at);
            buf_add(out, bytes + at, used);
            at += used;
            continue;
        }
        at++;
        if (isspace((unsigned char)byte))
            continue;
        if ((byte == '}' || byte == ']') && !is_open)
            begin_line(out, --depth);
        else if (byte == '}' || byte == ']')
            depth--;
        buf_add_byte(out, byte);
        is_open = false;
        if (byte == '{' || byte == '[') {
            depth++;
            is_open = closes_at_once(bytes + at, length - at);
            if (!is_open)
                begin_line(out, depth);
        } else if (byte == ',') {
            begin_line(out, depth);
        } else if (byte == ':') {
            buf_add_byte(out, ' ');
        }
    }
}
