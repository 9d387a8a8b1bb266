#include "support/outbox_fixture.h"

#include "base/mem.h"
#include "outbox/outbox.h"

#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

int fixture_open(void **state)
{
    struct fixture *fixture = mem_new(sizeof(*fixture));
    struct store_init_report report;
    (void)snprintf(fixture->directory, sizeof(fixture->directory), "%s",
                   "/tmp/subrelay-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/outbox.db",
                   fixture->directory);
    fixture_check(fixture,
                  store_init(fixture->path, false, &report, &fixture->err));
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 2000,
                                      &fixture->store, &fixture->err));
    *state = fixture;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type,
                        struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    (void)nftw(fixture->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

const char *fixture_path(const struct fixture *fixture, const char *name)
{
    static char path[192];
    (void)snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
    return path;
}

bool fixture_put(struct fixture *fixture, const char *event_id,
                 const char *type, const char *user)
{
    char payload[512];
    bool is_new;
    int length =
        snprintf(payload, sizeof(payload),
                 "{\"event\":{\"id\":\"%s\",\"type\":\"%s\"%s%s%s}}", event_id,
                 type, user == NULL ? "" : ",\"app_user_id\":\"",
                 user == NULL ? "" : user, user == NULL ? "" : "\"");
    fixture_check(fixture, outbox_put(fixture->store, payload, (size_t)length,
                                      &is_new, &fixture->err));
    return is_new;
}

static sqlite3 *open_beside(const struct fixture *fixture)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    (void)sqlite3_busy_timeout(database, 2000);
    return database;
}

static void run_sql(sqlite3 *database, const char *sql)
{
    char *text = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
    (void)sqlite3_close(database);
}

void fixture_run(const struct fixture *fixture, const char *sql)
{
    run_sql(open_beside(fixture), sql);
}

void fixture_run_without_triggers(const struct fixture *fixture,
                                  const char *sql)
{
    sqlite3 *database = open_beside(fixture);
    assert_int_equal(
        sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL),
        SQLITE_OK);
    run_sql(database, sql);
}

const char *fixture_text(const struct fixture *fixture, const char *sql)
{
    static char text[1000];
    sqlite3 *database = open_beside(fixture);
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    const char *value = "NULL";
    if (sqlite3_step(statement) == SQLITE_ROW &&
        sqlite3_column_type(statement, 0) != SQLITE_NULL)
        value = (const char *)sqlite3_column_text(statement, 0);
    (void)snprintf(text, sizeof(text), "%s", value);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return text;
}

int64_t fixture_number(const struct fixture *fixture, const char *sql)
{
    return strtoll(fixture_text(fixture, sql), NULL, 10);
}

int64_t fixture_wrong_counters(const struct fixture *fixture)
{
    return fixture_number(
        fixture,
        "SELECT (SELECT count(*) FROM outbox_count AS c WHERE name NOT LIKE "
        "'%\\_%' ESCAPE '\\' AND count <> (SELECT count(*) FROM "
        "outbox_delivery WHERE state = c.name)) + (SELECT "
        "coalesce(sum(count), 0) FROM outbox_backlog) - (SELECT count(*) FROM "
        "outbox_delivery WHERE state = 'pending')");
}

void fixture_run_apart(struct fixture *fixture,
                       bool (*run)(struct fixture *fixture))
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

void fixture_check(const struct fixture *fixture, bool good)
{
    if (!good)
        fail_msg("%s", fixture->err.text);
}
