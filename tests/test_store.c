/* test_store.c - opening, making and upgrading the file, and its
 * transactions. */
#include "support/outbox_fixture.h"

#include "base/text.h"
#include "outbox/connection.h"
#include "outbox/outbox.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void write_file(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* Run in a process of its own; the test fails unless it returns true. */
static void run_apart(bool (*run)(struct fixture *), struct fixture *fixture)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(run(fixture) ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Permissions mean nothing to root. */
static bool become_nobody(void)
{
    return geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
}

static int count_entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    (void)closedir(directory);
    return count;
}

/* --- opening ------------------------------------------------------------- */

static void make_missing(const char *path)
{
    (void)path;
}
static void make_directory(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}
static void make_pipe(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}
static void make_text(const char *path)
{
    char text[5000];
    memset(text, 'x', sizeof(text));
    write_file(path, text, sizeof(text));
}
static void make_short_text(const char *path)
{
    write_file(path, "hello", 5);
}
static void make_empty(const char *path)
{
    write_file(path, "", 0);
}

static void make_with_sql(const char *path, const char *sql)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(database);
}
static void make_foreign(const char *path)
{
    make_with_sql(path, "CREATE TABLE users (id INTEGER PRIMARY KEY)");
}
static void make_foreign_outbox(const char *path)
{
    make_with_sql(path, "CREATE TABLE outbox (id INTEGER PRIMARY KEY)");
}
static void make_newer(const char *path)
{
    make_with_sql(path, "CREATE TABLE outbox_schema (id INTEGER PRIMARY KEY,"
                        " version INTEGER); INSERT INTO outbox_schema VALUES"
                        " (1, 999)");
}
static void make_older(const char *path)
{
    make_with_sql(path, "CREATE TABLE outbox_schema (id INTEGER PRIMARY KEY,"
                        " version INTEGER); INSERT INTO outbox_schema VALUES"
                        " (1, 0)");
}

static const struct {
    void (*make)(const char *path);
    enum err_code code;
    const char *words;
} unopenable[] = {
    {make_missing, ERR_NOT_FOUND, "subrelay init"},
    {make_directory, ERR_INVALID, "is a directory"},
    {make_pipe, ERR_INVALID, "is not a file"},
    {make_text, ERR_CORRUPT, "is not a SQLite database"},
    {make_short_text, ERR_CORRUPT, "is not a SQLite database"},
    {make_empty, ERR_INVALID, "has no outbox; run: subrelay init"},
    {make_foreign, ERR_INVALID, "has no outbox; run: subrelay init"},
    {make_foreign_outbox, ERR_INVALID, "a table named outbox"},
    {make_newer, ERR_NEWER, "newer subrelay"},
    {make_older, ERR_INVALID, "subrelay init"},
};

static void what_cannot_be_opened_is_named_with_the_file(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(unopenable) / sizeof(unopenable[0]); i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "case%zu", i);
        const char *path = fixture_path(fixture, name);
        unopenable[i].make(path);
        for (int access = STORE_READ; access <= STORE_WRITE; access++) {
            struct store *store;
            struct err err = {0};
            assert_false(
                store_open(path, (enum store_access)access, 100, &store, &err));
            assert_null(store);
            assert_int_equal(err.code, unopenable[i].code);
            assert_non_null(strstr(err.text, unopenable[i].words));
            assert_non_null(strstr(err.text, path));
        }
    }
}

static bool is_refused_to_others(struct fixture *fixture)
{
    struct store *store;
    struct err *err = &fixture->err;
    return become_nobody() &&
           !store_open(fixture->path, STORE_READ, 100, &store, err) &&
           err->code == ERR_ACCESS &&
           !store_open(fixture->path, STORE_WRITE, 100, &store, err) &&
           err->code == ERR_ACCESS;
}

static void a_file_of_another_user_is_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(chmod(fixture->directory, 0777), 0);
    run_apart(is_refused_to_others, fixture);
}

static bool can_only_be_read(struct fixture *fixture)
{
    struct store *store;
    struct outbox_outlook outlook;
    struct err *err = &fixture->err;
    if (!become_nobody() ||
        store_open(fixture->path, STORE_WRITE, 100, &store, err) ||
        err->code != ERR_ACCESS ||
        !store_open(fixture->path, STORE_READ, 100, &store, err))
        return false;
    bool good = outbox_look_ahead(store, &outlook, err) &&
                outlook.pending == 1 && !store_begin(store, err);
    store_close(store);
    return good;
}

static void a_file_that_may_only_be_read_can_be_read(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    store_close(fixture->store);
    fixture->store = NULL;
    fixture_run(fixture, "PRAGMA journal_mode = DELETE");
    assert_int_equal(chmod(fixture->path, 0444), 0);
    assert_int_equal(chmod(fixture->directory, 0555), 0);
    run_apart(can_only_be_read, fixture);
    /* The directory must be writable again to be removed. */
    assert_int_equal(chmod(fixture->directory, 0755), 0);
}

static bool names_the_directory(struct fixture *fixture)
{
    struct store *store;
    return become_nobody() &&
           !store_open(fixture->path, STORE_WRITE, 100, &store,
                       &fixture->err) &&
           fixture->err.code == ERR_ACCESS &&
           strstr(fixture->err.text, "directory must be writable") != NULL;
}

static void a_directory_that_cannot_be_written_is_named(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    fixture->store = NULL;
    assert_int_equal(chmod(fixture->path, 0666), 0);
    assert_int_equal(chmod(fixture->directory, 0555), 0);
    run_apart(names_the_directory, fixture);
    assert_int_equal(chmod(fixture->directory, 0755), 0);
}

static void a_reader_cannot_write(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    bool is_new;
    static const char payload[] = "{\"event\":{\"id\":\"a\",\"type\":\"T\"}}";
    fixture_check(fixture, store_open(fixture->path, STORE_READ, 100, &store,
                                      &fixture->err));
    assert_false(outbox_put(store, payload, sizeof(payload) - 1, &is_new,
                            &fixture->err));
    assert_int_equal(fixture->err.code, ERR_ACCESS);
    store_close(store);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM outbox"), 0);
}

static void a_damaged_file_is_called_so(void **state)
{
    struct fixture *fixture = *state;
    struct store *store;
    char garbage[4096];
    for (int i = 0; i < 200; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "%d", i);
        fixture_put(fixture, id, "RENEWAL", "anna");
    }
    int64_t root = fixture_number(
        fixture, "SELECT rootpage FROM sqlite_master WHERE name ="
                 " 'outbox_delivery'");
    store_close(fixture->store);
    fixture->store = NULL;
    memset(garbage, 0xA5, sizeof(garbage));
    FILE *file = fopen(fixture->path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)((root - 1) * 4096), SEEK_SET), 0);
    assert_int_equal(fwrite(garbage, 1, sizeof(garbage), file), 4096);
    assert_int_equal(fclose(file), 0);
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 100, &store,
                                      &fixture->err));
    static const char payload[] = "{\"event\":{\"id\":\"x\",\"type\":\"T\"}}";
    bool is_new;
    assert_false(outbox_put(store, payload, sizeof(payload) - 1, &is_new,
                            &fixture->err));
    assert_int_equal(fixture->err.code, ERR_CORRUPT);
    store_close(store);
}

/* --- init ---------------------------------------------------------------- */

static void a_new_file_is_private_in_wal_and_can_shrink(void **state)
{
    struct fixture *fixture = *state;
    struct store_init_report report;
    struct stat status;
    const char *path = fixture_path(fixture, "new.db");
    mode_t before = umask(0);
    fixture_check(fixture, store_init(path, false, &report, &fixture->err));
    (void)umask(before);
    assert_true(report.created_file);
    assert_int_equal(report.version_before, 0);
    assert_int_equal(report.version_now, 1);
    assert_string_equal(report.journal_mode, "wal");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s", path);
    assert_string_equal(fixture_text(fixture, "PRAGMA journal_mode"), "wal");
    assert_int_equal(fixture_number(fixture, "PRAGMA auto_vacuum"), 2);
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM outbox_type"), 13);
}

static void init_twice_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct store_init_report report;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_check(fixture,
                  store_init(fixture->path, false, &report, &fixture->err));
    assert_false(report.created_file);
    assert_int_equal(report.version_before, 1);
    assert_int_equal(report.version_now, 1);
    assert_false(fixture_put(fixture, "a", "RENEWAL", "anna"));
}

static void an_existing_file_keeps_what_is_its_own(void **state)
{
    struct fixture *fixture = *state;
    struct store_init_report report;
    struct stat status;
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/theirs.db",
                   fixture->directory);
    make_with_sql(fixture->path,
                  "PRAGMA user_version = 41; CREATE TABLE users (id INTEGER"
                  " PRIMARY KEY); INSERT INTO users VALUES (7)");
    assert_int_equal(chmod(fixture->path, 0640), 0);
    fixture_check(fixture,
                  store_init(fixture->path, false, &report, &fixture->err));
    assert_false(report.created_file);
    assert_string_equal(report.journal_mode, "delete");
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_int_equal(fixture_number(fixture, "PRAGMA user_version"), 41);
    assert_int_equal(fixture_number(fixture, "PRAGMA auto_vacuum"), 0);
    assert_int_equal(fixture_number(fixture, "SELECT id FROM users"), 7);

    fixture_check(fixture,
                  store_init(fixture->path, true, &report, &fixture->err));
    assert_string_equal(report.journal_mode, "wal");
    assert_string_equal(fixture_text(fixture, "PRAGMA journal_mode"), "wal");
}

static void init_refuses_what_it_does_not_know(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        void (*make)(const char *path);
        enum err_code code;
    } rows[] = {{make_newer, ERR_NEWER},
                {make_foreign_outbox, ERR_INVALID},
                {make_text, ERR_CORRUPT},
                {make_directory, ERR_INVALID}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[16];
        struct store_init_report report;
        (void)snprintf(name, sizeof(name), "case%zu", i);
        const char *path = fixture_path(fixture, name);
        rows[i].make(path);
        assert_false(store_init(path, true, &report, &fixture->err));
        assert_int_equal(fixture->err.code, rows[i].code);
    }
}

static bool leaves_nothing_on_a_full_disk(struct fixture *fixture)
{
    struct store_init_report report;
    struct rlimit limit = {.rlim_cur = 40000, .rlim_max = 40000};
    const char *path = fixture_path(fixture, "full.db");
    (void)signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
           !store_init(path, false, &report, &fixture->err) &&
           fixture->err.code == ERR_FULL && access(path, F_OK) != 0;
}

static void init_that_fails_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    struct store_init_report report;
    store_close(fixture->store);
    fixture->store = NULL;
    int before = count_entries(fixture->directory);
    run_apart(leaves_nothing_on_a_full_disk, fixture);
    assert_int_equal(count_entries(fixture->directory), before);
    assert_false(store_init(fixture_path(fixture, "no/such/place.db"), false,
                            &report, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
}

enum { RIVALS = 6 };

static bool init_at_once(struct fixture *fixture)
{
    struct store_init_report report;
    return store_init(fixture_path(fixture, "raced.db"), false, &report,
                      &fixture->err);
}

static void many_may_init_at_once(void **state)
{
    struct fixture *fixture = *state;
    pid_t rivals[RIVALS];
    for (int i = 0; i < RIVALS; i++) {
        rivals[i] = fork();
        assert_true(rivals[i] >= 0);
        if (rivals[i] == 0)
            _exit(init_at_once(fixture) ? 0 : 1);
    }
    for (int i = 0; i < RIVALS; i++) {
        int status;
        assert_int_equal(waitpid(rivals[i], &status, 0), rivals[i]);
        assert_int_equal(status, 0);
    }
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/raced.db",
                   fixture->directory);
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM outbox_schema"), 1);
    assert_int_equal(fixture_number(fixture, "PRAGMA auto_vacuum"), 2);
}

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
    return !good && err->code == ERR_FULL;
}

static void
a_write_that_the_system_refuses_for_its_size_is_a_full_disk(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    fixture->store = NULL;
    run_apart(fills_the_disk, fixture);
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
        TEST(what_cannot_be_opened_is_named_with_the_file),
        TEST(a_file_of_another_user_is_refused),
        TEST(a_file_that_may_only_be_read_can_be_read),
        TEST(a_directory_that_cannot_be_written_is_named),
        TEST(a_reader_cannot_write),
        TEST(a_damaged_file_is_called_so),
        TEST(a_new_file_is_private_in_wal_and_can_shrink),
        TEST(init_twice_changes_nothing),
        TEST(an_existing_file_keeps_what_is_its_own),
        TEST(init_refuses_what_it_does_not_know),
        TEST(init_that_fails_leaves_nothing_behind),
        TEST(many_may_init_at_once),
        TEST(a_lock_held_by_another_is_busy),
        TEST(a_second_store_of_this_process_waits_its_turn),
        TEST(what_is_rolled_back_did_not_happen),
        TEST(a_refused_event_leaves_the_rest_of_the_transaction),
        TEST(a_full_disk_is_called_so_and_nothing_happened),
        TEST(a_write_that_the_system_refuses_for_its_size_is_a_full_disk),
        TEST(a_database_in_rollback_mode_works),
        TEST(commits_of_others_are_noticed),
        TEST(a_file_that_was_moved_or_replaced_is_written_no_more),
        TEST(a_link_to_the_file_is_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
