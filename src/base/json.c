#include "base/json.h"

#include "base/text.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 63 };

static void begin_value(struct json *json)
{
    if (json->follows)
        buf_add_byte(json->out, ',');
    json->follows = true;
}

/* A text that needs no escape, in one piece: the comma before it, its quotes,
 * and the colon behind a key. */
static void add_plain(struct json *json, const char *bytes, size_t length,
                      bool is_key)
{
    size_t start = json->follows ? 1 : 0;
    size_t end = start + 1 + length;
    json->follows = !is_key;
    char *at = buf_extend(json->out, end + 1 + is_key);
    if (at == NULL)
        return;
    at[0] = ','; /* stays there where it is due */
    at[start] = '"';
    memcpy(at + start + 1, bytes, length);
    at[end] = '"';
    if (is_key)
        at[end + 1] = ':';
}

static void open_level(struct json *json, char opener, uint64_t is_object)
{
    assert(json->depth < MOST_LEVELS);
    begin_value(json);
    buf_add_byte(json->out, opener);
    json->closers = json->closers << 1 | is_object;
    json->depth++;
    json->follows = false;
}

static void add_escaped(struct buf *out, unsigned char byte)
{
    static const char escapes[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };
    if (byte == '"' || byte == '\\')
        buf_add_format(out, "\\%c", byte);
    else if (byte < sizeof(escapes) && escapes[byte] != '\0')
        buf_add_format(out, "\\%c", escapes[byte]);
    else
        buf_add_format(out, "\\u%04x", byte);
}

/* Eight bytes at once. The mark (0x80) of a byte is set if it is below 0x20, a
 * quote or a backslash; that of the lowest one is right, others are not where
 * a borrow came up from below. */
static uint64_t mark_special(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quote = word ^ (ones * '"');
    uint64_t backslash = word ^ (ones * '\\');
    return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
            ((backslash - ones) & ~backslash)) &
           (ones * 0x80);
}

/* Not zero if one of the eight bytes cannot stand in a text as it is, or is not
 * ASCII. */
static uint64_t mark_odd(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return mark_special(word) | (word & UINT64_C(0x8080808080808080));
}

/* True if all bytes are ASCII that a text can hold as it is. */
static bool is_plain(const char *bytes, size_t length)
{
    if (length < sizeof(uint64_t)) {
        char padded[] = "        ";
        memcpy(padded, bytes, length);
        return mark_odd(padded) == 0;
    }
    uint64_t found = 0;
    size_t last = length - sizeof(uint64_t);
    for (size_t at = 0; at < last; at += sizeof(uint64_t))
        found |= mark_odd(bytes + at);
    return (found | mark_odd(bytes + last)) == 0; /* some of them again */
}

static void add_valid_utf8(struct buf *out, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t plain = json_plain_length(bytes, length);
        buf_add(out, bytes, plain);
        bytes += plain;
        length -= plain;
        if (length > 0) {
            add_escaped(out, (unsigned char)*bytes);
            bytes++;
            length--;
        }
    }
}

/* The length of the valid character at the front; 0: the byte is invalid. */
static size_t valid_character(const char *bytes, size_t length)
{
    for (size_t take = 1; take <= 4 && take <= length; take++) {
        if (text_is_utf8(bytes, take))
            return take;
    }
    return 0;
}

/* A bad byte becomes U+FFFD. */
static void add_any(struct buf *out, const char *bytes, size_t length)
{
    if (text_is_utf8(bytes, length)) {
        add_valid_utf8(out, bytes, length);
        return;
    }
    for (size_t at = 0; at < length;) {
        size_t valid = valid_character(bytes + at, length - at);
        if (valid == 0)
            buf_add_text(out, "\xEF\xBF\xBD");
        else
            add_valid_utf8(out, bytes + at, valid);
        at += valid == 0 ? 1 : valid;
    }
}

/* As few of 15 to 17 digits as read back as the same number, with a point
 * whatever the locale has for it. */
static void add_finite(struct buf *out, double number)
{
    char text[40] = "";
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    size_t whole = strspn(text, "+-0123456789e");
    buf_add(out, text, whole);
    if (text[whole] != '\0') {
        buf_add_byte(out, '.');
        buf_add_text(out, strpbrk(text + whole, "0123456789"));
    }
}

size_t json_plain_length(const char *bytes, size_t length)
{
    size_t at = 0;
    for (; length - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof(word));
        uint64_t special = mark_special(le64toh(word));
        if (special != 0)
            return at + (size_t)__builtin_ctzll(special) / 8;
    }
    while (at < length && (unsigned char)bytes[at] >= 0x20 &&
           bytes[at] != '"' && bytes[at] != '\\')
        at++;
    return at;
}

void json_begin(struct json *json, struct buf *out)
{
    *json = (struct json){.out = out};
}

void json_open_object(struct json *json)
{
    open_level(json, '{', 1);
}

void json_open_array(struct json *json)
{
    open_level(json, '[', 0);
}

void json_close(struct json *json)
{
    assert(json->depth > 0);
    buf_add_byte(json->out, (json->closers & 1) != 0 ? '}' : ']');
    json->closers >>= 1;
    json->depth--;
    json->follows = true;
}

void json_key(struct json *json, const char *key)
{
    size_t length = strlen(key);
    if (is_plain(key, length)) {
        add_plain(json, key, length, true);
        return;
    }
    json_text_bytes(json, key, length);
    buf_add_byte(json->out, ':');
    json->follows = false;
}

void json_text(struct json *json, const char *text)
{
    if (text == NULL)
        json_null(json);
    else
        json_text_bytes(json, text, strlen(text));
}

void json_text_bytes(struct json *json, const char *bytes, size_t length)
{
    if (is_plain(bytes, length)) { /* nearly always */
        add_plain(json, bytes, length, false);
        return;
    }
    begin_value(json);
    buf_add_byte(json->out, '"');
    add_any(json->out, bytes, length);
    buf_add_byte(json->out, '"');
}

void json_int64(struct json *json, int64_t number)
{
    begin_value(json);
    buf_add_int64(json->out, number);
}

void json_double(struct json *json, double number)
{
    begin_value(json);
    if (isfinite(number))
        add_finite(json->out, number);
    else
        buf_add_text(json->out, "null");
}

void json_bool(struct json *json, bool truth)
{
    begin_value(json);
    buf_add_text(json->out, truth ? "true" : "false");
}

void json_null(struct json *json)
{
    begin_value(json);
    buf_add_text(json->out, "null");
}

void json_raw(struct json *json, const char *raw, size_t length)
{
    begin_value(json);
    buf_add(json->out, raw, length);
}

void json_key_text(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_text(json, text);
}

void json_key_int64(struct json *json, const char *key, int64_t number)
{
    json_key(json, key);
    json_int64(json, number);
}

void json_key_bool(struct json *json, const char *key, bool truth)
{
    json_key(json, key);
    json_bool(json, truth);
}

void json_key_null(struct json *json, const char *key)
{
    json_key(json, key);
    json_null(json);
}

cJSON *json_parse(const char *bytes, size_t length, struct err *err)
{
    const char *end = bytes;
    cJSON *tree = cJSON_ParseWithLengthOpts(bytes, length, &end, 0);
    if (tree == NULL) {
        (void)err_set(err, ERR_INVALID, "not JSON (at byte %zu)",
                      (size_t)(end - bytes) + 1);
        return NULL;
    }
    size_t rest = length - (size_t)(end - bytes);
    for (size_t i = 0; i < rest; i++) {
        if (strchr(" \t\r\n", end[i]) == NULL || end[i] == '\0') {
            (void)err_set(err, ERR_INVALID,
                          "not JSON (something follows at byte %zu)",
                          (size_t)(end - bytes) + i + 1);
            cJSON_Delete(tree);
            return NULL;
        }
    }
    return tree;
}

bool json_find_text(const char *bytes, size_t length, const char *key,
                    char *out, size_t size)
{
    struct err err;
    cJSON *tree = json_parse(bytes, length, &err);
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, key));
    bool fits = text != NULL && strlen(text) < size;
    if (fits)
        memcpy(out, text, strlen(text) + 1);
    cJSON_Delete(tree);
    return fits;
}
