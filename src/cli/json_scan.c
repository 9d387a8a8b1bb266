#include "cli/json_scan.h"

#include "base/json.h"

#include <stdint.h>
#include <string.h>

/* Longer numbers are no numbers of ours; the limit keeps a value that is cut
 * by the end of the bytes from being read again and again. */
enum { MOST_WORD_BYTES = 1000 };

/* What may come next. */
enum state {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* behind [ */
    EXPECT_KEY_OR_END,   /* behind { */
    EXPECT_KEY,          /* behind , in an object */
    EXPECT_COLON,
    EXPECT_NEXT, /* behind a value: a comma or the closing bracket */
    IN_KEY,
    IN_TEXT,
};

enum step {
    STEP_ON,   /* at has moved */
    STEP_WAIT, /* the bytes end too early to tell */
    STEP_DONE,
    STEP_BAD,
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_hex(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

static bool is_word(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '+' ||
           byte == '.';
}

static enum step bad(const char **reason, const char *text)
{
    *reason = text;
    return STEP_BAD;
}

/* A value has just ended. */
static enum step end_value(struct json_scan *scan)
{
    scan->state = EXPECT_NEXT;
    return scan->levels.depth == 0 ? STEP_DONE : STEP_ON;
}

static size_t count_digits(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && is_digit(text[count]))
        count++;
    return count;
}

static bool is_number(const char *text, size_t length)
{
    const char *end = text + length;
    if (text < end && *text == '-')
        text++;
    size_t digits = count_digits(text, (size_t)(end - text));
    if (digits == 0 || (digits > 1 && *text == '0'))
        return false;
    text += digits;
    if (text < end && *text == '.') {
        text++;
        digits = count_digits(text, (size_t)(end - text));
        if (digits == 0)
            return false;
        text += digits;
    }
    if (text < end && (*text | 0x20) == 'e') {
        text++;
        if (text < end && (*text == '+' || *text == '-'))
            text++;
        digits = count_digits(text, (size_t)(end - text));
        if (digits == 0)
            return false;
        text += digits;
    }
    return text == end;
}

static bool is_literal(const char *text, size_t length)
{
    return (length == 4 && memcmp(text, "true", 4) == 0) ||
           (length == 5 && memcmp(text, "false", 5) == 0) ||
           (length == 4 && memcmp(text, "null", 4) == 0);
}

/* A number or a literal at the front. */
static enum step take_word(struct json_scan *scan, const char *bytes,
                           size_t length, bool is_last, const char **reason)
{
    const char *word = bytes + scan->at;
    size_t rest = length - scan->at;
    size_t used = 0;
    while (used < rest && used <= MOST_WORD_BYTES && is_word(word[used]))
        used++;
    if (used > MOST_WORD_BYTES)
        return bad(reason, "a number is too long");
    if (used == rest && !is_last)
        return STEP_WAIT;
    if (!is_number(word, used) && !is_literal(word, used))
        return bad(reason, "not JSON");
    scan->at += used;
    return end_value(scan);
}

/* The escape at the front: 0 it is cut, SIZE_MAX it is none, else its length.
 */
static size_t measure_escape(const char *escape, size_t length)
{
    if (length < 2)
        return 0;
    if (escape[1] == '\0' || strchr("\"\\/bfnrtu", escape[1]) == NULL)
        return SIZE_MAX;
    if (escape[1] != 'u')
        return 2;
    for (size_t i = 2; i < 6; i++) {
        if (i >= length)
            return 0;
        if (!is_hex(escape[i]))
            return SIZE_MAX;
    }
    return 6;
}

/* On through a string, behind its opening quote. */
static enum step take_string(struct json_scan *scan, const char *bytes,
                             size_t length, const char **reason)
{
    size_t at =
        scan->at + json_plain_length(bytes + scan->at, length - scan->at);
    scan->at = at;
    if (at == length)
        return STEP_ON;
    if (bytes[at] == '"') {
        scan->at++;
        if (scan->state == IN_TEXT)
            return end_value(scan);
        scan->state = EXPECT_COLON;
        return STEP_ON;
    }
    if (bytes[at] != '\\')
        return bad(reason, bytes[at] == '\n' || bytes[at] == '\r'
                               ? "a string does not end on its line"
                               : "a control character in a string");
    size_t used = measure_escape(bytes + at, length - at);
    if (used == 0)
        return STEP_WAIT;
    if (used == SIZE_MAX)
        return bad(reason, "not JSON");
    scan->at += used;
    return STEP_ON;
}

static enum step open_level(struct json_scan *scan, bool is_object,
                            const char **reason)
{
    struct json_levels *levels = &scan->levels;
    if (levels->depth == JSON_SCAN_MOST_LEVELS)
        return bad(reason, "nested deeper than 1000 levels");
    levels->is_object[levels->depth++] = is_object;
    scan->state = is_object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    scan->at++;
    return STEP_ON;
}

static enum step close_level(struct json_scan *scan)
{
    scan->levels.depth--;
    scan->at++;
    return end_value(scan);
}

static enum step move_on(struct json_scan *scan, enum state state)
{
    scan->state = (int)state;
    scan->at++;
    return STEP_ON;
}

static enum step take_value(struct json_scan *scan, const char *bytes,
                            size_t length, bool is_last, const char **reason)
{
    char byte = bytes[scan->at];
    if (byte == '{' || byte == '[')
        return open_level(scan, byte == '{', reason);
    if (byte == '"')
        return move_on(scan, IN_TEXT);
    if (byte == ']' && scan->state == EXPECT_VALUE_OR_END)
        return close_level(scan);
    return take_word(scan, bytes, length, is_last, reason);
}

/* The byte that stands where no value can begin. */
static enum step take_mark(struct json_scan *scan, char byte,
                           const char **reason)
{
    bool in_object = scan->levels.is_object[scan->levels.depth - 1];
    if (scan->state == EXPECT_COLON && byte == ':')
        return move_on(scan, EXPECT_VALUE);
    if (scan->state == EXPECT_NEXT && byte == ',')
        return move_on(scan, in_object ? EXPECT_KEY : EXPECT_VALUE);
    if (scan->state == EXPECT_NEXT && byte == (in_object ? '}' : ']'))
        return close_level(scan);
    if (scan->state == EXPECT_KEY_OR_END && byte == '}')
        return close_level(scan);
    if ((scan->state == EXPECT_KEY || scan->state == EXPECT_KEY_OR_END) &&
        byte == '"')
        return move_on(scan, IN_KEY);
    return bad(reason, "not JSON");
}

static enum step take(struct json_scan *scan, const char *bytes, size_t length,
                      bool is_last, const char **reason)
{
    if (scan->state == IN_KEY || scan->state == IN_TEXT)
        return take_string(scan, bytes, length, reason);
    if (is_blank(bytes[scan->at])) {
        scan->at++;
        return STEP_ON;
    }
    if (scan->state == EXPECT_VALUE || scan->state == EXPECT_VALUE_OR_END)
        return take_value(scan, bytes, length, is_last, reason);
    return take_mark(scan, bytes[scan->at], reason);
}

void json_scan_begin(struct json_scan *scan, size_t at)
{
    scan->at = at;
    scan->state = EXPECT_VALUE;
    scan->levels.depth = 0;
}

enum json_scan_result json_scan_run(struct json_scan *scan, const char *bytes,
                                    size_t length, bool is_last,
                                    const char **reason)
{
    while (scan->at < length) {
        enum step step = take(scan, bytes, length, is_last, reason);
        if (step == STEP_DONE)
            return JSON_SCAN_DONE;
        if (step == STEP_BAD)
            return JSON_SCAN_BAD;
        if (step == STEP_WAIT)
            break;
    }
    if (!is_last)
        return JSON_SCAN_MORE;
    *reason = "it does not end";
    return JSON_SCAN_BAD;
}

bool json_scan_follows_comma(const struct json_scan *scan)
{
    return scan->state == EXPECT_KEY;
}
