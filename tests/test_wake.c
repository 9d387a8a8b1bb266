/* Commit -> hint, with real files and a real SQLite writing them. */
#include "wake_fixture.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- commits -------------------------------------------------------------- */

static void a_commit_gives_a_hint_in_every_journal_mode(void **state)
{
    (void)state;
    static const char *const modes[] = {"wal", "delete", "truncate", "persist"};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        sqlite3 *db = open_database(modes[i]);
        struct wake *wake = make_wake(path);
        assert_true(wake_is_watching(wake));
        for (int commit = 0; commit < 5; commit++)
            expect_hint_of_commit(wake, db);
        wake_free(wake);
        run_sql(db, "PRAGMA journal_mode = delete");
        (void)sqlite3_close(db);
    }
}

/* In a process of its own: open the database, say so, and commit one row when
 * told to. */
static _Noreturn void commit_when_told(int order, int report)
{
    sqlite3 *db;
    char byte = 'x';
    bool good =
        sqlite3_open(path, &db) == SQLITE_OK &&
        sqlite3_exec(db, "SELECT * FROM t", NULL, NULL, NULL) == SQLITE_OK &&
        write(report, &byte, 1) == 1 && read(order, &byte, 1) == 1 &&
        sqlite3_exec(db, "INSERT INTO t VALUES (1)", NULL, NULL, NULL) ==
            SQLITE_OK;
    _exit(good ? 0 : 1);
}

static void a_commit_of_another_process_gives_a_hint(void **state)
{
    (void)state;
    int to_child[2];
    int from_child[2];
    int status;
    char byte = 0;
    assert_int_equal(pipe(to_child), 0);
    assert_int_equal(pipe(from_child), 0);
    sqlite3 *db = open_database("wal");
    (void)sqlite3_close(db); /* none may be open across a fork */
    struct wake *wake = make_wake(path);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        commit_when_told(to_child[0], from_child[1]);
    (void)close(from_child[1]); /* so that one that ends is read as an end */
    assert_int_equal(read(from_child[0], &byte, 1), 1);
    drain_all(wake); /* what opening the file may have told */
    assert_int_equal(write(to_child[1], &byte, 1), 1);
    expect_hint(wake);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)close(from_child[0]);
    (void)close(to_child[0]);
    (void)close(to_child[1]);
    wake_free(wake);
}

static void a_checkpoint_in_between_changes_nothing(void **state)
{
    (void)state;
    static const char *const kinds[] = {"PASSIVE", "FULL", "RESTART",
                                        "TRUNCATE"};
    sqlite3 *db = open_database("wal");
    struct wake *wake = make_wake(path);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char sql[80];
        (void)snprintf(sql, sizeof(sql), "PRAGMA wal_checkpoint(%s)", kinds[i]);
        expect_hint_of_commit(wake, db);
        run_sql(db, sql);
        expect_hint_of_commit(wake, db);
    }
    wake_free(wake);
    (void)sqlite3_close(db);
}

static void a_log_that_goes_and_comes_again_is_watched_again(void **state)
{
    (void)state;
    sqlite3 *db = open_database("wal");
    struct wake *wake = make_wake(path);
    expect_hint_of_commit(wake, db);
    for (int i = 0; i < 5; i++) {
        (void)sqlite3_close(db); /* the last one out removes the log */
        drain_all(wake);
        db = open_database("wal");
        expect_hint_of_commit(wake, db);
        expect_hint_of_commit(wake, db);
    }
    wake_free(wake);
    (void)sqlite3_close(db);
}

static void a_change_of_the_journal_mode_is_followed(void **state)
{
    (void)state;
    static const char *const modes[] = {"wal", "delete", "wal", "truncate"};
    sqlite3 *db = open_database("delete");
    struct wake *wake = make_wake(path);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        char sql[80];
        (void)snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s", modes[i]);
        run_sql(db, sql);
        expect_hint_of_commit(wake, db);
        expect_hint_of_commit(wake, db);
    }
    wake_free(wake);
    (void)sqlite3_close(db);
}

static void the_database_behind_a_symbolic_link_is_watched(void **state)
{
    (void)state;
    char link[FOLDER_BYTES + 20];
    char elsewhere[FOLDER_BYTES + 20];
    (void)snprintf(elsewhere, sizeof(elsewhere), "%s/links", folder);
    (void)snprintf(link, sizeof(link), "%s/links/db", folder);
    assert_int_equal(mkdir(elsewhere, 0700), 0);
    assert_int_equal(symlink(path, link), 0);
    sqlite3 *db = open_database("wal");
    struct wake *wake = make_wake(link);
    expect_hint_of_commit(wake, db);
    wake_free(wake);
    (void)sqlite3_close(db);
}

static void a_path_without_a_folder_is_watched(void **state)
{
    (void)state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof(before)));
    sqlite3 *db = open_database("wal");
    assert_int_equal(chdir(folder), 0);
    struct wake *wake = make_wake("app.db");
    assert_int_equal(chdir(before), 0);
    expect_hint_of_commit(wake, db);
    wake_free(wake);
    (void)sqlite3_close(db);
}

/* --- what is none --------------------------------------------------------- */

static void files_of_others_in_the_folder_give_no_hint(void **state)
{
    (void)state;
    char other[FOLDER_BYTES + 20];
    sqlite3 *db = open_database("wal");
    struct wake *wake = make_wake(path);
    drain_all(wake);
    (void)snprintf(other, sizeof(other), "%s/other.db-wal", folder);
    FILE *file = fopen(other, "w");
    (void)fputs("x", file);
    (void)fclose(file);
    (void)unlink(other);
    while (can_be_read(wake, 0))
        assert_false(take_hint(wake, 0));
    assert_int_equal(wake_time_to_look(wake, 0), INT64_MAX);
    wake_free(wake);
    (void)sqlite3_close(db);
}

static void reading_gives_no_hint(void **state)
{
    (void)state;
    sqlite3 *db = open_database("wal");
    sqlite3 *reader = open_database("wal");
    run_sql(db, "INSERT INTO t VALUES (1)");
    run_sql(reader, "SELECT * FROM t");
    struct wake *wake = make_wake(path);
    drain_all(wake);
    for (int i = 0; i < 10; i++)
        run_sql(reader, "SELECT * FROM t");
    while (can_be_read(wake, 0))
        assert_false(take_hint(wake, 0));
    wake_free(wake);
    (void)sqlite3_close(reader);
    (void)sqlite3_close(db);
}

/* --- when the files are gone ---------------------------------------------- */

/* What follows a loss is bounded: the descriptor must not stay readable, or
 * the relay would spin. */
static void expect_calm(struct wake *wake)
{
    for (int i = 0; i < 100 && can_be_read(wake, 0); i++)
        (void)take_hint(wake, 0);
    assert_false(can_be_read(wake, 0));
}

static void a_folder_that_is_removed_does_no_harm(void **state)
{
    (void)state;
    sqlite3 *db = open_database("wal");
    (void)sqlite3_close(db);
    struct wake *wake = make_wake(path);
    folder_remove(folder);
    expect_calm(wake);
    wake_signal(wake);
    assert_true(can_be_read(wake, LONG_MS));
    wake_free(wake);
    folder_make(folder);
}

static void without_the_files_it_polls(void **state)
{
    (void)state;
    char missing[FOLDER_BYTES + 20];
    (void)snprintf(missing, sizeof(missing), "%s/no/such.db", folder);
    struct wake *wake = make_wake(missing);
    assert_false(wake_is_watching(wake));
    assert_int_equal(wake_time_to_look(wake, 5000), 0);
    assert_true(wake_take_look(wake, 5000));
    assert_false(wake_take_look(wake, 5999));
    assert_int_equal(wake_time_to_look(wake, 5400), 600);
    assert_true(wake_take_look(wake, 6000));
    wake_free(wake);
}

/* --- looks and signals ---------------------------------------------------- */

static void a_hint_begins_a_series_of_looks(void **state)
{
    (void)state;
    static const int64_t at_ms[] = {5, 20, 80, 320, 1000, 3000};
    sqlite3 *db = open_database("wal");
    struct wake *wake = make_wake(path);
    drain_all(wake);
    assert_int_equal(wake_time_to_look(wake, 0), INT64_MAX);
    run_sql(db, "INSERT INTO t VALUES (1)");
    assert_true(can_be_read(wake, LONG_MS));
    assert_true(take_hint(wake, 10000));
    for (size_t i = 0; i < sizeof(at_ms) / sizeof(at_ms[0]); i++) {
        assert_false(wake_take_look(wake, 10000 + at_ms[i] - 1));
        assert_int_equal(wake_time_to_look(wake, 10000 + at_ms[i] - 1), 1);
        assert_int_equal(wake_time_to_look(wake, 10000 + at_ms[i] + 1), 0);
        assert_true(wake_take_look(wake, 10000 + at_ms[i]));
    }
    assert_int_equal(wake_time_to_look(wake, 20000), INT64_MAX);
    assert_false(wake_take_look(wake, 20000));

    /* once more, if it is asked for */
    wake_look_again(wake, 20000);
    assert_int_equal(wake_time_to_look(wake, 20000), 3000);
    assert_false(wake_take_look(wake, 22999));
    assert_true(wake_take_look(wake, 23000));
    assert_int_equal(wake_time_to_look(wake, 23000), INT64_MAX);

    /* a new hint begins anew */
    run_sql(db, "INSERT INTO t VALUES (2)");
    assert_true(can_be_read(wake, LONG_MS));
    assert_true(take_hint(wake, 30000));
    assert_int_equal(wake_time_to_look(wake, 30000), 5);
    wake_free(wake);
    (void)sqlite3_close(db);
}

static void *signal_later(void *context)
{
    wake_signal(context);
    return NULL;
}

static void a_signal_from_another_thread_wakes_and_is_no_hint(void **state)
{
    (void)state;
    pthread_t thread;
    sqlite3 *db = open_database("wal");
    struct wake *wake = make_wake(path);
    drain_all(wake);
    assert_int_equal(pthread_create(&thread, NULL, signal_later, wake), 0);
    assert_true(can_be_read(wake, LONG_MS));
    assert_false(take_hint(wake, 0));
    assert_false(can_be_read(wake, 0));
    assert_int_equal(pthread_join(thread, NULL), 0);
    wake_free(wake);
    wake_free(NULL);
    (void)sqlite3_close(db);
}

static void watching_never_costs_sqlite_its_locks(void **state)
{
    (void)state;
    sqlite3 *db = open_database("wal");
    run_sql(db, "BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
    struct wake *wake = make_wake(path);
    drain_all(wake);
    wake_free(wake);
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *second;
        int opened = sqlite3_open(path, &second);
        int begun = sqlite3_exec(second, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        _exit(opened == SQLITE_OK && begun == SQLITE_BUSY ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    run_sql(db, "COMMIT");
    (void)sqlite3_close(db);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        RULE(a_commit_gives_a_hint_in_every_journal_mode),
        RULE(a_commit_of_another_process_gives_a_hint),
        RULE(a_checkpoint_in_between_changes_nothing),
        RULE(a_log_that_goes_and_comes_again_is_watched_again),
        RULE(a_change_of_the_journal_mode_is_followed),
        RULE(the_database_behind_a_symbolic_link_is_watched),
        RULE(a_path_without_a_folder_is_watched),
        RULE(files_of_others_in_the_folder_give_no_hint),
        RULE(reading_gives_no_hint),
        RULE(a_folder_that_is_removed_does_no_harm),
        RULE(without_the_files_it_polls),
        RULE(a_hint_begins_a_series_of_looks),
        RULE(a_signal_from_another_thread_wakes_and_is_no_hint),
        RULE(watching_never_costs_sqlite_its_locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
