/* test_embed.c - what cmake/embed.cmake makes of tests/data/schema. */
#include "bytes_fixture.h"
#include "schema/migrations.h"
#include "schema/queries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct query {
    const char *constant;
    const char *name;
    const char *sql;
};

#define QUERY_ROW(constant, name, sql) {#constant, #name, sql},
static const struct query queries[] = {QUERIES(QUERY_ROW)};

static void queries_of_all_files_are_listed_in_order(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"QUERY_PLAIN", "query_plain"},
        {"QUERY_TRICKY", "query_tricky"},
        {"QUERY_SECOND_FILE", "query_second_file"},
    };
    assert_int_equal(sizeof(queries) / sizeof(queries[0]), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(queries[i].constant, names[i][0]);
        assert_string_equal(queries[i].name, names[i][1]);
    }
}

static void comments_go_and_all_else_stays(void **state)
{
    (void)state;
    assert_string_equal(queries[0].sql, "SELECT 1;");
    assert_string_equal(
        queries[1].sql,
        "SELECT '-- no comment; it''s text',\n"
        "       \"a \"\"column\", '/* nor this */', 'what?\? [a;b] \\n'\n"
        "FROM t\n"
        "WHERE a - b = :c;");
    assert_string_equal(queries[2].sql, "DELETE FROM t\nWHERE id = :id;");
}

static void migrations_are_numbered_and_hold_their_files(void **state)
{
    (void)state;
#define MIGRATION_ROW(number, name, text) {number, name, text, sizeof(text)},
    static const struct {
        int number;
        const char *name;
        const char *text;
        size_t size;
    } migrations[] = {MIGRATIONS(MIGRATION_ROW)};
    static const char first[] = "CREATE TABLE t (id INTEGER PRIMARY KEY);\n";
    static const char second[] = "-- \xC3\xA4\nINSERT INTO t VALUES (1);\n";

    assert_int_equal(sizeof(migrations) / sizeof(migrations[0]), 2);
    assert_int_equal(migrations[0].number, 1);
    assert_string_equal(migrations[0].name, "tables");
    assert_string_equal(migrations[0].text, first);
    assert_int_equal(migrations[0].size, sizeof(first));
    assert_int_equal(migrations[1].number, 2);
    assert_string_equal(migrations[1].name, "rows");
    assert_string_equal(migrations[1].text, second);
    assert_int_equal(catalog_text_length, strlen(catalog_text));
    assert_non_null(strstr(catalog_text, "'app_store'"));
}

static void catalog_rows_become_macro_calls(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        const char *number;
    } kinds[] = {
#define FIXTURE_KIND(name, text, number) {name, text, #number},
#include "schema/catalog.inc"
    };
    static const char *const stores[] = {
#define FIXTURE_STORE(name) name,
#include "schema/catalog.inc"
    };
    assert_int_equal(sizeof(kinds) / sizeof(kinds[0]), 3);
    assert_string_equal(kinds[0].text, "FIRST");
    assert_string_equal(kinds[0].number, "1");
    assert_string_equal(kinds[1].text, "it's \"q\" \\ ; [x] (y), z");
    assert_string_equal(kinds[1].number, "-12");
    assert_string_equal(kinds[2].text, "");
    assert_string_equal(kinds[2].number, "NULL");
    assert_int_equal(sizeof(stores) / sizeof(stores[0]), 1);
    assert_string_equal(stores[0], "app_store");
}

static void text_is_embedded_byte_for_byte(void **state)
{
    (void)state;
    static const char bytes[] = "a;[b\\\"\xFF\n\0\x7F?\\?(";
    assert_int_equal(bytes_fixture_length, sizeof(bytes) - 1);
    assert_int_equal(sizeof(bytes_fixture), sizeof(bytes));
    assert_memory_equal(bytes_fixture, bytes, sizeof(bytes));
}

static void
whole_outbox_is_one_transaction_of_migrations_then_catalog(void **state)
{
    (void)state;
    char whole[4096];
    FILE *file = fopen(GENERATED "/outbox.sql", "rb");
    assert_non_null(file);
    size_t length = fread(whole, 1, sizeof(whole) - 1, file);
    (void)fclose(file);
    whole[length] = '\0';

    static const char begin[] = "BEGIN IMMEDIATE;\n";
    static const char end[] = "COMMIT;\n";
    assert_true(length > strlen(begin) + strlen(end));
    assert_memory_equal(whole, begin, strlen(begin));
    assert_string_equal(whole + length - strlen(end), end);

    const char *at = strstr(whole, migration_001_tables);
    assert_non_null(at);
    const char *const parts[] = {migration_001_tables, migration_002_rows,
                                 catalog_text};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_memory_equal(at, parts[i], strlen(parts[i]));
        at += strlen(parts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_of_all_files_are_listed_in_order),
        cmocka_unit_test(comments_go_and_all_else_stays),
        cmocka_unit_test(migrations_are_numbered_and_hold_their_files),
        cmocka_unit_test(catalog_rows_become_macro_calls),
        cmocka_unit_test(text_is_embedded_byte_for_byte),
        cmocka_unit_test(
            whole_outbox_is_one_transaction_of_migrations_then_catalog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
