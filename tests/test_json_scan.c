#include "cli/json_scan.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const char *const values[] = {
    "{}",
    "[]",
    "{\"a\":1}",
    "{\"a\":{\"b\":[1,-2.5e+10,0,0.1,1E3,-0]}}",
    "[true,false,null,\"\",{},[]]",
    " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : null }",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uABCD\"",
    "\"{[}]\"",
    "[\"\xC3\xA9\x7F\"]",
};

static const struct {
    const char *bytes;
    size_t at;
    const char *reason;
} faults[] = {
    {"{]", 1, "not JSON"},
    {"[}", 1, "not JSON"},
    {"{,}", 1, "not JSON"},
    {"{\"a\"}", 4, "not JSON"},
    {"{\"a\",1}", 4, "not JSON"},
    {"{\"a\":}", 5, "not JSON"},
    {"{\"a\":1,}", 7, "not JSON"},
    {"{\"a\":1 \"b\":2}", 7, "not JSON"},
    {"{\"a\":1,{", 7, "not JSON"},
    {"{a:1}", 1, "not JSON"},
    {"{'a':1}", 1, "not JSON"},
    {"[1,]", 3, "not JSON"},
    {"[,1]", 1, "not JSON"},
    {"[1 2]", 3, "not JSON"},
    {"[01]", 1, "not JSON"},
    {"[+1]", 1, "not JSON"},
    {"[1.]", 1, "not JSON"},
    {"[.5]", 1, "not JSON"},
    {"[1e]", 1, "not JSON"},
    {"[1e+]", 1, "not JSON"},
    {"[-]", 1, "not JSON"},
    {"[NaN]", 1, "not JSON"},
    {"[Infinity]", 1, "not JSON"},
    {"[True]", 1, "not JSON"},
    {"[truee]", 1, "not JSON"},
    {"[nul]", 1, "not JSON"},
    {"[0x10]", 1, "not JSON"},
    {"[\"\\x\"]", 2, "not JSON"},
    {"[\"\\u12g4\"]", 2, "not JSON"},
    {"[\"\\u\"]", 2, "not JSON"},
    {"[\"a\tb\"]", 3, "a control character in a string"},
    {"[\"a\nb\"]", 3, "a string does not end on its line"},
    {"[\"a\r\n", 3, "a string does not end on its line"},
    {"\xEF\xBB\xBF{}", 0, "not JSON"},
    {"/*x*/{}", 0, "not JSON"},
    {"[", 1, "it does not end"},
    {"{\"a\":1", 6, "it does not end"},
    {"[\"a", 3, "it does not end"},
    {"[\"a\\", 3, "it does not end"},
    {"[\"a\\u00", 3, "it does not end"},
    {"", 0, "it does not end"},
};

static void values_end_where_they_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct buf bytes;
        struct json_scan scan;
        const char *reason = NULL;
        size_t length = strlen(values[i]);
        buf_init(&bytes, 1000);
        buf_add_text(&bytes, values[i]);
        buf_add_text(&bytes, " {");
        json_scan_begin(&scan, 0);
        assert_int_equal(
            json_scan_run(&scan, bytes.bytes, bytes.length, false, &reason),
            JSON_SCAN_DONE);
        assert_int_equal(scan.at, length);
        buf_free(&bytes);
    }
}

static void bytes_may_come_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct json_scan scan;
        const char *reason = NULL;
        size_t length = strlen(values[i]);
        json_scan_begin(&scan, 0);
        for (size_t have = 0; have < length; have++)
            assert_int_equal(
                json_scan_run(&scan, values[i], have, false, &reason),
                JSON_SCAN_MORE);
        assert_int_equal(
            json_scan_run(&scan, values[i], length, false, &reason),
            JSON_SCAN_DONE);
        assert_int_equal(scan.at, length);
    }
}

static void a_number_outside_of_brackets_ends_with_the_bytes(void **state)
{
    (void)state;
    struct json_scan scan;
    const char *reason = NULL;
    json_scan_begin(&scan, 0);
    assert_int_equal(json_scan_run(&scan, "12", 2, false, &reason),
                     JSON_SCAN_MORE);
    assert_int_equal(json_scan_run(&scan, "12", 2, true, &reason),
                     JSON_SCAN_DONE);
    assert_int_equal(scan.at, 2);
}

static void faults_are_found_where_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct json_scan scan;
        const char *reason = "";
        json_scan_begin(&scan, 0);
        enum json_scan_result result = json_scan_run(
            &scan, faults[i].bytes, strlen(faults[i].bytes), true, &reason);
        if (result != JSON_SCAN_BAD || scan.at != faults[i].at ||
            strcmp(reason, faults[i].reason) != 0)
            fail_msg("%s: %s at %zu", faults[i].bytes, reason, scan.at);
    }
}

static void faults_are_the_same_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct json_scan scan;
        const char *reason = "";
        size_t length = strlen(faults[i].bytes);
        enum json_scan_result result = JSON_SCAN_MORE;
        json_scan_begin(&scan, 0);
        for (size_t have = 0; result == JSON_SCAN_MORE; have++)
            result = json_scan_run(&scan, faults[i].bytes, have, have == length,
                                   &reason);
        assert_int_equal(result, JSON_SCAN_BAD);
        assert_string_equal(reason, faults[i].reason);
    }
}

static void bytes_looked_at_may_be_dropped(void **state)
{
    (void)state;
    static const char value[] = "{\"key\":[1234,\"text\\u0041\"],\"k\":{}}";
    struct json_scan scan;
    const char *reason = NULL;
    size_t dropped = 0;
    enum json_scan_result result = JSON_SCAN_MORE;
    json_scan_begin(&scan, 0);
    for (size_t have = 1; result == JSON_SCAN_MORE; have++) {
        result = json_scan_run(&scan, value + dropped, have - dropped, false,
                               &reason);
        dropped += scan.at;
        scan.at = 0;
    }
    assert_int_equal(result, JSON_SCAN_DONE);
    assert_int_equal(dropped, sizeof(value) - 1);
}

static void levels_have_a_maximum(void **state)
{
    (void)state;
    char brackets[JSON_SCAN_MOST_LEVELS + 1];
    struct json_scan scan;
    const char *reason = "";
    memset(brackets, '[', sizeof(brackets));
    json_scan_begin(&scan, 0);
    assert_int_equal(
        json_scan_run(&scan, brackets, JSON_SCAN_MOST_LEVELS, false, &reason),
        JSON_SCAN_MORE);
    assert_int_equal(
        json_scan_run(&scan, brackets, sizeof(brackets), false, &reason),
        JSON_SCAN_BAD);
    assert_string_equal(reason, "nested deeper than 1000 levels");
}

static void numbers_have_a_maximum(void **state)
{
    (void)state;
    char digits[2000];
    struct json_scan scan;
    const char *reason = "";
    memset(digits, '1', sizeof(digits));
    json_scan_begin(&scan, 0);
    assert_int_equal(
        json_scan_run(&scan, digits, sizeof(digits), false, &reason),
        JSON_SCAN_BAD);
    assert_string_equal(reason, "a number is too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_end_where_they_end),
        cmocka_unit_test(bytes_may_come_one_by_one),
        cmocka_unit_test(a_number_outside_of_brackets_ends_with_the_bytes),
        cmocka_unit_test(faults_are_found_where_they_are),
        cmocka_unit_test(faults_are_the_same_byte_by_byte),
        cmocka_unit_test(bytes_looked_at_may_be_dropped),
        cmocka_unit_test(levels_have_a_maximum),
        cmocka_unit_test(numbers_have_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
