/* test_store.c - the transactions of a connection. */
#include "support/outbox_fixture.h"

#include "outbox/connection.h"
#include "outbox/outbox.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

/* --- transactions -------------------------------------------------------- */

static void a_lock_held_by_another_is_busy(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    sqlite3 *other;
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 20, &store,
                                      &fixture->err));
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_false(store_begin(store, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_BUSY);
    (void)sqlite3_close(other);
    fixture_check(fixture, store_begin(store, &fixture->err));
    store_close(store);
}

static void a_second_store_of_this_process_waits_its_turn(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 20, &store,
                                      &fixture->err));
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    assert_false(store_begin(store, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_BUSY);
    store_rollback(fixture->store);
    fixture_check(fixture, store_begin(store, &fixture->err));
    fixture_check(fixture, store_commit(store, &fixture->err));
    store_close(store);
}

static void what_is_rolled_back_did_not_happen(void **state)
{
    struct fixture *fixture = *state;
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    assert_true(fixture_put(fixture, "a", "RENEWAL", "anna"));
    store_rollback(fixture->store);
    store_rollback(fixture->store); /* fine */
    assert_true(fixture_put(fixture, "a", "RENEWAL", "anna"));
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM outbox"), 1);
}

static void a_refused_event_leaves_the_rest_of_the_transaction(void **state)
{
    struct fixture *fixture = *state;
    bool is_new;
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    assert_true(fixture_put(fixture, "a", "RENEWAL", "anna"));
    assert_false(outbox_put(fixture->store, "{}", 2, &is_new, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_INVALID);
    assert_string_equal(fixture->err.text, "outbox: event is missing");
    assert_true(fixture_put(fixture, "b", "RENEWAL", "anna"));
    fixture_check(fixture, store_commit(fixture->store, &fixture->err));
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM outbox"), 2);
}

/* More than SQLite keeps aside in memory. */
static void a_statement_may_change_many_pages(void **state)
{
    struct fixture *fixture = *state;
    fixture_run(fixture, "WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL"
                         " SELECT n + 1 FROM numbers WHERE n < 20000)"
                         " INSERT INTO outbox_delivery (id, lane, arrived_ms)"
                         " SELECT n, n * 7919 % 20011, 1 FROM numbers;"
                         "BEGIN IMMEDIATE;"
                         "UPDATE outbox_delivery SET lane = lane || 'x';"
                         "COMMIT");
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count(*) FROM outbox_delivery"
                                    " WHERE lane GLOB '*x'"),
                     20000);
}

static void a_full_disk_is_called_so_and_nothing_happened(void **state)
{
    struct fixture *fixture = *state;
    bool good = true;
    int stored = 0;
    assert_int_equal(sqlite3_exec(fixture->store->database,
                                  "PRAGMA max_page_count = 60", NULL, NULL,
                                  NULL),
                     SQLITE_OK);
    while (good) {
        char payload[1000];
        bool is_new;
        int length = snprintf(payload, sizeof(payload),
                              "{\"event\":{\"id\":\"%d\",\"type\":\"T\"},"
                              "\"pad\":\"%0800d\"}",
                              stored, 0);
        good = outbox_put(fixture->store, payload, (size_t)length, &is_new,
                          &fixture->err);
        stored += good;
    }
    assert_int_equal(fixture->err.code, ERR_FULL);
    assert_true(stored > 5);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM outbox"),
                     stored);
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count FROM outbox_count WHERE"
                                    " name = 'pending'"),
                     stored);
}

static bool fills_the_disk(struct fixture *fixture)
{
    struct rlimit limit = {.rlim_cur = 600000, .rlim_max = 600000};
    struct err *err = &fixture->err;
    struct store *store;
    char payload[40000];
    bool good = true;
    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 ||
        !store_open(fixture->path, STORE_WRITE, 100, &store, err))
        return false;
    for (int i = 0; good && i < 100; i++) {
        bool is_new;
        int length = snprintf(payload, sizeof(payload),
                              "{\"event\":{\"id\":\"%d\",\"type\":\"T\"},"
                              "\"pad\":\"%030000d\"}",
                              i, 0);
        good = outbox_put(store, payload, (size_t)length, &is_new, err);
    }
    if (good || err->code != ERR_FULL)
        return false;
    /* It was the WAL that was full: the file has room for what it holds. */
    bool is_new;
    static const char last[] = "{\"event\":{\"id\":\"x\",\"type\":\"T\"}}";
    return outbox_put(store, last, sizeof(last) - 1, &is_new, err) && is_new;
}

static void
a_write_that_the_system_refuses_for_its_size_is_a_full_disk(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    fixture->store = NULL;
    fixture_run_apart(fixture, fills_the_disk);
    assert_string_equal(fixture_text(fixture, "PRAGMA integrity_check"), "ok");
    assert_true(fixture_number(fixture, "SELECT count(*) FROM outbox") > 3);
}

static void a_database_in_rollback_mode_works(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    fixture_run(fixture, "PRAGMA journal_mode = DELETE");
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 2000,
                                      &fixture->store, &fixture->err));
    fixture_put(fixture, "a", "RENEWAL", "anna");
    assert_string_equal(fixture_text(fixture, "PRAGMA journal_mode"), "delete");
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM outbox"), 1);
}

static void commits_of_others_are_noticed(void **state)
{
    struct fixture *fixture = *state;
    bool changed;
    fixture_check(fixture,
                  store_changed(fixture->store, &changed, &fixture->err));
    fixture_put(fixture, "ours", "RENEWAL", "anna");
    fixture_check(fixture,
                  store_changed(fixture->store, &changed, &fixture->err));
    assert_false(changed);
    fixture_run(fixture, "DELETE FROM outbox_name");
    fixture_run(fixture, "INSERT INTO outbox_name (kind) VALUES ('renewal')");
    fixture_check(fixture,
                  store_changed(fixture->store, &changed, &fixture->err));
    assert_true(changed);
    fixture_check(fixture,
                  store_changed(fixture->store, &changed, &fixture->err));
    assert_false(changed);
}

static void a_file_that_was_moved_or_replaced_is_written_no_more(void **state)
{
    struct fixture *fixture = *state;
    struct store_init_report report;
    char moved[192];
    (void)snprintf(moved, sizeof(moved), "%s",
                   fixture_path(fixture, "moved.db"));
    assert_int_equal(rename(fixture->path, moved), 0);
    assert_false(store_begin(fixture->store, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
    fixture_check(fixture,
                  store_init(fixture->path, false, &report, &fixture->err));
    assert_false(store_begin(fixture->store, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
}

static void a_link_to_the_file_is_the_file(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    const char *path = fixture_path(fixture, "link.db");
    assert_int_equal(symlink(fixture->path, path), 0);
    fixture_check(fixture,
                  store_open(path, STORE_WRITE, 20, &store, &fixture->err));
    assert_string_equal(store_path(store), path);
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    assert_false(store_begin(store, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_BUSY);
    store_close(store);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lock_held_by_another_is_busy),
        TEST(a_second_store_of_this_process_waits_its_turn),
        TEST(what_is_rolled_back_did_not_happen),
        TEST(a_refused_event_leaves_the_rest_of_the_transaction),
        TEST(a_statement_may_change_many_pages),
        TEST(a_full_disk_is_called_so_and_nothing_happened),
        TEST(a_write_that_the_system_refuses_for_its_size_is_a_full_disk),
        TEST(a_database_in_rollback_mode_works),
        TEST(commits_of_others_are_noticed),
        TEST(a_file_that_was_moved_or_replaced_is_written_no_more),
        TEST(a_link_to_the_file_is_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
