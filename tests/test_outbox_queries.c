/* test_outbox_queries.c - every named query can be prepared, and none scans a
 * table that may be large without saying why. */
#include "support/outbox_fixture.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "queries.h"

#include <glob.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct named_query {
    const char *name;
    const char *sql;
};

#define QUERY_ROW_OF(constant, name, sql) {#name, sql},
static const struct named_query queries[] = {QUERIES(QUERY_ROW_OF)};

/* All of schema/queries, one file behind the other. */
static void read_sources(struct buf *sources)
{
    glob_t files;
    buf_init(sources, 1 << 20);
    assert_int_equal(glob(TEST_QUERIES "/*.sql", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct err err;
        struct buf one;
        buf_init(&one, 1 << 20);
        assert_true(file_read(files.gl_pathv[i], &one, &err));
        buf_add(sources, one.bytes, one.length);
        buf_free(&one);
    }
    globfree(&files);
}

/* True if the block of this name has a line "-- scans: …". */
static bool declares_scan(const struct buf *sources, const char *name)
{
    char head[128];
    (void)snprintf(head, sizeof(head), "-- name: %s\n", name);
    const char *block = strstr(buf_text(sources), head);
    assert_non_null(block);
    const char *end = strstr(block + 1, "-- name: ");
    const char *scans = strstr(block, "\n-- scans: ");
    return scans != NULL && (end == NULL || scans < end);
}

/* The first line of the plan that reads more than it looks for; static. */
static const char *find_scan(sqlite3 *database, const char *sql)
{
    static char detail[256];
    char explain[5000];
    sqlite3_stmt *statement;
    (void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
    if (sqlite3_prepare_v2(database, explain, -1, &statement, NULL) !=
        SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    detail[0] = '\0';
    while (detail[0] == '\0' && sqlite3_step(statement) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(statement, 3);
        bool scans = text_has_prefix(line, "SCAN ") &&
                     !text_equals(line, "SCAN CONSTANT ROW");
        if (scans || text_has_prefix(line, "USE TEMP B-TREE"))
            (void)snprintf(detail, sizeof(detail), "%s", line);
    }
    (void)sqlite3_finalize(statement);
    return detail[0] == '\0' ? NULL : detail;
}

static void no_query_scans_without_saying_why(void **state)
{
    const struct fixture *fixture = *state;
    struct buf sources;
    sqlite3 *database;
    int wrong = 0;
    read_sources(&sources);
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        const char *scan = find_scan(database, queries[i].sql);
        bool declared = declares_scan(&sources, queries[i].name);
        if ((scan != NULL) != declared) {
            print_error("%s: %s\n", queries[i].name,
                        scan != NULL ? scan : "declared, but does not scan");
            wrong++;
        }
    }
    (void)sqlite3_close(database);
    buf_free(&sources);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_query_scans_without_saying_why,
                                        fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
