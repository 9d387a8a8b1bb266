/* test_store_busy.c - a writer beside another that leaves the lock free only
 * for a moment at a time. */
#include "support/outbox_fixture.h"

#include "base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TURNS = 60, MOST_MS = 20000 };

/* Commit one row after the other, until the process is ended. */
static void commit_flat_out(const char *path, int ready)
{
    sqlite3 *database;
    char sql[300];
    if (sqlite3_open(path, &database) != SQLITE_OK)
        _exit(1);
    (void)sqlite3_busy_timeout(database, 60000);
    for (int i = 0;; i++) {
        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO outbox (payload) VALUES "
                       "('{\"event\":{\"id\":\"p%d\",\"type\":\"RENEWAL\"}}')",
                       i);
        if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
            _exit(1);
        if (i == 100 && write(ready, "x", 1) != 1)
            _exit(1);
    }
}

static pid_t start_producer(const struct fixture *fixture)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t producer = fork();
    assert_true(producer >= 0);
    if (producer == 0)
        commit_flat_out(fixture->path, ready[1]);
    (void)close(ready[1]); /* so that one that ends is read as an end */
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    return producer;
}

static void a_producer_that_commits_flat_out_does_not_keep_us_out(void **state)
{
    struct fixture *fixture = *state;
    const struct clock *clock = clock_system();
    store_close(fixture->store);
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 60000,
                                      &fixture->store, &fixture->err));
    pid_t producer = start_producer(fixture);
    int64_t began_ms = clock_monotonic_ms(clock);
    int turns = 0;
    while (turns < TURNS && clock_monotonic_ms(clock) - began_ms < MOST_MS) {
        if (!store_begin(fixture->store, &fixture->err) ||
            !store_commit(fixture->store, &fixture->err))
            break;
        turns++;
    }
    (void)kill(producer, SIGKILL);
    int status;
    assert_int_equal(waitpid(producer, &status, 0), producer);
    assert_true(WIFSIGNALED(status)); /* it had been at it to the end */
    assert_int_equal(turns, TURNS);
}

/* The lock is held all the time: it is given up when it is said to be. */
static void a_wait_ends_after_its_time(void **state)
{
    struct fixture *fixture = *state;
    struct store *other;
    const struct clock *clock = clock_system();
    sqlite3 *holder;
    assert_int_equal(sqlite3_open(fixture->path, &holder), SQLITE_OK);
    assert_int_equal(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 300, &other,
                                      &fixture->err));
    int64_t began_ms = clock_monotonic_ms(clock);
    assert_false(store_begin(other, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_BUSY);
    assert_true(clock_monotonic_ms(clock) - began_ms >= 300);
    store_close(other);
    (void)sqlite3_close(holder);
}

static void run_sql(sqlite3 *database, const char *sql)
{
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void it_is_being_written_while_another_is_in_a_transaction(void **state)
{
    struct fixture *fixture = *state;
    static const char *const modes[] = {"PRAGMA journal_mode = wal",
                                        "PRAGMA journal_mode = delete"};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct store *other;
        sqlite3 *holder;
        store_close(fixture->store);
        fixture->store = NULL;
        fixture_run(fixture, modes[i]);
        fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 60000,
                                          &fixture->store, &fixture->err));
        fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 60000,
                                          &other, &fixture->err));
        assert_int_equal(sqlite3_open(fixture->path, &holder), SQLITE_OK);
        assert_false(store_is_being_written(fixture->store));
        run_sql(holder, "BEGIN; SELECT * FROM outbox"); /* reads only */
        assert_false(store_is_being_written(fixture->store));
        run_sql(holder, "COMMIT; BEGIN IMMEDIATE");
        assert_true(store_is_being_written(fixture->store));
        run_sql(holder, "COMMIT");
        fixture_check(fixture, store_begin(other, &fixture->err));
        assert_true(store_is_being_written(fixture->store)); /* a thread */
        fixture_check(fixture, store_commit(other, &fixture->err));
        assert_false(store_is_being_written(fixture->store));
        store_close(other);
        (void)sqlite3_close(holder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_producer_that_commits_flat_out_does_not_keep_us_out, fixture_open,
            fixture_close),
        cmocka_unit_test_setup_teardown(a_wait_ends_after_its_time,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(
            it_is_being_written_while_another_is_in_a_transaction, fixture_open,
            fixture_close),
    };
    return cmocka_run_group_tests_name("store_busy", tests, NULL, NULL);
}
