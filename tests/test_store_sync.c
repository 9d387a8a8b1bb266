/* test_store_sync.c - commits whose sync is left to another thread. The usual
 * VFS of this program counts what is done to files, and lets a sync of the log
 * fail or wait when it is told to. */
#include "support/outbox_fixture.h"

#include "base/thread.h"
#include "outbox/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>

static sqlite3_vfs *usual;
static sqlite3_vfs watching;
static const sqlite3_io_methods *usual_log, *usual_database;
static sqlite3_io_methods log_methods, database_methods;

static atomic_int log_syncs, database_syncs, log_writes;
static atomic_int failing;   /* so many syncs of the log are going to fail */
static atomic_bool holds_up; /* a sync of the log waits until it is let go */
static atomic_int held_up;   /* … so many do */

static const struct timespec moment = {.tv_nsec = 1000 * 1000};

static int sync_log(sqlite3_file *file, int flags)
{
    log_syncs++;
    held_up++;
    while (atomic_load(&holds_up))
        (void)nanosleep(&moment, NULL);
    held_up--;
    if (atomic_load(&failing) > 0) {
        failing--;
        return SQLITE_IOERR_FSYNC;
    }
    return usual_log->xSync(file, flags);
}

static int write_log(sqlite3_file *file, const void *bytes, int amount,
                     sqlite3_int64 offset)
{
    log_writes++;
    return usual_log->xWrite(file, bytes, amount, offset);
}

static int sync_database(sqlite3_file *file, int flags)
{
    database_syncs++;
    return usual_database->xSync(file, flags);
}

static int open_watched(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                        int flags, int *out_flags)
{
    (void)vfs;
    int result = usual->xOpen(usual, name, file, flags, out_flags);
    if (file->pMethods == NULL)
        return result;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
        usual_database = file->pMethods;
        database_methods = *usual_database;
        database_methods.xSync = sync_database;
        file->pMethods = &database_methods;
    } else if ((flags & SQLITE_OPEN_WAL) != 0) {
        usual_log = file->pMethods;
        log_methods = *usual_log;
        log_methods.xSync = sync_log;
        log_methods.xWrite = write_log;
        file->pMethods = &log_methods;
    }
    return result;
}

static void count_anew(void)
{
    log_syncs = 0;
    database_syncs = 0;
    log_writes = 0;
}

static int open_fixture(void **state)
{
    usual = sqlite3_vfs_find(NULL);
    watching = *usual;
    watching.zName = "watching";
    watching.pNext = NULL;
    watching.xOpen = open_watched;
    failing = 0;
    holds_up = false;
    assert_int_equal(sqlite3_vfs_register(&watching, 1), SQLITE_OK);
    int result = fixture_open(state);
    struct fixture *fixture = *state;
    assert_int_equal(sqlite3_exec(fixture->store->database,
                                  "CREATE TABLE one (value)", NULL, NULL, NULL),
                     SQLITE_OK);
    count_anew();
    return result;
}

static int close_fixture(void **state)
{
    int result = fixture_close(state);
    (void)sqlite3_vfs_unregister(&watching);
    (void)sqlite3_vfs_register(usual, 1);
    return result;
}

/* --- what is done -------------------------------------------------------- */

static void run(const struct fixture *fixture, const char *sql)
{
    assert_int_equal(
        sqlite3_exec(fixture->store->database, sql, NULL, NULL, NULL),
        SQLITE_OK);
}

static void begin_one(struct fixture *fixture)
{
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    run(fixture, "INSERT INTO one VALUES (1)");
}

static void commit_before_sync(struct fixture *fixture)
{
    begin_one(fixture);
    fixture_check(fixture,
                  store_commit_before_sync(fixture->store, &fixture->err));
}

static int64_t seen_by_others(const struct fixture *fixture)
{
    return fixture_number(fixture, "SELECT count(*) FROM one");
}

static void fail_a_sync(struct fixture *fixture)
{
    failing = 1;
    assert_false(store_is_to_be_mended(fixture->store));
    assert_false(store_sync(fixture->store, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_IO);
    assert_true(store_is_to_be_mended(fixture->store));
}

/* --- what is left -------------------------------------------------------- */

static void a_sync_that_is_left_is_not_made_by_the_commit(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++)
        commit_before_sync(fixture);
    assert_int_equal(log_syncs, 0);
    assert_int_equal(seen_by_others(fixture), 3);
    fixture_check(fixture, store_sync(fixture->store, &fixture->err));
    assert_int_equal(log_syncs, 1); /* one for all */
    begin_one(fixture);
    fixture_check(fixture, store_commit(fixture->store, &fixture->err));
    assert_int_equal(log_syncs, 2);
    commit_before_sync(fixture);
    assert_int_equal(log_syncs, 2);
    assert_int_equal(database_syncs, 0);
}

static void the_first_sync_of_a_log_is_made_by_its_own_thread(void **state)
{
    struct fixture *fixture = *state;
    struct store *before = fixture->store;
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 0,
                                      &fixture->store, &fixture->err));
    store_close(before); /* the other one keeps the log */
    fixture_check(fixture,
                  store_sync(fixture->store, &fixture->err)); /* of nothing */
    count_anew();
    commit_before_sync(fixture);
    assert_int_equal(log_syncs, 1);
    commit_before_sync(fixture);
    assert_int_equal(log_syncs, 1);
}

static void a_log_that_begins_anew_is_synced_at_its_head(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "PRAGMA wal_checkpoint(RESTART)");
    count_anew();
    commit_before_sync(fixture);
    assert_int_equal(log_syncs, 1);
    commit_before_sync(fixture);
    assert_int_equal(log_syncs, 1);
}

static void a_checkpoint_makes_its_syncs(void **state)
{
    struct fixture *fixture = *state;
    commit_before_sync(fixture);
    count_anew();
    run(fixture, "PRAGMA wal_autocheckpoint = 1");
    commit_before_sync(fixture);
    assert_int_equal(log_syncs, 1);
    assert_int_equal(database_syncs, 1);
}

static void a_transaction_that_wrote_nothing_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    fixture_check(fixture,
                  store_commit_before_sync(fixture->store, &fixture->err));
    begin_one(fixture);
    fixture_check(fixture, store_commit(fixture->store, &fixture->err));
    assert_int_equal(log_syncs, 1);
}

static void without_a_log_every_commit_syncs(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    fixture_run(fixture, "PRAGMA journal_mode = DELETE");
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 0,
                                      &fixture->store, &fixture->err));
    count_anew();
    commit_before_sync(fixture);
    assert_true(database_syncs > 0);
    fixture_check(fixture, store_sync(fixture->store, &fixture->err));
    /* Others turn it on: the store finds it at its next transaction. */
    fixture_run(fixture, "PRAGMA journal_mode = WAL");
    count_anew();
    commit_before_sync(fixture);
    assert_true(log_syncs > 0);
    assert_int_equal(seen_by_others(fixture), 2);
}

/* --- a sync that fails ---------------------------------------------------- */

static void what_failed_is_written_and_synced_again(void **state)
{
    struct fixture *fixture = *state;
    commit_before_sync(fixture);
    fail_a_sync(fixture);
    count_anew();
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    assert_false(store_is_to_be_mended(fixture->store));
    assert_true(log_writes > 1);
    assert_int_equal(log_syncs, 1);
    assert_int_equal(database_syncs, 0); /* no checkpoint of what has a hole */
    store_rollback(fixture->store);
    assert_string_equal(fixture_text(fixture, "PRAGMA integrity_check"), "ok");
    assert_int_equal(seen_by_others(fixture), 1);
    /* Once is enough, and nothing is left any more. */
    count_anew();
    commit_before_sync(fixture);
    assert_int_equal(log_syncs, 1);
    assert_int_equal(log_writes, 1);
}

static void no_later_sync_hides_that_one_has_failed(void **state)
{
    struct fixture *fixture = *state;
    commit_before_sync(fixture);
    fail_a_sync(fixture);
    assert_false(store_sync(fixture->store, &fixture->err));
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    store_rollback(fixture->store);
    fixture_check(fixture, store_sync(fixture->store, &fixture->err));
}

/* The system would say that its sync has succeeded, but the log has a hole
 * before it. */
static void what_was_begun_before_it_failed_cannot_be_committed(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        commit_before_sync(fixture);
        begin_one(fixture);
        fail_a_sync(fixture);
        bool good =
            i == 0 ? store_commit_before_sync(fixture->store, &fixture->err)
                   : store_commit(fixture->store, &fixture->err);
        assert_false(good);
        assert_int_equal(fixture->err.code, ERR_IO);
        assert_int_equal(seen_by_others(fixture), i + 1);
        fixture_check(fixture, store_begin(fixture->store, &fixture->err));
        store_rollback(fixture->store);
    }
}

static void what_may_be_missing_in_the_log_does_not_go_to_the_file(void **state)
{
    struct fixture *fixture = *state;
    commit_before_sync(fixture);
    fail_a_sync(fixture);
    count_anew();
    assert_int_not_equal(sqlite3_exec(fixture->store->database,
                                      "PRAGMA wal_checkpoint", NULL, NULL,
                                      NULL),
                         SQLITE_OK);
    assert_int_equal(database_syncs, 0);
}

static void a_failure_of_a_checkpoint_is_one_of_what_was_left(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "PRAGMA wal_autocheckpoint = 1");
    failing = 1;
    commit_before_sync(fixture); /* SQLite does not tell of the checkpoint */
    assert_int_equal(failing, 0);
    assert_false(store_sync(fixture->store, &fixture->err));
    commit_before_sync(fixture);
    fixture_check(fixture, store_sync(fixture->store, &fixture->err));
    assert_int_equal(seen_by_others(fixture), 2);
}

static void what_cannot_be_mended_keeps_the_store_from_writing(void **state)
{
    struct fixture *fixture = *state;
    commit_before_sync(fixture);
    fail_a_sync(fixture);
    failing = 1;
    assert_false(store_begin(fixture->store, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_IO);
    assert_true(store_is_to_be_mended(fixture->store));
    fixture_run(fixture, "INSERT INTO one VALUES (2)"); /* the lock is free */
    commit_before_sync(fixture);
    assert_false(store_is_to_be_mended(fixture->store));
    assert_int_equal(seen_by_others(fixture), 3);
}

/* A sync that failed before, of somebody who has ended, is not known here. */
static void what_is_in_doubt_is_written_again(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 100; i++)
        commit_before_sync(fixture);
    run(fixture, "PRAGMA wal_checkpoint(RESTART)");
    for (int i = 0; i < 3; i++)
        commit_before_sync(fixture);
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    count_anew();
    fixture_check(fixture, store_sync_again(fixture->store, &fixture->err));
    assert_int_equal(log_syncs, 1);
    /* the head and three pages, and nothing of the log before */
    assert_int_equal(log_writes, 4);
    store_rollback(fixture->store);
    assert_int_equal(seen_by_others(fixture), 103);
    /* Of its own syncs it has no doubt. */
    count_anew();
    commit_before_sync(fixture);
    assert_int_equal(log_syncs, 0);
}

static void a_reader_does_not_keep_it_from_being_mended(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *reader;
    assert_int_equal(sqlite3_open(fixture->path, &reader), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM one",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    commit_before_sync(fixture);
    fail_a_sync(fixture);
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    store_rollback(fixture->store);
    (void)sqlite3_close(reader);
}

/* --- two threads ---------------------------------------------------------- */

struct beside {
    struct fixture *fixture;
    pthread_t thread;
    bool good;
};

static void *sync_beside(void *context)
{
    struct beside *beside = context;
    struct err err;
    beside->good = store_sync(beside->fixture->store, &err);
    return NULL;
}

static void *let_it_go_soon(void *context)
{
    const struct timespec soon = {.tv_nsec = 20 * 1000 * 1000};
    (void)context;
    (void)nanosleep(&soon, NULL);
    holds_up = false;
    return NULL;
}

/* A sync has begun, in a thread of its own, and does not come to its end. */
static void begin_to_sync(struct beside *beside, struct fixture *fixture)
{
    *beside = (struct beside){.fixture = fixture};
    holds_up = true;
    assert_int_equal(thread_start(&beside->thread, sync_beside, beside), 0);
    for (int i = 0; i < 30000 && held_up == 0; i++)
        (void)nanosleep(&moment, NULL);
    assert_int_equal(held_up, 1);
}

static void commits_are_made_while_one_before_is_synced(void **state)
{
    struct fixture *fixture = *state;
    struct beside beside;
    commit_before_sync(fixture);
    begin_to_sync(&beside, fixture);
    for (int i = 0; i < 100; i++)
        commit_before_sync(fixture);
    assert_int_equal(seen_by_others(fixture), 101);
    assert_int_equal(log_syncs, 1);
    holds_up = false;
    (void)pthread_join(beside.thread, NULL);
    assert_true(beside.good);
}

/* The system tells one of two that wait together that it has failed. */
static void a_commit_that_syncs_itself_waits_for_the_sync_before(void **state)
{
    struct fixture *fixture = *state;
    struct beside beside;
    pthread_t later;
    commit_before_sync(fixture);
    begin_one(fixture);
    begin_to_sync(&beside, fixture);
    failing = 1;
    assert_int_equal(thread_start(&later, let_it_go_soon, NULL), 0);
    assert_false(store_commit(fixture->store, &fixture->err));
    (void)pthread_join(beside.thread, NULL);
    (void)pthread_join(later, NULL);
    assert_false(beside.good);
    assert_int_equal(log_syncs, 1);
    assert_int_equal(seen_by_others(fixture), 1);
    commit_before_sync(fixture);
    assert_int_equal(seen_by_others(fixture), 2);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sync_that_is_left_is_not_made_by_the_commit),
        TEST(the_first_sync_of_a_log_is_made_by_its_own_thread),
        TEST(a_log_that_begins_anew_is_synced_at_its_head),
        TEST(a_checkpoint_makes_its_syncs),
        TEST(a_transaction_that_wrote_nothing_leaves_nothing),
        TEST(without_a_log_every_commit_syncs),
        TEST(what_failed_is_written_and_synced_again),
        TEST(no_later_sync_hides_that_one_has_failed),
        TEST(what_was_begun_before_it_failed_cannot_be_committed),
        TEST(what_may_be_missing_in_the_log_does_not_go_to_the_file),
        TEST(a_failure_of_a_checkpoint_is_one_of_what_was_left),
        TEST(what_cannot_be_mended_keeps_the_store_from_writing),
        TEST(what_is_in_doubt_is_written_again),
        TEST(a_reader_does_not_keep_it_from_being_mended),
        TEST(commits_are_made_while_one_before_is_synced),
        TEST(a_commit_that_syncs_itself_waits_for_the_sync_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
