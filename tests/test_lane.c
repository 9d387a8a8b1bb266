/* test_lane.c - lanes move on, whatever is remembered of them. */
#include "support/outbox_turns.h"

#include "outbox/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void copy_database(const char *from, const char *to)
{
    sqlite3 *source;
    sqlite3 *target;
    assert_int_equal(sqlite3_open(from, &source), SQLITE_OK);
    assert_int_equal(sqlite3_open(to, &target), SQLITE_OK);
    sqlite3_backup *backup =
        sqlite3_backup_init(target, "main", source, "main");
    assert_non_null(backup);
    assert_int_equal(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    assert_int_equal(sqlite3_backup_finish(backup), SQLITE_OK);
    assert_int_equal(sqlite3_close(target), SQLITE_OK);
    assert_int_equal(sqlite3_close(source), SQLITE_OK);
}

static void deliver_next(struct fixture *fixture, int64_t epoch)
{
    struct outbox_claim claim;
    assert_int_equal(turns_start(fixture, epoch, 1, 1, &claim), 1);
    turns_end(fixture, epoch, &claim, "delivered", "delivered", 0);
    turns_free(&claim, 1);
}

/* SQLite's .restore writes into the open file, and ids are given again. */
static void a_lane_goes_on_after_a_backup_was_restored(void **state)
{
    struct fixture *fixture = *state;
    char copy[sizeof(fixture->path) + 8];
    (void)snprintf(copy, sizeof(copy), "%s.copy", fixture->path);
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    copy_database(fixture->path, copy);
    fixture_put(fixture, "b", "RENEWAL", "anna");
    fixture_put(fixture, "c", "RENEWAL", "anna");
    deliver_next(fixture, epoch); /* that c comes after b is remembered */

    copy_database(copy, fixture->path);
    fixture_put(fixture, "d", "RENEWAL", "bert");
    fixture_put(fixture, "e", "RENEWAL", "carl");
    fixture_put(fixture, "f", "RENEWAL", "bert");
    assert_string_equal(turns_due(fixture, 1), "1 2 3");
    deliver_next(fixture, epoch);
    deliver_next(fixture, epoch);
    assert_string_equal(turns_due(fixture, 1), "3 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_lane_goes_on_after_a_backup_was_restored, fixture_open,
            fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
