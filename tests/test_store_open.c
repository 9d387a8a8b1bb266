/* test_store_open.c - making, upgrading and opening the file. */
#include "support/outbox_fixture.h"

#include "outbox/outbox.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
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
static void make_link_to_nothing(const char *path)
{
    assert_int_equal(symlink("nowhere", path), 0);
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
    {make_missing, ERR_NOT_FOUND, "run: subrelay -d /"},
    {make_link_to_nothing, ERR_NOT_FOUND, "symbolic link"},
    {make_directory, ERR_INVALID, "is a directory"},
    {make_pipe, ERR_INVALID, "is not a file"},
    {make_text, ERR_CORRUPT, "is not a SQLite database"},
    {make_short_text, ERR_CORRUPT, "is not a SQLite database"},
    {make_empty, ERR_INVALID, "has no outbox; run: subrelay -d /"},
    {make_foreign, ERR_INVALID, "has no outbox; run: subrelay -d /"},
    {make_foreign_outbox, ERR_INVALID, "a table named outbox"},
    {make_newer, ERR_NEWER, "newer subrelay"},
    {make_older, ERR_INVALID, "run: subrelay -d /"},
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
    /* Who cannot become another user shuts himself out. */
    if (geteuid() != 0)
        assert_int_equal(chmod(fixture->path, 0), 0);
    fixture_run_apart(fixture, is_refused_to_others);
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
    fixture_run_apart(fixture, can_only_be_read);
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
    fixture_run_apart(fixture, names_the_directory);
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
                {make_directory, ERR_INVALID},
                {make_link_to_nothing, ERR_NOT_FOUND}};
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
    fixture_run_apart(fixture, leaves_nothing_on_a_full_disk);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
