/* test_wipe.c - what no row uses is overwritten, and nothing else. */
#include "support/dirt.h"
#include "support/outbox_fixture.h"

#include "outbox/forget.h"
#include "outbox/pages.h"
#include "outbox/wipe.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char ALL_ROWS[] =
    "SELECT count(*) || ' ' || sum(id * length(lane)) || ' ' ||"
    " sum(id * coalesce(length(result), 0)) || ' ' ||"
    " (SELECT sum(id * length(payload)) FROM outbox) FROM outbox_delivery";

static void fill(const struct fixture *fixture)
{
    dirt_fill(fixture, "ON");
}

/* By a connection that overwrites nothing. */
static void fill_carelessly(const struct fixture *fixture)
{
    dirt_fill(fixture, "OFF");
}

/* --- what is in the file -------------------------------------------------- */

static int pages_with(struct fixture *fixture, const char *text)
{
    static unsigned char page[UNUSED_MOST_PAGE_BYTES];
    int found = 0;
    bool exists;
    struct pages pages;
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_check(fixture, pages_open(&pages, fixture->store, &fixture->err));
    for (uint32_t number = 1; number <= pages.count; number++) {
        fixture_check(fixture,
                      pages_read(&pages, number, page, &exists, &fixture->err));
        found += memmem(page, pages.page_bytes, text, strlen(text)) != NULL;
    }
    return found;
}

struct free_dirt {
    const struct pages *pages;
    int pages_seen, dirty;
};

static void count_free_dirt(void *context, uint32_t number, uint32_t used)
{
    static unsigned char page[UNUSED_MOST_PAGE_BYTES];
    struct free_dirt *free_dirt = context;
    struct err err;
    bool exists;
    assert_true(pages_read(free_dirt->pages, number, page, &exists, &err));
    const struct unused_range range = {used, free_dirt->pages->usable_bytes};
    free_dirt->pages_seen++;
    free_dirt->dirty += unused_is_dirty(page, range);
}

static int dirty_free_pages(struct fixture *fixture)
{
    static unsigned char page[UNUSED_MOST_PAGE_BYTES];
    struct pages pages;
    bool is_whole;
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_check(fixture, pages_open(&pages, fixture->store, &fixture->err));
    struct free_dirt dirt = {.pages = &pages};
    fixture_check(fixture, pages_walk_free(&pages, page, count_free_dirt, &dirt,
                                           &is_whole, &fixture->err));
    assert_true(is_whole);
    assert_int_equal(dirt.pages_seen,
                     fixture_number(fixture, "PRAGMA freelist_count"));
    return dirt.dirty;
}

static void wipe_all(struct fixture *fixture)
{
    struct wipe wipe;
    fixture_check(fixture, wipe_begin(&wipe, fixture->store, &fixture->err));
    while (!wipe.done) {
        fixture_check(fixture, wipe_step(&wipe, &fixture->err));
        assert_false(wipe.is_blocked);
    }
    wipe_free(&wipe);
}

static void check_rows(struct fixture *fixture, const char *before)
{
    assert_string_equal(fixture_text(fixture, ALL_ROWS), before);
    assert_string_equal(fixture_text(fixture, "PRAGMA integrity_check"), "ok");
}

/* --- what goes ------------------------------------------------------------ */

static void copies_in_tables_and_indexes_go(void **state)
{
    struct fixture *fixture = *state;
    char before[200];
    fill(fixture);
    (void)snprintf(before, sizeof(before), "%s",
                   fixture_text(fixture, ALL_ROWS));
    assert_true(dirt_pages(fixture, "outbox_delivery") > 0);
    assert_true(dirt_pages(fixture, "outbox_delivery_lane") > 0);
    wipe_all(fixture);
    assert_int_equal(dirt_pages(fixture, "outbox*"), 0);
    check_rows(fixture, before);
}

/* Of a name as long as one may be. */
static void an_index_of_the_application_s_own_is_the_outbox_s(void **state)
{
    struct fixture *fixture = *state;
    fixture_run(fixture,
                "CREATE INDEX an_index_that_the_application_has_made_for_a_"
                "report_of_its_own_over_the_table_of_deliveries_and_that_has_"
                "a_name_of_more_than_128_bytes ON outbox_delivery (lane, id)");
    fill(fixture);
    assert_true(dirt_pages(fixture, "an_index*") > 0);
    wipe_all(fixture);
    assert_int_equal(dirt_pages(fixture, "an_index*"), 0);
}

static void what_careless_producers_left_goes(void **state)
{
    struct fixture *fixture = *state;
    char before[200];
    fill_carelessly(fixture);
    (void)snprintf(before, sizeof(before), "%s",
                   fixture_text(fixture, ALL_ROWS));
    /* The roots, too, have what they had when they were leaves. */
    assert_true(dirt_pages(fixture, "outbox") > 0);
    wipe_all(fixture);
    assert_int_equal(dirt_pages(fixture, "outbox*"), 0);
    check_rows(fixture, before);
}

static void free_pages_are_overwritten_and_used_again(void **state)
{
    struct fixture *fixture = *state;
    fixture_run(fixture, "PRAGMA secure_delete = OFF; CREATE TABLE mine (x);"
                         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
                         "i + 1 FROM n WHERE i < 1500) INSERT INTO mine "
                         "SELECT printf('%0*d', 5000, i) FROM n");
    fixture_run(fixture, "PRAGMA secure_delete = OFF; DROP TABLE mine");
    /* More than one page of the list has room for. */
    assert_true(dirty_free_pages(fixture) > 1100);
    wipe_all(fixture);
    assert_int_equal(dirty_free_pages(fixture), 0);
    fill(fixture);
    assert_string_equal(fixture_text(fixture, "PRAGMA integrity_check"), "ok");
}

static void tables_of_the_application_are_left_alone(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    fixture_run(fixture,
                "PRAGMA secure_delete = OFF; CREATE TABLE mine (x);"
                "INSERT INTO mine SELECT payload FROM outbox;"
                "DELETE FROM mine WHERE rowid % 2; CREATE TABLE outboxer AS "
                "SELECT * FROM mine; DELETE FROM outboxer WHERE rowid % 3");
    int mine = dirt_pages(fixture, "mine");
    int outboxer = dirt_pages(fixture, "outboxer");
    assert_true(mine > 5 && outboxer > 5);
    wipe_all(fixture);
    assert_int_equal(dirt_pages(fixture, "outbox_*"), 0);
    assert_int_equal(dirt_pages(fixture, "mine"), mine);
    assert_int_equal(dirt_pages(fixture, "outboxer"), outboxer);
}

/* --- beside others -------------------------------------------------------- */

static void check_memory_of_others(struct fixture *fixture)
{
    fill_carelessly(fixture);
    sqlite3 *other = dirt_keep_in_memory(fixture);
    wipe_all(fixture);
    dirt_write_from_memory(other);
    assert_int_equal(dirt_pages(fixture, "outbox_delivery"), 0);
}

static void what_others_keep_in_memory_does_not_come_back(void **state)
{
    check_memory_of_others(*state);
}

static void nor_with_a_rollback_journal(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    assert_string_equal(fixture_text(fixture, "PRAGMA journal_mode = DELETE"),
                        "delete");
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 2000,
                                      &fixture->store, &fixture->err));
    check_memory_of_others(fixture);
}

/* One row of each page is then written by the connection that has wiped. */
static void nor_what_its_own_connection_keeps(void **state)
{
    struct fixture *fixture = *state;
    int64_t id;
    fixture_run(fixture,
                "PRAGMA secure_delete = OFF;"
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
                "n WHERE i < 300) INSERT INTO outbox_operation (action, state,"
                " who, filter, created_ms) SELECT 'forget', 'done', 'ana',"
                " replace(hex(zeroblob(9)), '00', ' person-'), 1 FROM n;"
                "UPDATE outbox_operation SET filter = NULL");
    assert_true(pages_with(fixture, "person-") > 3);
    fixture_check(fixture,
                  forget_read_unfinished(fixture->store, &id, &fixture->err));
    wipe_all(fixture);
    fixture_check(fixture, forget_end(fixture->store, 7, &fixture->err));
    assert_int_equal(pages_with(fixture, "person-"), 0);
}

/* A snapshot that is older than the file's last commit keeps the log alive. */
static void it_waits_for_who_reads_an_older_moment(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *reader;
    struct wipe wipe;
    fixture_put(fixture, "e1", "RENEWAL", "u1");
    assert_int_equal(sqlite3_open(fixture->path, &reader), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM outbox",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    fill(fixture);
    fixture_check(fixture, wipe_begin(&wipe, fixture->store, &fixture->err));
    for (int i = 0; i < 3; i++) {
        fixture_check(fixture, wipe_step(&wipe, &fixture->err));
        assert_true(wipe.is_blocked && !wipe.done);
    }
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL),
                     SQLITE_OK);
    while (!wipe.done)
        fixture_check(fixture, wipe_step(&wipe, &fixture->err));
    wipe_free(&wipe);
    (void)sqlite3_close(reader);
    assert_int_equal(dirt_pages(fixture, "outbox*"), 0);
}

/* One that reads the newest moment reads on, while pages are overwritten. */
static void who_reads_the_newest_moment_reads_on(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *reader;
    sqlite3_stmt *rows;
    struct wipe wipe;
    int count = 0;
    fill_carelessly(fixture);
    fixture_check(fixture, wipe_begin(&wipe, fixture->store, &fixture->err));
    fixture_check(fixture, wipe_step(&wipe, &fixture->err));
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(sqlite3_open(fixture->path, &reader), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(reader, "PRAGMA cache_size = 1", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(
                         reader, "SELECT 1 FROM outbox_delivery ORDER BY lane",
                         -1, &rows, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    while (wipe.cleared == 0) {
        fixture_check(fixture, wipe_step(&wipe, &fixture->err));
        assert_false(wipe.is_blocked);
    }
    do {
        count++;
    } while (sqlite3_step(rows) == SQLITE_ROW);
    assert_int_equal(count, 1500);
    (void)sqlite3_finalize(rows);
    (void)sqlite3_close(reader);
    while (!wipe.done)
        fixture_check(fixture, wipe_step(&wipe, &fixture->err));
    wipe_free(&wipe);
    assert_int_equal(dirt_pages(fixture, "outbox*"), 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(copies_in_tables_and_indexes_go),
        TEST(an_index_of_the_application_s_own_is_the_outbox_s),
        TEST(what_careless_producers_left_goes),
        TEST(free_pages_are_overwritten_and_used_again),
        TEST(tables_of_the_application_are_left_alone),
        TEST(what_others_keep_in_memory_does_not_come_back),
        TEST(nor_with_a_rollback_journal),
        TEST(nor_what_its_own_connection_keeps),
        TEST(it_waits_for_who_reads_an_older_moment),
        TEST(who_reads_the_newest_moment_reads_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
