#include "support/dirt.h"

#include "outbox/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Lanes in no order, and rows that grow in the middle of their pages. */
static const char USERS[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 1500) INSERT INTO outbox (payload) SELECT json_object('event',"
    " json_object('id', 'e' || i, 'type', 'RENEWAL', 'app_user_id',"
    " 'person-' || (i * 7919 % 4001) || '-who-asks')) FROM n";
static const char GROWING[] =
    "UPDATE outbox_delivery SET result = hex(zeroblob(id * 37 % 101))"
    " WHERE id % 3 = 0;"
    "UPDATE outbox_delivery SET result = hex(zeroblob(id * 53 % 211))"
    " WHERE id % 4 = 1";

void dirt_fill(const struct fixture *fixture, const char *secure_delete)
{
    char sql[2000];
    (void)snprintf(sql, sizeof(sql), "PRAGMA secure_delete = %s; %s; %s",
                   secure_delete, USERS, GROWING);
    fixture_run(fixture, sql);
}

static bool has_dirt(const struct pages *pages, uint32_t number)
{
    static unsigned char page[UNUSED_MOST_PAGE_BYTES];
    static struct unused unused;
    bool exists;
    struct err err;
    assert_true(pages_read(pages, number, page, &exists, &err));
    assert_true(exists);
    assert_true(unused_find(page, pages->usable_bytes, 0, &unused));
    for (size_t i = 0; i < unused.count; i++)
        if (unused_is_dirty(page, unused.ranges[i]))
            return true;
    return false;
}

int dirt_pages(struct fixture *fixture, const char *objects)
{
    char sql[300];
    int dirty = 0;
    struct pages pages;
    sqlite3 *database;
    sqlite3_stmt *statement;
    fixture_run(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_check(fixture, pages_open(&pages, fixture->store, &fixture->err));
    (void)snprintf(sql, sizeof(sql),
                   "SELECT pageno FROM dbstat WHERE name GLOB '%s'"
                   " AND pagetype <> 'overflow'",
                   objects);
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        dirty += has_dirt(&pages, (uint32_t)sqlite3_column_int64(statement, 0));
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return dirty;
}

sqlite3 *dirt_keep_in_memory(const struct fixture *fixture)
{
    sqlite3 *other;
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other,
                                  "PRAGMA secure_delete = OFF;"
                                  "SELECT sum(arrived_ms) FROM outbox_delivery",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    return other;
}

void dirt_write_from_memory(sqlite3 *other)
{
    assert_int_equal(
        sqlite3_exec(other,
                     "UPDATE outbox_delivery SET state = 'sending',"
                     " due_ms = NULL",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_changes(other), 1500);
    (void)sqlite3_close(other);
}
