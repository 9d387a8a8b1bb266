/* test_pages.c - the database file beneath SQLite. */
#include "support/outbox_fixture.h"

#include "outbox/pages.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct pages opened(struct fixture *fixture)
{
    struct pages pages;
    fixture_check(fixture, pages_open(&pages, fixture->store, &fixture->err));
    return pages;
}

static void the_header_says_how_the_file_is_laid_out(void **state)
{
    struct fixture *fixture = *state;
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    struct pages pages = opened(fixture);
    assert_int_equal(pages.page_bytes,
                     fixture_number(fixture, "PRAGMA page_size"));
    assert_int_equal(pages.count, fixture_number(fixture, "PRAGMA page_count"));
    assert_int_equal(pages.usable_bytes, pages.page_bytes);
    assert_true(pages.has_wal && pages.has_maps);
}

static void it_is_whole_while_the_log_is_empty(void **state)
{
    struct fixture *fixture = *state;
    struct pages pages = opened(fixture);
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_true(pages_are_whole(&pages));
    fixture_put(fixture, "e1", "RENEWAL", "u1");
    assert_false(pages_are_whole(&pages));
}

static void maps_and_the_page_of_the_locks_hold_no_rows(void **state)
{
    (void)state;
    struct pages pages = {.page_bytes = 4096,
                          .usable_bytes = 4096,
                          .count = 0x1000000,
                          .has_maps = true};
    static const struct {
        uint32_t number;
        bool may;
    } rows[] = {
        {0, false},        {1, true},          {2, false},
        {3, true},         {821, true},        {822, false},
        {823, true},       {1642, false},      {262145, false}, /* at one GiB */
        {0x1000000, true}, {0x1000001, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(pages_may_hold_rows(&pages, rows[i].number),
                         rows[i].may);
    pages.has_maps = false;
    assert_true(pages_may_hold_rows(&pages, 2));
    assert_false(pages_may_hold_rows(&pages, 262145));
    /* Where a map would be in the way of the locks, it comes next. */
    pages.has_maps = true;
    pages.page_bytes = 1024;
    pages.usable_bytes = 1024;
    uint32_t locks = 0x40000000 / 1024 + 1;
    bool is_map = (locks - 2) % (1024 / 5 + 1) == 0;
    assert_int_equal(pages_may_hold_rows(&pages, locks + 1), !is_map);
}

static void a_range_is_cleared_and_nothing_beside_it(void **state)
{
    struct fixture *fixture = *state;
    static unsigned char before[UNUSED_MOST_PAGE_BYTES];
    static unsigned char after[UNUSED_MOST_PAGE_BYTES];
    bool exists;
    fixture_run(fixture, "PRAGMA secure_delete = OFF; CREATE TABLE t (x);"
                         "INSERT INTO t VALUES (hex(randomblob(1800)));"
                         "DELETE FROM t; PRAGMA wal_checkpoint(TRUNCATE)");
    struct pages pages = opened(fixture);
    uint32_t number = (uint32_t)fixture_number(
        fixture, "SELECT rootpage FROM sqlite_master WHERE name = 't'");
    const struct unused_range range = {1000, 1100};
    fixture_check(fixture,
                  pages_read(&pages, number, before, &exists, &fixture->err));
    assert_true(exists && unused_is_dirty(before, range));
    fixture_check(
        fixture, pages_clear(&pages, number, range, &fixture->err) &&
                     pages_sync(&pages, &fixture->err) &&
                     pages_read(&pages, number, after, &exists, &fixture->err));
    assert_false(unused_is_dirty(after, range));
    memset(before + range.from, 0, range.until - range.from);
    assert_memory_equal(before, after, pages.page_bytes);
}

static void behind_the_end_there_is_no_page(void **state)
{
    struct fixture *fixture = *state;
    static unsigned char page[UNUSED_MOST_PAGE_BYTES];
    struct pages pages = opened(fixture);
    bool exists = true;
    fixture_check(fixture, pages_read(&pages, pages.count + 1, page, &exists,
                                      &fixture->err));
    assert_false(exists);
}

/* In a file of small pages, with a hole of 16 GiB at its end. */
static void a_file_of_too_many_pages_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "large.db");
    struct store_init_report report;
    struct store *store = NULL;
    struct pages pages;
    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database,
                                  "PRAGMA page_size = 512; CREATE TABLE t (x)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    (void)sqlite3_close(database);
    fixture_check(fixture, store_init(path, false, &report, &fixture->err) &&
                               store_open(path, STORE_WRITE, 2000, &store,
                                          &fixture->err));
    assert_int_equal(truncate(path, (off_t)0x02000000 * 512 - 1), 0);
    fixture_check(fixture, pages_open(&pages, store, &fixture->err));
    assert_int_equal(pages.count, 0x01ffffff);
    assert_int_equal(truncate(path, (off_t)0x02000000 * 512), 0);
    assert_false(pages_open(&pages, store, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_INVALID);
    assert_non_null(strstr(fixture->err.text, "VACUUM"));
    store_close(store);
}

static void count_page(void *context, uint32_t number, uint32_t used)
{
    (void)number;
    (void)used;
    ++*(int *)context;
}

static void a_list_of_free_pages_that_makes_no_sense_is_told(void **state)
{
    struct fixture *fixture = *state;
    static unsigned char page[UNUSED_MOST_PAGE_BYTES];
    int seen = 0;
    bool is_whole;
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    struct pages pages = opened(fixture);
    pages.first_trunk = pages.count + 1;
    fixture_check(fixture, pages_walk_free(&pages, page, count_page, &seen,
                                           &is_whole, &fixture->err));
    assert_false(is_whole);
    assert_int_equal(seen, 0);
    pages.first_trunk = 3; /* a page with rows: a type where a number stands */
    fixture_check(fixture, pages_walk_free(&pages, page, count_page, &seen,
                                           &is_whole, &fixture->err));
    assert_false(is_whole);
}

/* Free pages of which the last refers to the first: it ends, and soon. */
static void nor_one_that_is_a_ring(void **state)
{
    struct fixture *fixture = *state;
    static unsigned char page[UNUSED_MOST_PAGE_BYTES];
    int seen = 0;
    bool is_whole;
    fixture_run(fixture, "CREATE TABLE t (x);"
                         "INSERT INTO t VALUES (zeroblob(400000));"
                         "DROP TABLE t; PRAGMA wal_checkpoint(TRUNCATE)");
    struct pages pages = opened(fixture);
    uint32_t trunk = pages.first_trunk;
    const unsigned char itself[] = {
        (unsigned char)(trunk >> 24), (unsigned char)(trunk >> 16),
        (unsigned char)(trunk >> 8), (unsigned char)trunk};
    assert_int_equal(pages.file->pMethods->xWrite(
                         pages.file, itself, sizeof(itself),
                         (sqlite3_int64)(trunk - 1) * pages.page_bytes),
                     SQLITE_OK);
    fixture_check(fixture, pages_walk_free(&pages, page, count_page, &seen,
                                           &is_whole, &fixture->err));
    assert_false(is_whole);
    assert_in_range(seen, 90, pages.count);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_header_says_how_the_file_is_laid_out),
        TEST(it_is_whole_while_the_log_is_empty),
        cmocka_unit_test(maps_and_the_page_of_the_locks_hold_no_rows),
        TEST(a_range_is_cleared_and_nothing_beside_it),
        TEST(a_file_of_too_many_pages_is_refused),
        TEST(behind_the_end_there_is_no_page),
        TEST(a_list_of_free_pages_that_makes_no_sense_is_told),
        TEST(nor_one_that_is_a_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
