/* test_wipe_crash.c - overwriting, and a kill or a power cut in the middle. */
#include "support/dirt.h"
#include "support/outbox_fixture.h"

#include "outbox/pages.h"
#include "outbox/wipe.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

static void open_store(struct fixture *fixture)
{
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 2000,
                                      &fixture->store, &fixture->err));
}

static void use_rollback_journal(struct fixture *fixture)
{
    store_close(fixture->store);
    assert_string_equal(fixture_text(fixture, "PRAGMA journal_mode = DELETE"),
                        "delete");
    open_store(fixture);
}

static void wipe_on(struct fixture *fixture, struct wipe *wipe)
{
    while (!wipe->done) {
        fixture_check(fixture, wipe_step(wipe, &fixture->err));
        assert_false(wipe->is_blocked);
    }
}

/* --- a power cut ---------------------------------------------------------- */

/* A VFS over the usual one that looks at each write to a database. */
static struct {
    sqlite3_vfs vfs, *usual;
    sqlite3_io_methods methods;
    const sqlite3_io_methods *usual_methods;
    char journal[160];
    int writes, without_journal;
} watch;

static int write_database(sqlite3_file *file, const void *bytes, int amount,
                          sqlite3_int64 offset)
{
    struct stat status;
    watch.writes++;
    if (stat(watch.journal, &status) != 0 || status.st_size == 0)
        watch.without_journal++;
    return watch.usual_methods->xWrite(file, bytes, amount, offset);
}

static int open_watched(sqlite3_vfs *vfs, sqlite3_filename name,
                        sqlite3_file *file, int flags, int *flags_out)
{
    (void)vfs;
    int code = watch.usual->xOpen(watch.usual, name, file, flags, flags_out);
    if (code != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0)
        return code;
    watch.usual_methods = file->pMethods;
    watch.methods = *file->pMethods;
    watch.methods.xWrite = write_database;
    file->pMethods = &watch.methods;
    return code;
}

static void begin_watch(const struct fixture *fixture)
{
    (void)snprintf(watch.journal, sizeof(watch.journal), "%s-journal",
                   fixture->path);
    watch.usual = sqlite3_vfs_find(NULL);
    watch.vfs = *watch.usual;
    watch.vfs.zName = "watch";
    watch.vfs.xOpen = open_watched;
    assert_int_equal(sqlite3_vfs_register(&watch.vfs, 1), SQLITE_OK);
}

static void end_watch(void)
{
    (void)sqlite3_vfs_unregister(&watch.vfs);
    (void)sqlite3_vfs_register(watch.usual, 1);
}

/* One whose deletion was not synced would bring rows back to pages that are
 * free now, and find them overwritten. */
static void a_journal_of_its_own_is_there_before_the_first_byte(void **state)
{
    struct fixture *fixture = *state;
    struct wipe wipe;
    use_rollback_journal(fixture);
    dirt_fill(fixture, "OFF");
    store_close(fixture->store);
    begin_watch(fixture);
    open_store(fixture);
    fixture_check(fixture, wipe_begin(&wipe, fixture->store, &fixture->err));
    wipe_on(fixture, &wipe);
    assert_true(wipe.cleared > 10 && watch.writes > wipe.cleared);
    assert_int_equal(watch.without_journal, 0);
    wipe_free(&wipe);
    store_close(fixture->store);
    end_watch();
    open_store(fixture);
    assert_int_equal(dirt_pages(fixture, "outbox*"), 0);
    assert_string_equal(fixture_text(fixture, "PRAGMA integrity_check"), "ok");
}

/* --- a kill --------------------------------------------------------------- */

/* As a run does that is killed before it can commit. */
static void clear_without_commit(struct fixture *fixture)
{
    static unsigned char page[UNUSED_MOST_PAGE_BYTES];
    static struct unused unused;
    struct pages pages;
    bool exists;
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_check(fixture,
                  store_begin(fixture->store, &fixture->err) &&
                      pages_open(&pages, fixture->store, &fixture->err));
    assert_true(pages_are_whole(&pages));
    for (uint32_t number = 3; number <= pages.count; number++) {
        fixture_check(fixture,
                      pages_read(&pages, number, page, &exists, &fixture->err));
        if (!pages_may_hold_rows(&pages, number) ||
            !unused_find(page, pages.usable_bytes, 0, &unused))
            continue;
        for (size_t i = 0; i < unused.count; i++)
            fixture_check(fixture, pages_clear(&pages, number, unused.ranges[i],
                                               &fixture->err));
    }
    store_rollback(fixture->store);
}

static void check_memory_since_a_kill(struct fixture *fixture)
{
    struct wipe wipe;
    dirt_fill(fixture, "OFF");
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3 *other = dirt_keep_in_memory(fixture);
    clear_without_commit(fixture);
    assert_int_equal(dirt_pages(fixture, "outbox_delivery"), 0);

    /* The next run looks, and only then they are written from memory. */
    fixture_check(fixture, wipe_begin(&wipe, fixture->store, &fixture->err));
    fixture_check(fixture, wipe_step(&wipe, &fixture->err));
    dirt_write_from_memory(other);
    wipe_on(fixture, &wipe);
    wipe_free(&wipe);
    assert_int_equal(dirt_pages(fixture, "outbox_delivery"), 0);
}

static void what_others_keep_since_a_killed_run_does_not_come_back(void **state)
{
    check_memory_since_a_kill(*state);
}

static void nor_with_a_rollback_journal(void **state)
{
    use_rollback_journal(*state);
    check_memory_since_a_kill(*state);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_journal_of_its_own_is_there_before_the_first_byte),
        TEST(what_others_keep_since_a_killed_run_does_not_come_back),
        TEST(nor_with_a_rollback_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
