#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t MS_PER_SECOND = 1000;
static const int64_t MS_PER_MINUTE = INT64_C(60) * 1000;
static const int64_t MS_PER_HOUR = INT64_C(60) * 60 * 1000;
static const int64_t MS_PER_DAY = INT64_C(24) * 60 * 60 * 1000;
static const int64_t MOST_DAYS = 10000;

/* Decode one character; 0 bytes consumed means that it is invalid. */
static size_t decode_utf8(const unsigned char *bytes, size_t length,
                          uint32_t *character)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need;
    if (bytes[0] < 0x80) {
        *character = bytes[0];
        return 1;
    } else if (bytes[0] >= 0xC2 && bytes[0] <= 0xDF) {
        need = 2;
        *character = bytes[0] & 0x1FU;
    } else if (bytes[0] >= 0xE0 && bytes[0] <= 0xEF) {
        need = 3;
        *character = bytes[0] & 0x0FU;
    } else if (bytes[0] >= 0xF0 && bytes[0] <= 0xF4) {
        need = 4;
        *character = bytes[0] & 0x07U;
    } else {
        return 0;
    }
    if (need > length)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        *character = *character << 6 | (bytes[i] & 0x3FU);
    }
    bool surrogate = *character >= 0xD800 && *character <= 0xDFFF;
    if (*character < smallest[need] || *character > 0x10FFFF || surrogate)
        return 0;
    return need;
}

/* How many bytes at the front are ASCII, eight at once. */
static size_t count_ascii(const unsigned char *bytes, size_t length)
{
    size_t count = 0;
    for (; length - count >= sizeof(uint64_t); count += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes + count, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    while (count < length && bytes[count] < 0x80)
        count++;
    return count;
}

/* How many bytes at the front are printable ASCII. */
static size_t count_plain(const unsigned char *bytes, size_t length)
{
    size_t count = 0;
    while (count < length && bytes[count] >= 0x20 && bytes[count] < 0x7F)
        count++;
    return count;
}

bool text_equals(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

void text_copy(char *out, size_t size, const char *text)
{
    if (size == 0)
        return;
    size_t length = strnlen(text, size - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

bool text_has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_is_utf8(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    while (length > 0) {
        uint32_t character;
        size_t used = count_ascii(at, length);
        if (used == 0)
            used = decode_utf8(at, length, &character);
        if (used == 0)
            return false;
        at += used;
        length -= used;
    }
    return true;
}

size_t text_next_character(const char *bytes, size_t length,
                           uint32_t *character)
{
    size_t used = decode_utf8((const unsigned char *)bytes, length, character);
    if (used > 0)
        return used;
    *character = 0xFFFD;
    return 1;
}

bool text_is_hostile(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character <= 0x9F) ||
           character == 0x061C || character == 0x200E || character == 0x200F ||
           character == 0x2028 || character == 0x2029 ||
           (character >= 0x202A && character <= 0x202E) ||
           (character >= 0x2066 && character <= 0x2069);
}

void text_make_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            *text = ' ';
    }
}

void text_add_printable(struct buf *buf, const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text;
    while (length > 0) {
        uint32_t character = ' ';
        size_t used = count_plain(at, length);
        if (used == 0)
            used = decode_utf8(at, length, &character);
        if (used == 0 || text_is_hostile(character))
            buf_add_byte(buf, '?');
        else
            buf_add(buf, at, used);
        used = used == 0 ? 1 : used;
        at += used;
        length -= used;
    }
}

bool text_parse_int64(const char *text, int64_t minimum, int64_t maximum,
                      int64_t *number)
{
    if (*text != '-' && (*text < '0' || *text > '9'))
        return false;
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || parsed < minimum ||
        parsed > maximum)
        return false;
    *number = parsed;
    return true;
}

bool text_parse_duration(const char *text, int64_t *duration_ms)
{
    static const struct {
        const char *suffix;
        int64_t ms;
    } units[] = {
        {"ms", 1},
        {"s", 1000},
        {"m", INT64_C(60) * 1000},
        {"h", INT64_C(60) * 60 * 1000},
        {"d", INT64_C(24) * 60 * 60 * 1000},
        {"", 1000},
    };
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 15)
        return false;
    char number[16];
    memcpy(number, text, digits);
    number[digits] = '\0';
    int64_t count;
    if (!text_parse_int64(number, 0, INT64_MAX, &count))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text + digits, units[i].suffix) != 0)
            continue;
        if (count > MOST_DAYS * MS_PER_DAY / units[i].ms)
            return false;
        *duration_ms = count * units[i].ms;
        return true;
    }
    return false;
}

void text_format_duration(int64_t duration_ms, char *out, size_t size)
{
    int64_t ms = duration_ms < 0 ? 0 : duration_ms;
    if (ms < MS_PER_SECOND)
        (void)snprintf(out, size, "%" PRId64 " ms", ms);
    else if (ms < MS_PER_MINUTE)
        (void)snprintf(out, size, "%" PRId64 " s", ms / MS_PER_SECOND);
    else if (ms < MS_PER_HOUR)
        (void)snprintf(out, size, "%" PRId64 " min", ms / MS_PER_MINUTE);
    else if (ms < MS_PER_DAY)
        (void)snprintf(out, size, "%" PRId64 " h %02" PRId64 " min",
                       ms / MS_PER_HOUR, ms % MS_PER_HOUR / MS_PER_MINUTE);
    else
        (void)snprintf(out, size, "%" PRId64 " d %02" PRId64 " h",
                       ms / MS_PER_DAY, ms % MS_PER_DAY / MS_PER_HOUR);
}

void text_format_time(int64_t wall_ms, char *out, size_t size)
{
    int64_t seconds = wall_ms / MS_PER_SECOND;
    if (wall_ms % MS_PER_SECOND < 0)
        seconds--;
    time_t when = (time_t)seconds;
    struct tm utc;
    if (gmtime_r(&when, &utc) == NULL ||
        strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &utc) == 0)
        (void)snprintf(out, size, "%" PRId64 " s", seconds);
}

void text_format_count(int64_t number, char *out, size_t size)
{
    char digits[24];
    char grouped[32];
    int length = snprintf(digits, sizeof(digits), "%" PRId64, number);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        bool after_digit = i > 0 && digits[i - 1] != '-';
        if (after_digit && (length - i) % 3 == 0)
            grouped[used++] = ',';
        grouped[used++] = digits[i];
    }
    grouped[used] = '\0';
    text_copy(out, size, grouped);
}
