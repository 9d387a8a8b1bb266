/* A body's members, by the scan and by the tree: the same. */
#include "event/members.h"

#include "event/members_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENT(members) "{\"event\":{\"id\":\"i\"," members "}}"

static void assert_same_value(const struct member_value *a,
                              const struct member_value *b)
{
    assert_int_equal(a->type, b->type);
    if (a->type == MEMBER_TEXT)
        assert_string_equal(a->text, b->text);
    if (a->type == MEMBER_NUMBER)
        assert_true(a->number == b->number);
}

/* The scan reads the body, and what the tree reads of it is the same: an
 * escape in a key, which the scan leaves alone, makes sure of the tree. */
static void expect_same(const char *body)
{
    struct members scanned;
    struct members read;
    struct err err = {0};
    char *odd = malloc(strlen(body) + 16);
    assert_non_null(odd);
    const char *brace = strchr(body, '{');
    (void)snprintf(odd, strlen(body) + 16, "{\"\\u0041\":0,%s", brace + 1);
    if (!members_scan(body, strlen(body), &scanned))
        fail_msg("not scanned: %s", body);
    assert_null(scanned.tree);
    if (!members_read(odd, strlen(odd), &read, &err))
        fail_msg("%s: %s", odd, err.text);
    assert_non_null(read.tree);
    for (int i = 0; i < MEMBER_COUNT; i++)
        assert_same_value(&scanned.values[i], &read.values[i]);
    assert_same_value(&scanned.entitlement, &read.entitlement);
    members_free(&scanned);
    members_free(&read);
    free(odd);
}

static void ordinary_bodies_are_scanned_as_the_tree_reads_them(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"event\":{\"\":0}}",
        " { \"event\" : { } } \r\n\t",
        EVENT("\"id\":\"second\",\"type\":null,\"type\":\"T\""),
        EVENT(
            "\"store\":{\"id\":\"x\"},\"app_id\":[1,[2,{}]],\"price\":-1.5e+9"),
        EVENT("\"store\":true,\"app_id\":false,\"product_id\":\"\""),
        EVENT("\"purchased_at_ms\":-0,\"expiration_at_ms\":999999999999999"),
        EVENT("\"expiration_at_ms\":-5,\"event_timestamp_ms\":0"),
        EVENT("\"entitlement_ids\":[]"),
        EVENT("\"entitlement_ids\":[ \"a\" , \"b\" ]"),
        EVENT("\"entitlement_ids\":[null,\"b\"]"),
        EVENT("\"entitlement_ids\":[{\"a\":[1]},\"b\"]"),
        EVENT("\"entitlement_ids\":[[],\"b\"],\"store\":\"S\""),
        EVENT("\"entitlement_ids\":[7]"),
        EVENT("\"entitlement_ids\":\"a\",\"entitlement_ids\":[\"b\"]"),
        EVENT("\"note\":\"\\n \\\\ \\\" \\/\",\"store\":\"S\""),
        EVENT("\"app_user_id\":\"\xC3\xA4\xFF\""),
        EVENT("\"note\":\"a\tb\",\"store\":\"\001\x7F\""),
        EVENT("\"note\":\"\\\"\",\"store\":\"behind\""),
        EVENT("\"note\":\"\\\\\",\"store\":\"behind\""),
        EVENT("\"a\":\"\\n\",\"b\":\"c\",\"d\":[{\"e\":\"\\\"\\\\\"}],"
              "\"store\":\"S\",\"f\":\"\\t\\\\\",\"app_id\":\"A\""),
        "{\"event\":{\"id\":\"a\"},\"event\":{\"id\":\"b\",\"store\":\"S\"}}",
        "{\"id\":\"x\",\"event\":{\"metadata\":{\"store\":\"x\"}}}",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_same(rows[i]);
}

/* The processor time that it takes to scan a text of so many escapes. */
static double time_to_scan_s(size_t escapes)
{
    static const char start[] = "{\"event\":{\"note\":\"";
    static const char end[] = "\"}}";
    size_t length = sizeof(start) - 1 + 2 * escapes + sizeof(end) - 1;
    char *body = malloc(length + 1);
    struct members members;
    assert_non_null(body);
    memcpy(body, start, sizeof(start));
    for (size_t i = 0; i < escapes; i++)
        memcpy(body + sizeof(start) - 1 + 2 * i, "\\n", 2);
    memcpy(body + length - (sizeof(end) - 1), end, sizeof(end));
    clock_t began = clock();
    assert_true(members_scan(body, length, &members));
    double took_s = (double)(clock() - began) / CLOCKS_PER_SEC;
    members_free(&members);
    free(body);
    return took_s;
}

static double least_time_to_scan_s(size_t escapes)
{
    double least_s = time_to_scan_s(escapes);
    for (int i = 0; i < 4; i++) {
        double took_s = time_to_scan_s(escapes);
        if (took_s < least_s)
            least_s = took_s;
    }
    return least_s;
}

/* 16 times as many take 16 times as long, where they once took 256. */
static void many_escapes_are_scanned_once(void **state)
{
    (void)state;
    double few_s = least_time_to_scan_s(31250);
    double many_s = least_time_to_scan_s(500000);
    if (many_s > 64 * few_s + 0.05)
        fail_msg("%g s, and %g s for 16 times as many", few_s, many_s);
}

/* What is looked for by length is in that order; and each of them is found. */
static void every_key_is_found_by_its_length(void **state)
{
    (void)state;
    for (int i = 0; i < MEMBER_COUNT; i++) {
        char body[128];
        struct members members;
        assert_int_equal(strlen(member_keys[i].key), member_keys[i].length);
        assert_true(i == 0 ||
                    member_keys[i - 1].length <= member_keys[i].length);
        (void)snprintf(body, sizeof(body),
                       "{\"event\":{\"x\":1,\"%s\":true,\"%.*sX\":null}}",
                       member_keys[i].key, (int)member_keys[i].length - 1,
                       member_keys[i].key);
        assert_true(members_scan(body, strlen(body), &members));
        for (int other = 0; other < MEMBER_COUNT; other++)
            assert_int_equal(members.values[other].type,
                             other == i ? MEMBER_TRUE : MEMBER_ABSENT);
        members_free(&members);
    }
}

static void the_samples_are_scanned(void **state)
{
    (void)state;
    DIR *folder = opendir(TEST_DATA "/webhooks");
    const struct dirent *entry;
    int count = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char path[512];
        char body[8192];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), TEST_DATA "/webhooks/%s",
                       entry->d_name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        body[fread(body, 1, sizeof(body) - 1, file)] = '\0';
        (void)fclose(file);
        expect_same(body);
        count++;
    }
    (void)closedir(folder);
    assert_true(count > 10);
}

static void what_is_out_of_the_ordinary_is_left_to_the_tree(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"event\":1}",
        "{\"event\":null,\"event\":{}}",
        "{\"event\":{}} x",
        "{\"event\":{},}",
        "{\"\\u0065vent\":{}}",
        EVENT("\"store\":\"\\u0041\""),
        EVENT("\"store\":\"a\\n\""),
        EVENT("\"note\":\"\\u0000\""),
        EVENT("\"note\":\"\\x\""),
        EVENT("\"note\":\"\\u\""),
        EVENT("\"note\":\"\\\""),
        EVENT("\"note\":01"),
        EVENT("\"note\":1."),
        EVENT("\"note\":+1"),
        EVENT("\"note\":.5"),
        EVENT("\"note\":1e"),
        EVENT("\"note\":-"),
        EVENT("\"note\":NaN"),
        EVENT("\"note\":tru"),
        EVENT("\"note\":[1,]"),
        EVENT("\"note\":[1 2]"),
        EVENT("\"note\":{\"a\" 1}"),
        EVENT("\"note\":{\"a\":}"),
        EVENT("\"purchased_at_ms\":1e12"),
        EVENT("\"purchased_at_ms\":1.5"),
        EVENT("\"purchased_at_ms\":1234567890123456"),
        EVENT("\"entitlement_ids\":[\"\\\\\"]"),
        EVENT("\"note\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"),
        EVENT(
            "\"note\":11111111111111111111111111111111111111111111111111111111"
            "111111111"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct members members;
        if (members_scan(rows[i], strlen(rows[i]), &members))
            fail_msg("scanned: %s", rows[i]);
        assert_null(members.texts);
    }
}

/* Wherever it ends: an exact copy, so that a read behind the end is seen. */
static void a_body_that_breaks_off_is_not_scanned(void **state)
{
    (void)state;
    static const char body[] =
        EVENT("\"store\":\"S\",\"purchased_at_ms\":12,\"a\":[1.5e3,true,{}],"
              "\"entitlement_ids\":[\"pro\"],\"b\":null,\"c\":\"\\n\"");
    for (size_t length = 0; length < sizeof(body) - 1; length++) {
        struct members members;
        char *cut = malloc(length + 1);
        assert_non_null(cut);
        char *exact = realloc(memcpy(cut, body, length), length + !length);
        assert_non_null(exact);
        assert_false(members_scan(exact, length, &members));
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_bodies_are_scanned_as_the_tree_reads_them),
        cmocka_unit_test(many_escapes_are_scanned_once),
        cmocka_unit_test(every_key_is_found_by_its_length),
        cmocka_unit_test(the_samples_are_scanned),
        cmocka_unit_test(what_is_out_of_the_ordinary_is_left_to_the_tree),
        cmocka_unit_test(a_body_that_breaks_off_is_not_scanned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
