/* bench_floor_sqlite.c - SQLite alone: the rows that the outbox writes, with
 * nothing computed and nothing checked. What writing could reach at most.
 *
 *   bench_floor_sqlite NEW-DATABASE ROWS GROUP
 *
 * Inserts the rows of the file, GROUP a transaction, into tables and indexes
 * as those of the outbox. */
#include "base/text.h"
#include "bench/sql.h"

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
    " epoch INTEGER);"
    "CREATE INDEX delivery_due ON delivery (due_ms) WHERE due_ms IS NOT NULL;"
    "CREATE UNIQUE INDEX delivery_head ON delivery (lane)"
    " WHERE due_ms IS NOT NULL;"
    "CREATE INDEX delivery_lane ON delivery (lane);"
    "CREATE INDEX delivery_waiting ON delivery (settled_ms)"
    " WHERE settled_ms IS NULL;"
    "CREATE TABLE counter (name TEXT PRIMARY KEY, count INTEGER)"
    " WITHOUT ROWID;"
    "INSERT INTO counter VALUES ('pending', 0), ('backlog', 0);";

struct floor {
    sqlite3 *database;
    struct sql_rows rows;
    size_t group;
};

/* What an event writes; each takes its id. */
static const char *const texts[] = {
    "INSERT INTO event (id, payload) VALUES (?1, ?2)",
    "INSERT INTO event_id VALUES (?2, ?1)",
    "INSERT INTO delivery (id, lane, kind, state, due_ms, not_before_ms,"
    " arrived_ms, attempts) VALUES (?1, ?2, 'renewal', 'pending',"
    " CAST(?3 AS INTEGER), 0, 1764000300137, 0)",
};

enum { STATEMENTS = sizeof(texts) / sizeof(texts[0]) };

static void insert_row(sqlite3_stmt **statements, const struct sql_row *row,
                       sqlite3_int64 id)
{
    sql_bind_text(statements[0], 2, row->payload);
    sql_bind_text(statements[1], 2, row->event_id);
    sql_bind_text(statements[2], 2, row->user);
    sql_bind_text(statements[2], 3, row->due[0] == '\0' ? NULL : row->due);
    for (int i = 0; i < STATEMENTS; i++) {
        (void)sqlite3_bind_int64(statements[i], 1, id);
        sql_step(statements[i]);
    }
}

static void insert_all(const struct floor *floor)
{
    sqlite3_stmt *statements[STATEMENTS];
    sqlite3_stmt *count =
        sql_prepare(floor->database, "UPDATE counter SET count = count + 1");
    for (int i = 0; i < STATEMENTS; i++)
        statements[i] = sql_prepare(floor->database, texts[i]);
    for (size_t at = 0; at < floor->rows.count;) {
        size_t end_at = at + floor->group;
        if (end_at > floor->rows.count)
            end_at = floor->rows.count;
        sql_run(floor->database, "BEGIN IMMEDIATE");
        for (; at < end_at; at++)
            insert_row(statements, &floor->rows.rows[at],
                       (sqlite3_int64)at + 1);
        sql_step(count);
        sql_run(floor->database, "COMMIT");
    }
}

int main(int count, char **words)
{
    struct floor floor = {0};
    int64_t group;
    if (count != 4 || !text_parse_int64(words[3], 1, 100000, &group)) {
        (void)fprintf(stderr, "bench_floor_sqlite NEW-DATABASE ROWS GROUP\n");
        return 2;
    }
    floor.group = (size_t)group;
    sql_read_rows(words[2], &floor.rows);
    floor.database = sql_open(words[1]);
    sql_run(floor.database, schema);
    insert_all(&floor);
    sql_close(floor.database);
    sql_free_rows(&floor.rows);
    return EXIT_SUCCESS;
}
