/* test_json.c - what is written is JSON, whatever it is made of. */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(literal)  literal, sizeof(literal) - 1
#define BAD             "\xEF\xBF\xBD" /* U+FFFD */

static struct buf out;
static struct json json;

static int begin(void **state)
{
    (void)state;
    buf_init(&out, 1024 * 1024);
    json_begin(&json, &out);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_free(&out);
    return 0;
}

static void values_are_written_as_json(void **state)
{
    (void)state;
    json_open_array(&json);
    json_text(&json, "a");
    json_text(&json, "");
    json_text(&json, NULL);
    json_int64(&json, INT64_MIN);
    json_int64(&json, INT64_MAX);
    json_bool(&json, true);
    json_bool(&json, false);
    json_null(&json);
    json_raw(&json, "{\"b\": 1}xxx", 8);
    json_close(&json);
    assert_string_equal(buf_text(&out),
                        "[\"a\",\"\",null,-9223372036854775808,"
                        "9223372036854775807,true,false,null,{\"b\": 1}]");
}

static void commas_stand_between_items_only(void **state)
{
    (void)state;
    json_open_object(&json);
    json_key(&json, "a");
    json_open_array(&json);
    json_close(&json);
    json_key(&json, "b");
    json_open_object(&json);
    json_close(&json);
    json_key(&json, "c");
    json_open_array(&json);
    json_open_array(&json);
    json_int64(&json, 1);
    json_int64(&json, 2);
    json_close(&json);
    json_open_object(&json);
    json_key_int64(&json, "d", 3);
    json_key_null(&json, "e");
    json_close(&json);
    json_close(&json);
    json_key_text(&json, "f", NULL);
    json_key_text(&json, "g", "x");
    json_key_bool(&json, "h", true);
    json_close(&json);
    assert_string_equal(buf_text(&out),
                        "{\"a\":[],\"b\":{},\"c\":[[1,2],{\"d\":3,\"e\":null}],"
                        "\"f\":null,\"g\":\"x\",\"h\":true}");
}

static void value_goes_behind_what_the_buffer_holds(void **state)
{
    (void)state;
    buf_add_text(&out, "x\n");
    json_begin(&json, &out);
    json_int64(&json, 1);
    assert_string_equal(buf_text(&out), "x\n1");
}

static void text_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *written;
    } rows[] = {
        {BYTES("\"\\/"), "\"\\\"\\\\/\""},
        {BYTES("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\""},
        {BYTES("\x01\x0B\x0E\x1F x"), "\"\\u0001\\u000b\\u000e\\u001f x\""},
        {BYTES("a\0b"), "\"a\\u0000b\""},
        {BYTES("\x7F"), "\"\x7F\""},
        {BYTES("caf\xC3\xA9 \xF0\x9F\x98\x80"),
         "\"caf\xC3\xA9 \xF0\x9F\x98\x80\""},
        {BYTES("\xFF"), "\"" BAD "\""},
        {BYTES("a\xC3"), "\"a" BAD "\""},
        {BYTES("\xC3\"\xC3\xA9"), "\"" BAD "\\\"\xC3\xA9\""},
        {BYTES("\xC0\x80\n"), "\"" BAD BAD "\\n\""},
        {BYTES("\xED\xA0\x80"), "\"" BAD BAD BAD "\""},
        {BYTES("\xF4\x90\x80\x80"), "\"" BAD BAD BAD BAD "\""},
        {BYTES("\xE2\x82"), "\"" BAD BAD "\""},
        {BYTES("\xFF\xF0\x9F\x98\x80\xE2\x82\xAC"),
         "\"" BAD "\xF0\x9F\x98\x80\xE2\x82\xAC\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buf_clear(&out);
        json_begin(&json, &out);
        json_text_bytes(&json, rows[i].bytes, rows[i].length);
        assert_string_equal(buf_text(&out), rows[i].written);
    }
}

/* Eight bytes are looked at at once. */
static void a_byte_to_be_escaped_is_seen_at_every_place(void **state)
{
    (void)state;
    static const struct {
        char byte;
        const char *written;
    } rows[] = {{'"', "\\\""},     {'\\', "\\\\"}, {'\x1F', "\\u001f"},
                {'\0', "\\u0000"}, {'\x80', BAD},  {'\xFF', BAD}};
    for (size_t row = 0; row < COUNT_OF(rows); row++) {
        for (size_t length = 1; length <= 25; length++) {
            for (size_t at = 0; at < length; at++) {
                char text[32];
                char wanted[64];
                memset(text, '~', sizeof(text));
                text[at] = rows[row].byte;
                (void)snprintf(wanted, sizeof(wanted), "\"%.*s%s%.*s\"",
                               (int)at, text, rows[row].written,
                               (int)(length - at - 1), text + at + 1);
                buf_clear(&out);
                json_begin(&json, &out);
                json_text_bytes(&json, text, length);
                assert_string_equal(buf_text(&out), wanted);
            }
        }
    }
}

static void keys_are_escaped_as_texts_are(void **state)
{
    (void)state;
    json_open_object(&json);
    json_key_int64(&json, "a\"\n\xFF", 1);
    json_close(&json);
    assert_string_equal(buf_text(&out), "{\"a\\\"\\n" BAD "\":1}");
}

static void numbers_are_short_and_read_back_the_same(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *written;
    } rows[] = {
        {0.0, "0"},
        {1.0, "1"},
        {-2.5, "-2.5"},
        {9.99, "9.99"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3.0, "0.3333333333333333"},
        {1787572858123.0, "1787572858123"},
        {9007199254740993.0, "9007199254740992"},
        {1e21, "1e+21"},
        {5e-324, "4.94065645841247e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buf_clear(&out);
        json_begin(&json, &out);
        json_double(&json, rows[i].number);
        assert_string_equal(buf_text(&out), rows[i].written);
    }
}

static void numbers_have_a_point_in_any_locale(void **state)
{
    (void)state;
    static const char *const with_comma[] = {"de_DE.UTF-8", "de_DE.utf8",
                                             "fr_FR.UTF-8", "fr_FR.utf8"};
    bool is_set = false;
    for (size_t i = 0; i < COUNT_OF(with_comma) && !is_set; i++)
        is_set = setlocale(LC_NUMERIC, with_comma[i]) != NULL;
    if (!is_set)
        skip(); /* none of them on this machine */
    json_double(&json, -1234.5e-20);
    (void)setlocale(LC_NUMERIC, "C");
    assert_string_equal(buf_text(&out), "-1.2345e-17");
}

static void deepest_nesting_closes_each_level_as_it_was_opened(void **state)
{
    (void)state;
    enum { LEVELS = 63 };
    char expected[1000] = "";
    size_t at = 0;
    for (int i = 0; i < LEVELS; i++) {
        if (i % 3 == 0) {
            json_open_object(&json);
            json_key(&json, "k");
            memcpy(expected + at, "{\"k\":", 5);
            at += 5;
        } else {
            json_open_array(&json);
            expected[at++] = '[';
        }
    }
    json_null(&json);
    memcpy(expected + at, "null", 4);
    at += 4;
    for (int i = LEVELS - 1; i >= 0; i--) {
        json_close(&json);
        expected[at++] = i % 3 == 0 ? '}' : ']';
    }
    assert_string_equal(buf_text(&out), expected);
    assert_int_equal(json.depth, 0);
}

static void what_does_not_fit_shows_in_the_overflow(void **state)
{
    (void)state;
    struct buf small;
    buf_init(&small, 5);
    json_begin(&json, &small);
    json_text(&json, "abc");
    assert_false(small.overflow);
    buf_clear(&small);
    json_begin(&json, &small);
    json_text(&json, "abcd");
    assert_true(small.overflow);
    buf_free(&small);
}

static void whole_json_is_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {
        {BYTES("{}")},       {BYTES(" \t\r\n{\"a\": [1, null]} \t\r\n")},
        {BYTES("\"text\"")}, {BYTES("-1.5e3")},
        {BYTES("null")},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        cJSON *tree = json_parse(rows[i].bytes, rows[i].length, &err);
        if (tree == NULL)
            fail_msg("row %zu: %s", i, err.text);
        assert_int_equal(err.code, ERR_NONE);
        cJSON_Delete(tree);
    }
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } rows[] = {
        {BYTES(""), "not JSON (at byte 1)"},
        {BYTES("x"), "not JSON (at byte 1)"},
        {BYTES("{\"a\":x}"), "not JSON (at byte 6)"},
        {BYTES("{} {}"), "not JSON (something follows at byte 4)"},
        {BYTES("{}x"), "not JSON (something follows at byte 3)"},
        {BYTES("{}\0"), "not JSON (something follows at byte 3)"},
        {BYTES("{} \x01"), "not JSON (something follows at byte 4)"},
        {BYTES("1,2"), "not JSON (something follows at byte 2)"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        assert_null(json_parse(rows[i].bytes, rows[i].length, &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_string_equal(err.text, rows[i].text);
    }
}

static void bytes_behind_the_length_are_not_parsed(void **state)
{
    (void)state;
    struct err err = {0};
    cJSON *tree = json_parse("123", 2, &err);
    assert_non_null(tree);
    assert_int_equal(tree->valueint, 12);
    cJSON_Delete(tree);
    assert_null(json_parse("{}", 1, &err));
}

static void nesting_is_parsed_to_the_limit_only(void **state)
{
    (void)state;
    static const struct {
        size_t levels;
        bool is_parsed;
    } rows[] = {{1000, true}, {1001, false}, {100000, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buf_clear(&out);
        for (size_t k = 0; k < rows[i].levels; k++)
            buf_add_byte(&out, '[');
        for (size_t k = 0; k < rows[i].levels; k++)
            buf_add_byte(&out, ']');
        struct err err;
        cJSON *tree = json_parse(buf_text(&out), out.length, &err);
        assert_int_equal(tree != NULL, rows[i].is_parsed);
        cJSON_Delete(tree);
    }
}

static void one_text_is_found_under_its_key(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *found; /* NULL: none */
    } rows[] = {
        {"{\"name\":\"rc\"}", "rc"},
        {"{\"a\":{\"name\":\"x\"},\"name\":\"1234567\"}", "1234567"},
        {"{\"name\":\"\"}", ""},
        {"{\"name\":\"12345678\"}", NULL}, /* no room for the NUL */
        {"{\"Name\":\"rc\"}", NULL},
        {"{\"name\":7}", NULL},
        {"[\"name\"]", NULL},
        {"{\"name\":", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[8] = "before";
        bool found = json_find_text(rows[i].json, strlen(rows[i].json), "name",
                                    text, sizeof(text));
        assert_int_equal(found, rows[i].found != NULL);
        assert_string_equal(text, found ? rows[i].found : "before");
    }
}

/* Each byte at each place of a text that is longer than two words. */
static void a_plain_text_ends_at_the_first_byte_to_be_escaped(void **state)
{
    (void)state;
    enum { LENGTH = 21 };
    for (int byte = 0; byte < 256; byte++) {
        bool is_plain = byte >= 0x20 && byte != '"' && byte != '\\';
        for (size_t at = 0; at < LENGTH; at++) {
            char bytes[LENGTH];
            memset(bytes, at % 2 == 0 ? 'x' : '\xFF', sizeof(bytes));
            bytes[at] = (char)byte;
            assert_int_equal(json_plain_length(bytes, LENGTH),
                             is_plain ? LENGTH : at);
            bytes[LENGTH - 1] = '"'; /* a later one changes nothing */
            assert_int_equal(json_plain_length(bytes, LENGTH),
                             is_plain && at < LENGTH - 1 ? LENGTH - 1 : at);
            assert_int_equal(json_plain_length(bytes, at), at);
        }
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_written_as_json),
        TEST(commas_stand_between_items_only),
        TEST(value_goes_behind_what_the_buffer_holds),
        TEST(text_is_escaped),
        TEST(a_byte_to_be_escaped_is_seen_at_every_place),
        TEST(keys_are_escaped_as_texts_are),
        TEST(numbers_are_short_and_read_back_the_same),
        TEST(numbers_have_a_point_in_any_locale),
        TEST(deepest_nesting_closes_each_level_as_it_was_opened),
        TEST(what_does_not_fit_shows_in_the_overflow),
        TEST(whole_json_is_parsed),
        TEST(what_is_not_json_is_refused_with_its_place),
        TEST(bytes_behind_the_length_are_not_parsed),
        TEST(nesting_is_parsed_to_the_limit_only),
        TEST(one_text_is_found_under_its_key),
        TEST(a_plain_text_ends_at_the_first_byte_to_be_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
