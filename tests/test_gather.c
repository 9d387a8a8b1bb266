/* The write-ahead log is written in few pieces, and nothing is missing in it
 * when somebody looks. The usual VFS of this program counts, and fails when it
 * is told to. */
#include "outbox/gather.h"

#include "outbox/connection.h"
#include "support/outbox_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

static sqlite3_vfs *usual;
static sqlite3_vfs counting;
static const sqlite3_io_methods *usual_methods;
static sqlite3_io_methods counting_methods;
static int writes;
static bool is_full;
static bool tears_sectors;

static int characterise(sqlite3_file *file)
{
    int all = usual_methods->xDeviceCharacteristics(file);
    return tears_sectors ? all & ~SQLITE_IOCAP_POWERSAFE_OVERWRITE : all;
}

static int count_write(sqlite3_file *file, const void *bytes, int amount,
                       sqlite3_int64 offset)
{
    writes++;
    if (is_full)
        return SQLITE_FULL;
    return usual_methods->xWrite(file, bytes, amount, offset);
}

static int open_counted(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                        int flags, int *out_flags)
{
    (void)vfs;
    int result = usual->xOpen(usual, name, file, flags, out_flags);
    if ((flags & SQLITE_OPEN_WAL) == 0 || file->pMethods == NULL)
        return result;
    usual_methods = file->pMethods;
    counting_methods = *usual_methods;
    counting_methods.xWrite = count_write;
    counting_methods.xDeviceCharacteristics = characterise;
    file->pMethods = &counting_methods;
    return result;
}

static int open_fixture(void **state)
{
    usual = sqlite3_vfs_find(NULL);
    counting = *usual;
    counting.zName = "counting";
    counting.pNext = NULL;
    counting.xOpen = open_counted;
    is_full = false;
    tears_sectors = false;
    assert_int_equal(sqlite3_vfs_register(&counting, 1), SQLITE_OK);
    return fixture_open(state);
}

static int close_fixture(void **state)
{
    int result = fixture_close(state);
    (void)sqlite3_vfs_unregister(&counting);
    (void)sqlite3_vfs_register(usual, 1);
    return result;
}

/* On the store's own connection. */
static void run(const struct fixture *fixture, const char *sql)
{
    assert_int_equal(
        sqlite3_exec(fixture->store->database, sql, NULL, NULL, NULL),
        SQLITE_OK);
}

static int64_t read_number(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return number;
}

static int64_t number(const struct fixture *fixture, const char *sql)
{
    return read_number(fixture->store->database, sql);
}

/* Some 100 pages. */
static const char many_rows[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <"
    " 100) INSERT INTO big SELECT i, randomblob(3000) FROM n";

static int64_t seen_by_another(const struct fixture *fixture)
{
    sqlite3 *other;
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    int64_t count = read_number(other, "SELECT count(*) FROM big");
    (void)sqlite3_close(other);
    return count;
}

static void a_commit_is_written_in_few_pieces(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "CREATE TABLE big (id INTEGER PRIMARY KEY, bytes)");
    writes = 0;
    run(fixture, many_rows);
    assert_in_range(writes, 1, 10);
    assert_int_equal(seen_by_another(fixture), 100);
    writes = 0;
    run(fixture, "DELETE FROM big WHERE id = 1");
    assert_int_equal(writes, 1);
    assert_int_equal(seen_by_another(fixture), 99);
}

/* What does not fit into the cache goes to the log before the commit, and comes
 * back from there. */
static void a_spilled_transaction_reads_what_it_wrote(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "CREATE TABLE big (id INTEGER PRIMARY KEY, bytes);"
                 "PRAGMA cache_size = 10; BEGIN");
    run(fixture, many_rows);
    run(fixture, "UPDATE big SET bytes = zeroblob(3000)");
    assert_int_equal(number(fixture, "SELECT count(*) FROM big WHERE "
                                     "bytes = zeroblob(3000)"),
                     100);
    assert_int_equal(seen_by_another(fixture), 0);
    run(fixture, "COMMIT");
    assert_int_equal(seen_by_another(fixture), 100);
    run(fixture, "BEGIN");
    run(fixture, "UPDATE big SET bytes = NULL");
    run(fixture, "ROLLBACK; PRAGMA wal_checkpoint");
    assert_int_equal(number(fixture, "SELECT count(*) FROM big WHERE "
                                     "bytes = zeroblob(3000)"),
                     100);
    assert_int_equal(number(fixture, "SELECT integrity_check = 'ok' FROM "
                                     "pragma_integrity_check"),
                     1);
}

static void what_cannot_be_written_is_not_committed(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *database = fixture->store->database;
    run(fixture, "CREATE TABLE big (id INTEGER PRIMARY KEY, bytes)");
    is_full = true;
    assert_int_equal(sqlite3_exec(database, many_rows, NULL, NULL, NULL),
                     SQLITE_FULL);
    assert_int_equal(seen_by_another(fixture), 0);
    is_full = false;
    run(fixture, many_rows);
    assert_int_equal(seen_by_another(fixture), 100);
}

/* SQLite syncs in the middle of such a commit. */
static void nothing_is_held_back_where_sectors_tear(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    tears_sectors = true;
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 0,
                                      &fixture->store, &fixture->err));
    run(fixture, "CREATE TABLE big (id INTEGER PRIMARY KEY, bytes)");
    writes = 0;
    run(fixture, many_rows);
    assert_true(writes > 200);
}

static const char some_rows[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <"
    " 25) INSERT INTO big SELECT i, randomblob(3000) FROM n";

/* What a transaction that is taken back has put aside is nobody's: its place in
 * the log is the next writer's. */
static void what_is_taken_back_is_not_written_over_others(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *other;
    run(fixture, "CREATE TABLE big (id INTEGER PRIMARY KEY, bytes);"
                 "PRAGMA wal_checkpoint(TRUNCATE);"
                 "PRAGMA cache_size = 10; BEGIN");
    run(fixture, some_rows);
    run(fixture, "ROLLBACK");
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, many_rows, NULL, NULL, NULL),
                     SQLITE_OK);
    (void)number(fixture, "SELECT sum(length(bytes)) FROM big");
    assert_int_equal(read_number(other, "SELECT integrity_check = 'ok' FROM "
                                        "pragma_integrity_check"),
                     1);
    (void)sqlite3_close(other);
    assert_int_equal(seen_by_another(fixture), 100);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_commit_is_written_in_few_pieces),
        TEST(a_spilled_transaction_reads_what_it_wrote),
        TEST(what_cannot_be_written_is_not_committed),
        TEST(nothing_is_held_back_where_sectors_tear),
        TEST(what_is_taken_back_is_not_written_over_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
