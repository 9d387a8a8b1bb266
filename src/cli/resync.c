#include "cli/resync.h"

enum step {
    STEP_ON,
    STEP_FOUND_HERE,   /* go on at this byte */
    STEP_FOUND_BEHIND, /* go on behind it */
};

static void open_level(struct json_levels *levels, bool is_object)
{
    if (levels->depth < JSON_SCAN_MOST_LEVELS)
        levels->is_object[levels->depth++] = is_object;
}

/* Close all up to the innermost of that kind. False: there is none. */
static bool close_level(struct json_levels *levels, bool is_object)
{
    int depth = levels->depth;
    while (depth > 0 && levels->is_object[depth - 1] != is_object)
        depth--;
    if (depth == 0)
        return false;
    levels->depth = depth - 1;
    return true;
}

static bool is_in_object(const struct json_levels *levels)
{
    return levels->depth > 0 && levels->is_object[levels->depth - 1];
}

static enum step end_line(struct resync *resync)
{
    resync->is_in_string = false;
    resync->is_escaped = false;
    resync->is_at_front = true;
    resync->indent = 0;
    return resync->skips_line ? STEP_FOUND_BEHIND : STEP_ON;
}

static enum step take_in_string(struct resync *resync, char byte)
{
    if (resync->is_escaped)
        resync->is_escaped = false;
    else if (byte == '\\')
        resync->is_escaped = true;
    else if (byte == '"')
        resync->is_in_string = false;
    return STEP_ON;
}

/* The first byte of a line that is no blank: does a value begin here? */
static bool begins_value(const struct resync *resync, char byte)
{
    if (resync->indent > resync->most_indent)
        return false;
    if (byte == '{')
        return true;
    return !resync->is_in_list && byte != '}' && byte != ']' && byte != ',' &&
           byte != '"';
}

/* A bracket has closed: is the bad value over? */
static enum step end_level(struct resync *resync)
{
    if (resync->levels.depth > 0)
        return STEP_ON;
    if (resync->is_in_list)
        return STEP_FOUND_BEHIND;
    resync->skips_line = true;
    return STEP_ON;
}

static enum step take_bracket(struct resync *resync, char byte,
                              bool follows_comma)
{
    struct json_levels *levels = &resync->levels;
    bool is_object = byte == '{' || byte == '}';
    bool begins_next = (follows_comma && is_in_object(levels)) ||
                       (resync->has_begun && levels->depth == 0);
    if (byte == '{' && resync->is_in_list && begins_next)
        return STEP_FOUND_HERE;
    if (byte == '{' || byte == '[') {
        open_level(levels, is_object);
        return STEP_ON;
    }
    if (close_level(levels, is_object))
        return end_level(resync);
    return byte == ']' && resync->is_in_list ? STEP_FOUND_HERE : STEP_ON;
}

static enum step take(struct resync *resync, char byte)
{
    if (byte == '\n')
        return end_line(resync);
    if (resync->skips_line)
        return STEP_ON;
    if (resync->is_in_string)
        return take_in_string(resync, byte);
    if (byte == ' ' || byte == '\t' || byte == '\r') {
        resync->indent += resync->is_at_front ? 1 : 0;
        return STEP_ON;
    }
    bool follows_comma = resync->follows_comma;
    resync->follows_comma = byte == ',';
    if (resync->is_at_front && begins_value(resync, byte))
        return STEP_FOUND_HERE;
    resync->is_at_front = false;
    if (byte == '"')
        resync->is_in_string = true;
    if (byte == '{' || byte == '[' || byte == '}' || byte == ']')
        return take_bracket(resync, byte, follows_comma);
    bool is_between = resync->is_in_list && resync->levels.depth == 0;
    return is_between && byte == ',' ? STEP_FOUND_HERE : STEP_ON;
}

void resync_begin(struct resync *resync, bool is_in_list, int64_t most_indent)
{
    resync->levels.depth = 0;
    resync->is_in_list = is_in_list;
    resync->most_indent = most_indent;
    resync->indent = 0;
    resync->is_at_front = false;
    resync->is_in_string = false;
    resync->is_escaped = false;
    resync->follows_comma = false;
    resync->skips_line = false;
    resync->has_begun = false;
}

void resync_begin_inside(struct resync *resync, bool is_in_list,
                         int64_t most_indent, const struct json_scan *scan)
{
    resync_begin(resync, is_in_list, most_indent);
    resync->levels = scan->levels;
    resync->follows_comma = json_scan_follows_comma(scan);
    resync->has_begun = true;
}

void resync_begin_line(struct resync *resync)
{
    resync_begin(resync, false, 0);
    resync->skips_line = true;
}

bool resync_run(struct resync *resync, const char *bytes, size_t length,
                size_t *used)
{
    for (size_t i = 0; i < length; i++) {
        enum step step = take(resync, bytes[i]);
        resync->has_begun = true;
        if (step == STEP_ON)
            continue;
        *used = step == STEP_FOUND_BEHIND ? i + 1 : i;
        return true;
    }
    return false;
}
