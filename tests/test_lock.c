/* test_lock.c - one relay per file, for as long as it lives. */
#include "support/outbox_fixture.h"

#include "outbox/lock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_held(struct fixture *fixture)
{
    bool held;
    fixture_check(fixture, lock_is_held(fixture->path, &held, &fixture->err));
    return held;
}

static void nobody_holds_a_lock_that_was_never_taken(void **state)
{
    assert_false(is_held(*state));
}

static void a_second_one_is_refused_until_the_first_is_released(void **state)
{
    struct fixture *fixture = *state;
    struct lock *first;
    struct lock *second;
    fixture_check(fixture, lock_take(fixture->path, &first, &fixture->err));
    assert_true(is_held(fixture));
    assert_false(lock_take(fixture->path, &second, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_BUSY);
    assert_null(second);
    lock_release(first);
    assert_false(is_held(fixture));
    fixture_check(fixture, lock_take(fixture->path, &second, &fixture->err));
    lock_release(second);
    lock_release(NULL);
}

static void all_names_of_a_file_are_one_lock(void **state)
{
    struct fixture *fixture = *state;
    struct lock *first;
    struct lock *second;
    const char *link = fixture_path(fixture, "link.db");
    assert_int_equal(symlink(fixture->path, link), 0);
    fixture_check(fixture, lock_take(link, &first, &fixture->err));
    assert_true(is_held(fixture));
    assert_false(lock_take(fixture->path, &second, &fixture->err));
    lock_release(first);
}

static void it_ends_with_its_process(void **state)
{
    struct fixture *fixture = *state;
    struct lock *lock;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!lock_take(fixture->path, &lock, &fixture->err))
            _exit(1);
        (void)!write(ready[1], "x", 1);
        (void)pause();
        _exit(0);
    }
    (void)close(ready[1]); /* so that a child that ends is read as an end */
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_true(is_held(fixture));
    assert_false(lock_take(fixture->path, &lock, &fixture->err));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(is_held(fixture));
    fixture_check(fixture, lock_take(fixture->path, &lock, &fixture->err));
    lock_release(lock);
    (void)close(ready[0]);
}

static void a_lock_file_that_was_removed_locks_nobody_out(void **state)
{
    struct fixture *fixture = *state;
    struct lock *first;
    struct lock *second;
    fixture_check(fixture, lock_take(fixture->path, &first, &fixture->err));
    assert_int_equal(unlink(fixture_path(fixture, "outbox.db.lock")), 0);
    assert_false(is_held(fixture));
    fixture_check(fixture, lock_take(fixture->path, &second, &fixture->err));
    assert_true(is_held(fixture));
    lock_release(first);
    assert_true(is_held(fixture));
    lock_release(second);
}

static void taking_it_does_not_let_go_of_the_database(void **state)
{
    struct fixture *fixture = *state;
    struct lock *lock;
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    fixture_check(fixture, lock_take(fixture->path, &lock, &fixture->err));
    lock_release(lock);
    assert_false(is_held(fixture));
    /* Another process would still find the database locked. */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char command[256];
        (void)snprintf(command, sizeof(command),
                       "sqlite3 '%s' 'BEGIN IMMEDIATE' 2>/dev/null",
                       fixture->path);
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 0);
    assert_int_not_equal(WEXITSTATUS(status), 127);
    store_rollback(fixture->store);
}

static void a_database_that_is_not_there_has_no_lock(void **state)
{
    struct fixture *fixture = *state;
    struct lock *lock;
    assert_false(
        lock_take(fixture_path(fixture, "missing.db"), &lock, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_holds_a_lock_that_was_never_taken),
        TEST(a_second_one_is_refused_until_the_first_is_released),
        TEST(all_names_of_a_file_are_one_lock),
        TEST(it_ends_with_its_process),
        TEST(a_lock_file_that_was_removed_locks_nobody_out),
        TEST(taking_it_does_not_let_go_of_the_database),
        TEST(a_database_that_is_not_there_has_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
