/* test_tree.c - the pages of a table or an index, beneath SQLite. */
#include "support/outbox_fixture.h"

#include "outbox/connection.h"
#include "outbox/tree.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { MOST_PAGES = 8192 };

static unsigned char page[UNUSED_MOST_PAGE_BYTES];

/* Of each page, how often it was seen. */
struct seen {
    sqlite3 *database;
    int times[MOST_PAGES];
    int count;
};

/* No transaction is open meanwhile: the log can be used anew. */
static void see(void *context, uint32_t number, const unsigned char *bytes)
{
    struct seen *seen = context;
    assert_ptr_equal(bytes, page);
    assert_in_range(number, 2, MOST_PAGES - 1);
    assert_int_equal(sqlite3_txn_state(seen->database, NULL), SQLITE_TXN_NONE);
    seen->times[number]++;
    seen->count++;
}

static void walk(struct fixture *fixture, uint32_t root, struct seen *seen)
{
    struct pages pages;
    *seen = (struct seen){.database = fixture->store->database};
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_check(fixture, pages_open(&pages, fixture->store, &fixture->err));
    fixture_check(fixture,
                  tree_walk(&pages, root, page, see, seen, &fixture->err));
}

static uint32_t root_of(struct fixture *fixture, const char *name)
{
    char sql[200];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT rootpage FROM sqlite_master WHERE name = '%s'",
                   name);
    return (uint32_t)fixture_number(fixture, sql);
}

/* As SQLite itself tells it. */
static void check(struct fixture *fixture, const char *name, int least)
{
    static struct seen seen;
    char sql[200];
    sqlite3 *database;
    sqlite3_stmt *rows;
    int count = 0;
    walk(fixture, root_of(fixture, name), &seen);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT pageno FROM dbstat WHERE name = '%s'"
                   " AND pagetype <> 'overflow'",
                   name);
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &rows, NULL),
                     SQLITE_OK);
    for (; sqlite3_step(rows) == SQLITE_ROW; count++)
        assert_int_equal(seen.times[sqlite3_column_int64(rows, 0)], 1);
    (void)sqlite3_finalize(rows);
    (void)sqlite3_close(database);
    assert_int_equal(seen.count, count);
    assert_true(count >= least);
}

static void it_tells_every_page_once(void **state)
{
    struct fixture *fixture = *state;
    fixture_run(fixture,
                "CREATE TABLE t (a, b); CREATE INDEX i ON t (b);"
                "CREATE TABLE w (a PRIMARY KEY, b) WITHOUT ROWID;"
                "CREATE TABLE empty (a);"
                "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n"
                " WHERE x < 3000) INSERT INTO t SELECT x,"
                " printf('%0*d', 20 + x * 7919 % 600, x) FROM n;"
                "INSERT INTO w SELECT b, a FROM t;"
                "INSERT INTO t VALUES (1, zeroblob(70000))");
    check(fixture, "t", 200);
    check(fixture, "i", 200);
    check(fixture, "w", 200);
    check(fixture, "empty", 1);
}

static void a_page_that_is_its_own_child_is_no_end_of_it(void **state)
{
    struct fixture *fixture = *state;
    static struct seen seen;
    struct pages pages;
    fixture_run(fixture,
                "CREATE TABLE t (a);"
                "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n"
                " WHERE x < 9) INSERT INTO t SELECT zeroblob(3000) FROM n");
    uint32_t root = root_of(fixture, "t");
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_check(fixture, pages_open(&pages, fixture->store, &fixture->err));
    const unsigned char itself[] = {0, 0, (unsigned char)(root >> 8),
                                    (unsigned char)root};
    assert_int_equal(pages.file->pMethods->xWrite(
                         pages.file, itself, sizeof(itself),
                         (sqlite3_int64)(root - 1) * pages.page_bytes + 8),
                     SQLITE_OK);
    walk(fixture, root, &seen);
    assert_in_range(seen.times[root], 2, pages.count);
    assert_in_range(seen.count, 8, pages.count);
}

static void a_root_that_is_none_has_no_pages(void **state)
{
    struct fixture *fixture = *state;
    static struct seen seen;
    walk(fixture, 0, &seen);
    assert_int_equal(seen.count, 0);
    walk(fixture, 2, &seen); /* a pointer map */
    assert_int_equal(seen.count, 0);
    walk(fixture, UINT32_MAX, &seen);
    assert_int_equal(seen.count, 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_tells_every_page_once),
        TEST(a_page_that_is_its_own_child_is_no_end_of_it),
        TEST(a_root_that_is_none_has_no_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
