#include "bench/sql.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void end_with(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(EXIT_FAILURE);
}

sqlite3 *sql_open(const char *path)
{
    sqlite3 *database = NULL;
    if (sqlite3_open(path, &database) != SQLITE_OK)
        end_with(path);
    (void)sqlite3_busy_timeout(database, 5000);
    sql_run(database, "PRAGMA synchronous = FULL");
    return database;
}

void sql_run(sqlite3 *database, const char *text)
{
    if (sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK)
        end_with(sqlite3_errmsg(database));
}

sqlite3_stmt *sql_prepare(sqlite3 *database, const char *text)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT,
                           &statement, NULL) != SQLITE_OK)
        end_with(sqlite3_errmsg(database));
    return statement;
}

void sql_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    (void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

void sql_step(sqlite3_stmt *statement)
{
    int result;
    do {
        result = sqlite3_step(statement);
    } while (result == SQLITE_ROW);
    if (result != SQLITE_DONE)
        end_with(sqlite3_errmsg(sqlite3_db_handle(statement)));
    (void)sqlite3_reset(statement);
}

void sql_close(sqlite3 *database)
{
    sqlite3_stmt *statement;
    while ((statement = sqlite3_next_stmt(database, NULL)) != NULL)
        (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
}

/* Cut the text at the byte and return what stands behind. */
static char *cut(char *text, char byte)
{
    char *at = strchr(text, byte);
    if (at == NULL)
        end_with("a line has too few columns");
    *at = '\0';
    return at + 1;
}

void sql_read_rows(const char *path, struct sql_rows *rows)
{
    struct err err;
    size_t capacity = 0;
    *rows = (struct sql_rows){0};
    buf_init(&rows->text, SIZE_MAX / 4);
    if (!file_read(path, &rows->text, &err))
        end_with(err.text);
    char *at = rows->text.bytes;
    while (at != NULL && *at != '\0') {
        if (rows->count == capacity) {
            capacity = capacity * 2 + 1024;
            rows->rows = mem_resize(rows->rows, capacity * sizeof(*rows->rows));
        }
        char *event_id = at;
        at = cut(at, '\n');
        char *user = cut(event_id, '\t');
        char *due = cut(user, '\t');
        char *payload = cut(due, '\t');
        rows->rows[rows->count++] =
            (struct sql_row){event_id, user, due, payload};
    }
}

void sql_free_rows(struct sql_rows *rows)
{
    free(rows->rows);
    buf_free(&rows->text);
}
