/* bench_floor_sqlite.c - SQLite alone: the rows that the outbox writes, with
 * nothing computed and nothing checked. What writing could reach at most.
 *
 *   bench_floor_sqlite NEW-DATABASE ROWS GROUP [updates]
 *
 * Inserts the rows of the file, GROUP a transaction, into tables and indexes
 * as those of the outbox. With "updates", also what a relay writes of them:
 * the attempt begins, and in the next transaction ends. */
#include "base/text.h"
#include "bench/sql.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The bytes of schema/migrations/001_outbox.sql without its triggers; the
 * table event_id is the index on what is computed there. Indexes that no
 * delivery is in that goes well are left out. */
static const char schema[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA wal_autocheckpoint = 4000;"
    "PRAGMA cache_size = -16384;"
    "CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, payload TEXT);"
    "CREATE TABLE event_id (event_id TEXT PRIMARY KEY, id) WITHOUT ROWID;"
    "CREATE TABLE delivery (id INTEGER PRIMARY KEY, lane TEXT NOT NULL,"
    " kind TEXT, state TEXT NOT NULL, reason TEXT, result TEXT,"
    " status INTEGER, due_ms INTEGER, not_before_ms INTEGER,"
    " arrived_ms INTEGER NOT NULL, settled_ms INTEGER, attempts INTEGER,"
    " epoch INTEGER, newest_ms INTEGER);"
    "CREATE INDEX delivery_due ON delivery (due_ms) WHERE due_ms IS NOT NULL;"
    "CREATE UNIQUE INDEX delivery_head ON delivery (lane)"
    " WHERE due_ms IS NOT NULL;"
    "CREATE INDEX delivery_lane ON delivery (lane);"
    "CREATE INDEX delivery_waiting ON delivery (settled_ms)"
    " WHERE settled_ms IS NULL;"
    "CREATE TABLE attempt (delivery_id INTEGER NOT NULL,"
    " number INTEGER NOT NULL, cause TEXT, started_ms INTEGER,"
    " ended_ms INTEGER, outcome TEXT, attributes TEXT, event_body TEXT,"
    " PRIMARY KEY (delivery_id, number)) WITHOUT ROWID;"
    "CREATE TABLE call (delivery_id INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " number INTEGER NOT NULL, request TEXT, started_ms INTEGER,"
    " took_ms INTEGER, status INTEGER, request_id TEXT,"
    " PRIMARY KEY (delivery_id, attempt, number)) WITHOUT ROWID;"
    "CREATE TABLE counter (name TEXT PRIMARY KEY, count INTEGER)"
    " WITHOUT ROWID;"
    "INSERT INTO counter VALUES ('pending', 0), ('backlog', 0);";

static const char body[] =
    "{\"event_name\":\"rc_renewal_event\",\"user_id\":\"user-1005\","
    "\"created_at\":1764000295,\"metadata\":{\"product_identifier\":"
    "\"reader_monthly\",\"entitlement\":\"reader_plus\",\"store\":\"STRIPE\","
    "\"expires_at\":1766592295,\"environment\":\"production\",\"app_id\":"
    "\"app7c1f2b9d40\"}}";

struct floor {
    sqlite3 *database;
    struct sql_rows rows;
    size_t group;
};

/* Statements of one pass, each of which takes :id and perhaps columns. */
enum { MOST_STATEMENTS = 4 };

struct pass {
    const char *texts[MOST_STATEMENTS];
    /* Bind what the statement at the index takes beside the id. */
    void (*bind)(sqlite3_stmt *statement, int index, const struct sql_row *row);
};

static void bind_insert(sqlite3_stmt *statement, int index,
                        const struct sql_row *row)
{
    switch (index) {
    case 0:
        sql_bind_text(statement, 2, row->payload);
        break;
    case 1:
        sql_bind_text(statement, 2, row->event_id);
        break;
    default:
        sql_bind_text(statement, 2, row->user);
        sql_bind_text(statement, 3, row->due[0] == '\0' ? NULL : row->due);
        break;
    }
}

static void bind_body(sqlite3_stmt *statement, int index,
                      const struct sql_row *row)
{
    (void)row;
    if (index == 1)
        sql_bind_text(statement, 2, body);
}

static void bind_nothing(sqlite3_stmt *statement, int index,
                         const struct sql_row *row)
{
    (void)statement;
    (void)index;
    (void)row;
}

static const struct pass insert = {
    {"INSERT INTO event (id, payload) VALUES (?1, ?2)",
     "INSERT INTO event_id VALUES (?2, ?1)",
     "INSERT INTO delivery (id, lane, kind, state, due_ms, not_before_ms,"
     " arrived_ms, attempts) VALUES (?1, ?2, 'renewal', 'pending',"
     " CAST(?3 AS INTEGER), 0, 1764000300137, 0)"},
    bind_insert,
};

static const struct pass begin = {
    {"UPDATE delivery SET state = 'sending', due_ms = NULL, attempts = 1,"
     " epoch = 1, newest_ms = 1764000300137 WHERE id = ?1",
     "INSERT INTO attempt (delivery_id, number, cause, started_ms, attributes,"
     " event_body) VALUES (?1, 1, 'automatic', 1764000300137, '', ?2)"},
    bind_body,
};

static const struct pass end = {
    {"UPDATE delivery SET state = 'delivered', result = '202', status = 202,"
     " settled_ms = 1764000300139 WHERE id = ?1",
     "UPDATE attempt SET ended_ms = 1764000300139, outcome = 'delivered'"
     " WHERE delivery_id = ?1 AND number = 1",
     "INSERT INTO call VALUES (?1, 1, 1, 'POST /events', 1764000300138, 1,"
     " 202, '00000000000186a0')"},
    bind_nothing,
};

static void run_on_row(sqlite3_stmt **statements, const struct pass *pass,
                       const struct sql_row *row, sqlite3_int64 id)
{
    for (int i = 0; i < MOST_STATEMENTS && statements[i] != NULL; i++) {
        (void)sqlite3_bind_int64(statements[i], 1, id);
        pass->bind(statements[i], i, row);
        sql_step(statements[i]);
    }
}

static void prepare(const struct floor *floor, const struct pass *pass,
                    sqlite3_stmt **statements)
{
    for (int i = 0; i < MOST_STATEMENTS && pass->texts[i] != NULL; i++)
        statements[i] = sql_prepare(floor->database, pass->texts[i]);
}

static size_t end_of_group(const struct floor *floor, size_t first)
{
    size_t last = first + floor->group;
    return last < floor->rows.count ? last : floor->rows.count;
}

/* What the first pass does for a group, the second does one group later; NULL:
 * there is no second. */
static void run(const struct floor *floor, const struct pass *first,
                const struct pass *second)
{
    sqlite3_stmt *firsts[MOST_STATEMENTS] = {0};
    sqlite3_stmt *seconds[MOST_STATEMENTS] = {0};
    sqlite3_stmt *count =
        sql_prepare(floor->database, "UPDATE counter SET count = count + 1");
    const struct sql_row *rows = floor->rows.rows;
    prepare(floor, first, firsts);
    if (second != NULL)
        prepare(floor, second, seconds);
    size_t before = 0;
    for (size_t at = 0; before < floor->rows.count;) {
        size_t end_at = end_of_group(floor, at);
        sql_run(floor->database, "BEGIN IMMEDIATE");
        for (size_t i = before; second != NULL && i < at; i++)
            run_on_row(seconds, second, &rows[i], (sqlite3_int64)i + 1);
        for (size_t i = at; i < end_at; i++)
            run_on_row(firsts, first, &rows[i], (sqlite3_int64)i + 1);
        sql_step(count);
        sql_run(floor->database, "COMMIT");
        before = second == NULL ? end_at : at;
        at = end_at;
    }
}

int main(int count, char **words)
{
    struct floor floor = {0};
    int64_t group;
    if (count < 4 || !text_parse_int64(words[3], 1, 100000, &group)) {
        (void)fprintf(stderr,
                      "bench_floor_sqlite NEW-DATABASE ROWS GROUP [updates]\n");
        return 2;
    }
    floor.group = (size_t)group;
    sql_read_rows(words[2], &floor.rows);
    floor.database = sql_open(words[1]);
    sql_run(floor.database, schema);
    run(&floor, &insert, NULL);
    if (count > 4)
        run(&floor, &begin, &end);
    sql_close(floor.database);
    sql_free_rows(&floor.rows);
    return EXIT_SUCCESS;
}
