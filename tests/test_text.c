/* test_text.c - small pure functions over text. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(literal)  literal, sizeof(literal) - 1

static void null_equals_only_null(void **state)
{
    (void)state;
    assert_true(text_equals(NULL, NULL));
    assert_false(text_equals(NULL, ""));
    assert_false(text_equals("", NULL));
    assert_true(text_equals("", ""));
    assert_true(text_equals("ab", "ab"));
    assert_false(text_equals("ab", "aB"));
    assert_false(text_equals("ab", "abc"));
}

static void prefix_is_at_the_beginning(void **state)
{
    (void)state;
    assert_true(text_has_prefix("abc", ""));
    assert_true(text_has_prefix("abc", "ab"));
    assert_true(text_has_prefix("abc", "abc"));
    assert_false(text_has_prefix("abc", "abcd"));
    assert_false(text_has_prefix("abc", "bc"));
    assert_false(text_has_prefix("", "a"));
}

struct utf8_row {
    const char *bytes;
    size_t length;
};

static const struct utf8_row valid_rows[] = {
    {BYTES("")},
    {BYTES("plain")},
    {BYTES("a\0b")},
    {BYTES("\x7F")},
    {BYTES("\xC2\x80")},         /* U+0080, the first of two bytes */
    {BYTES("\xDF\xBF")},         /* U+07FF, the last */
    {BYTES("\xE0\xA0\x80")},     /* U+0800, the first of three */
    {BYTES("\xED\x9F\xBF")},     /* U+D7FF, before the surrogates */
    {BYTES("\xEE\x80\x80")},     /* U+E000, after them */
    {BYTES("\xEF\xBF\xBF")},     /* U+FFFF, the last of three */
    {BYTES("\xF0\x90\x80\x80")}, /* U+10000, the first of four */
    {BYTES("\xF4\x8F\xBF\xBF")}, /* U+10FFFF, the last of all */
    {BYTES("caf\xC3\xA9 \xF0\x9F\x98\x80!")},
};

static const struct utf8_row invalid_rows[] = {
    {BYTES("\x80")},             /* continues nothing */
    {BYTES("a\xBF")},            /* the same, behind a letter */
    {BYTES("\xC0\x80")},         /* overlong NUL */
    {BYTES("\xC1\xBF")},         /* overlong U+007F */
    {BYTES("\xE0\x80\x80")},     /* overlong NUL */
    {BYTES("\xE0\x9F\xBF")},     /* overlong U+07FF */
    {BYTES("\xF0\x80\x80\x80")}, /* overlong NUL */
    {BYTES("\xF0\x8F\xBF\xBF")}, /* overlong U+FFFF */
    {BYTES("\xED\xA0\x80")},     /* U+D800, the first surrogate */
    {BYTES("\xED\xBF\xBF")},     /* U+DFFF, the last */
    {BYTES("\xF4\x90\x80\x80")}, /* U+110000 */
    {BYTES("\xF5\x80\x80\x80")}, /* never in UTF-8 */
    {BYTES("\xFE")},             /* never in UTF-8 */
    {BYTES("\xFF")},             /* never in UTF-8 */
    {BYTES("\xC3")},             /* cut */
    {BYTES("\xE2\x82")},         /* cut */
    {BYTES("\xF0\x9F\x98")},     /* cut */
    {BYTES("\xC3(")},            /* a letter where it should continue */
    {BYTES("\xE2\x82(")},        /* the same */
    {BYTES("\xE2(\xA1")},        /* the same */
    {BYTES("\xF0\x9F\x98(")},    /* the same */
    {BYTES("\xC3\xC3\xA9")},     /* a start where it should continue */
};

static void valid_utf8_is_told_from_invalid(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(valid_rows); i++) {
        if (!text_is_utf8(valid_rows[i].bytes, valid_rows[i].length))
            fail_msg("valid row %zu", i);
    }
    for (size_t i = 0; i < COUNT_OF(invalid_rows); i++) {
        if (text_is_utf8(invalid_rows[i].bytes, invalid_rows[i].length))
            fail_msg("invalid row %zu", i);
    }
}

static void bytes_behind_the_length_are_not_looked_at(void **state)
{
    (void)state;
    for (size_t at = 0; at < 20; at++) { /* eight bytes are read at once */
        char text[20];
        memset(text, 'a', sizeof(text));
        text[at] = '\xC3';
        assert_false(text_is_utf8(text, sizeof(text)));
        assert_true(text_is_utf8(text, at));
    }
    assert_true(text_is_utf8("a\xFF", 1));
    assert_false(text_is_utf8("\xC3\xA9", 1));
}

static void characters_are_read_one_by_one(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        size_t used;
        uint32_t character;
    } rows[] = {
        {BYTES("a"), 1, 'a'},
        {BYTES("\0"), 1, 0},
        {BYTES("\xC3\xA9z"), 2, 0xE9},
        {BYTES("\xE2\x82\xAC"), 3, 0x20AC},
        {BYTES("\xF0\x9F\x98\x80"), 4, 0x1F600},
        {BYTES("\xC3"), 1, 0xFFFD},             /* cut off */
        {BYTES("\xFFz"), 1, 0xFFFD},            /* never in UTF-8 */
        {BYTES("\xED\xA0\x80"), 1, 0xFFFD},     /* half a surrogate */
        {BYTES("\xF4\x90\x80\x80"), 1, 0xFFFD}, /* beyond U+10FFFF */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t character;
        assert_int_equal(
            text_next_character(rows[i].bytes, rows[i].length, &character),
            rows[i].used);
        assert_int_equal(character, rows[i].character);
    }
}

static void hostile_is_what_a_terminal_might_obey(void **state)
{
    (void)state;
    static const uint32_t hostile[] = {
        0,      0x1B,   0x1F,   0x7F,   0x9B,   0x61C,  0x200E,
        0x2028, 0x202A, 0x202E, 0x2066, 0x2069, 0x2029,
    };
    static const uint32_t harmless[] = {' ',    '~',    0xA0,   0x301,
                                        0x200D, 0x3042, 0x1F600};
    for (size_t i = 0; i < COUNT_OF(hostile); i++)
        assert_true(text_is_hostile(hostile[i]));
    for (size_t i = 0; i < COUNT_OF(harmless); i++)
        assert_false(text_is_hostile(harmless[i]));
}

static void one_line_has_no_control_characters(void **state)
{
    (void)state;
    char text[] = "\x01"
                  "a\tb\nc\rd\x1F e\x7F~caf\xC3\xA9";
    text_make_one_line(text);
    assert_string_equal(text, " a b c d  e ~caf\xC3\xA9");
}

static void printable_text_commands_no_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *shown;
    } rows[] = {
        {BYTES(""), ""},
        {BYTES("a ~"), "a ~"},
        {BYTES("caf\xC3\xA9 \xF0\x9F\x98\x80"), "caf\xC3\xA9 \xF0\x9F\x98\x80"},
        {BYTES("\x1B[2J\a\b\n\t\r"), "?[2J?????"},
        {BYTES("a\0b"), "a?b"},
        {BYTES("\x1F\x20\x7E\x7F"), "? ~?"},
        {BYTES("\xC2\x80\xC2\x9B\xC2\x9F\xC2\xA0"), "???\xC2\xA0"}, /* C1 */
        {BYTES("\xD8\x9B\xD8\x9C\xD8\x9D"), "\xD8\x9B?\xD8\x9D"},   /* U+061C */
        /* U+200D to U+2010 */
        {BYTES("\xE2\x80\x8D\xE2\x80\x8E\xE2\x80\x8F\xE2\x80\x90"),
         "\xE2\x80\x8D??\xE2\x80\x90"},
        /* U+2027 to U+202F */
        {BYTES("\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA\xE2\x80\xAB"
               "\xE2\x80\xAC\xE2\x80\xAD\xE2\x80\xAE\xE2\x80\xAF"),
         "\xE2\x80\xA7???????\xE2\x80\xAF"},
        /* U+2065 to U+206A */
        {BYTES("\xE2\x81\xA5\xE2\x81\xA6\xE2\x81\xA7\xE2\x81\xA8\xE2\x81\xA9"
               "\xE2\x81\xAA"),
         "\xE2\x81\xA5????\xE2\x81\xAA"},
        {BYTES("\xFF"
               "a\xC3"),
         "?a?"},
        {BYTES("\xED\xA0\x80"), "???"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf buf;
        buf_init(&buf, 100);
        text_add_printable(&buf, rows[i].bytes, rows[i].length);
        assert_string_equal(buf_text(&buf), rows[i].shown);
        buf_free(&buf);
    }
}

static void integers_are_read_to_their_limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t minimum;
        int64_t maximum;
        bool is_read;
        int64_t number;
    } rows[] = {
        {"0", 0, 0, true, 0},
        {"-0", 0, 0, true, 0},
        {"007", 0, 9, true, 7},
        {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
        {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
        {"5", 5, 7, true, 5},
        {"7", 5, 7, true, 7},
        {"4", 5, 7, false, 0},
        {"8", 5, 7, false, 0},
        {"", INT64_MIN, INT64_MAX, false, 0},
        {"-", INT64_MIN, INT64_MAX, false, 0},
        {"--1", INT64_MIN, INT64_MAX, false, 0},
        {"- 1", INT64_MIN, INT64_MAX, false, 0},
        {"+1", INT64_MIN, INT64_MAX, false, 0},
        {" 1", INT64_MIN, INT64_MAX, false, 0},
        {"1 ", INT64_MIN, INT64_MAX, false, 0},
        {"1x", INT64_MIN, INT64_MAX, false, 0},
        {"0x1", INT64_MIN, INT64_MAX, false, 0},
        {"1.0", INT64_MIN, INT64_MAX, false, 0},
        {"x", INT64_MIN, INT64_MAX, false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t number = 77;
        bool is_read = text_parse_int64(rows[i].text, rows[i].minimum,
                                        rows[i].maximum, &number);
        if (is_read != rows[i].is_read)
            fail_msg("\"%s\"", rows[i].text);
        assert_int_equal(number, is_read ? rows[i].number : 77);
    }
}

static void durations_are_read_with_their_unit(void **state)
{
    (void)state;
    static const int64_t most_ms = INT64_C(10000) * 24 * 60 * 60 * 1000;
    static const struct {
        const char *text;
        int64_t ms; /* -1: not a duration */
    } rows[] = {
        {"0", 0},
        {"0s", 0},
        {"30", 30000},
        {"30s", 30000},
        {"250ms", 250},
        {"4m", 240000},
        {"2h", 7200000},
        {"90d", INT64_C(7776000000)},
        {"10000d", most_ms},
        {"10001d", -1},
        {"240000h", most_ms},
        {"240001h", -1},
        {"864000000", most_ms},
        {"864000001", -1},
        {"864000000000ms", most_ms},
        {"864000000001ms", -1},
        {"999999999999999d", -1},
        {"9999999999999999d", -1},
        {"99999999999999999999999s", -1},
        {"", -1},
        {"s", -1},
        {"-1s", -1},
        {"+1s", -1},
        {"1.5h", -1},
        {"1 s", -1},
        {" 1s", -1},
        {"1S", -1},
        {"1sec", -1},
        {"1h30m", -1},
        {"1w", -1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = -1;
        bool is_read = text_parse_duration(rows[i].text, &ms);
        if (ms != rows[i].ms || is_read != (rows[i].ms >= 0))
            fail_msg("\"%s\"", rows[i].text);
    }
}

static void durations_show_two_units_at_most(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *shown;
    } rows[] = {
        {INT64_MIN, "0 ms"},
        {-1, "0 ms"},
        {0, "0 ms"},
        {999, "999 ms"},
        {1000, "1 s"},
        {59999, "59 s"},
        {60000, "1 min"},
        {3599999, "59 min"},
        {3600000, "1 h 00 min"},
        {11100000, "3 h 05 min"},
        {86399999, "23 h 59 min"},
        {86400000, "1 d 00 h"},
        {176400000, "2 d 01 h"},
        {INT64_MAX, "106751991167 d 07 h"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char shown[32];
        text_format_duration(rows[i].ms, shown, sizeof(shown));
        assert_string_equal(shown, rows[i].shown);
    }
}

static void times_are_shown_in_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *shown;
    } rows[] = {
        {0, "1970-01-01 00:00:00 UTC"},
        {999, "1970-01-01 00:00:00 UTC"},
        {-1, "1969-12-31 23:59:59 UTC"},
        {-1000, "1969-12-31 23:59:59 UTC"},
        {-1001, "1969-12-31 23:59:58 UTC"},
        {INT64_C(1787572858123), "2026-08-24 12:00:58 UTC"},
        {INT64_C(1709164800000), "2024-02-29 00:00:00 UTC"},
        {INT64_MAX, "292278994-08-17 07:12:55 UTC"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char shown[TEXT_TIME_BYTES];
        text_format_time(rows[i].ms, shown, sizeof(shown));
        assert_string_equal(shown, rows[i].shown);
    }
}

static void counts_have_commas_between_thousands(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        const char *shown;
    } rows[] = {
        {0, "0"},
        {999, "999"},
        {1000, "1,000"},
        {12345, "12,345"},
        {999999, "999,999"},
        {1028441, "1,028,441"},
        {-1, "-1"},
        {-999, "-999"},
        {-1000, "-1,000"},
        {-123456, "-123,456"},
        {INT64_MAX, "9,223,372,036,854,775,807"},
        {INT64_MIN, "-9,223,372,036,854,775,808"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char shown[32];
        text_format_count(rows[i].number, shown, sizeof(shown));
        assert_string_equal(shown, rows[i].shown);
    }
}

static void counts_fill_their_room_to_the_last_byte(void **state)
{
    (void)state;
    char shown[] = "........";
    text_format_count(1234, shown, sizeof("1,234"));
    assert_memory_equal(shown, "1,234\0..", 8);
    text_format_count(567, shown, sizeof("567"));
    assert_memory_equal(shown, "567\0", 4);
    shown[0] = '.';
    text_format_count(8, shown, 0);
    assert_int_equal(shown[0], '.');
}

static void a_copy_is_cut_to_its_room(void **state)
{
    (void)state;
    char copy[] = "........";
    text_copy(copy, 4, "abcdef");
    assert_memory_equal(copy, "abc\0....", 8);
    text_copy(copy, 4, "xy");
    assert_memory_equal(copy, "xy\0\0....", 8);
    text_copy(copy, sizeof(copy), "12345678");
    assert_string_equal(copy, "12345678");
    text_copy(copy, 1, "z");
    assert_memory_equal(copy, "\0002345678", 9);
    text_copy(copy + 1, 0, "z");
    assert_int_equal(copy[1], '2');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_equals_only_null),
        cmocka_unit_test(prefix_is_at_the_beginning),
        cmocka_unit_test(valid_utf8_is_told_from_invalid),
        cmocka_unit_test(bytes_behind_the_length_are_not_looked_at),
        cmocka_unit_test(characters_are_read_one_by_one),
        cmocka_unit_test(hostile_is_what_a_terminal_might_obey),
        cmocka_unit_test(one_line_has_no_control_characters),
        cmocka_unit_test(printable_text_commands_no_terminal),
        cmocka_unit_test(integers_are_read_to_their_limits),
        cmocka_unit_test(durations_are_read_with_their_unit),
        cmocka_unit_test(durations_show_two_units_at_most),
        cmocka_unit_test(times_are_shown_in_utc),
        cmocka_unit_test(counts_have_commas_between_thousands),
        cmocka_unit_test(counts_fill_their_room_to_the_last_byte),
        cmocka_unit_test(a_copy_is_cut_to_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
