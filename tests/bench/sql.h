/* sql.h - SQLite as an application uses it, for the floors and the producer:
 * what fails ends the program. */
#ifndef BENCH_SQL_H
#define BENCH_SQL_H

#include "base/buf.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Open as a producer that wants its commits on the disk: WAL as the file has
 * it, synchronous FULL, busy_timeout 5 s. */
sqlite3 *sql_open(const char *path);
/* Run a text of statements. */
void sql_run(sqlite3 *database, const char *text);
sqlite3_stmt *sql_prepare(sqlite3 *database, const char *text);
void sql_bind_text(sqlite3_stmt *statement, int index, const char *text);
/* Step to the end and make ready for the next time. */
void sql_step(sqlite3_stmt *statement);
void sql_close(sqlite3 *database);

/* One row to be inserted; the texts lie in the file's buffer. */
struct sql_row {
    const char *event_id;
    const char *user;
    const char *due; /* "0" for the first of its user, else "" */
    const char *payload;
};

struct sql_rows {
    struct buf text;
    struct sql_row *rows;
    size_t count;
};

/* Read a file of rows, a line each, their columns with tabs between. */
void sql_read_rows(const char *path, struct sql_rows *rows);
void sql_free_rows(struct sql_rows *rows);

#endif
