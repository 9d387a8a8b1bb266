#include "sim/checks_sql.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void open_database(struct sim *sim)
{
    struct checks *checks = sim->checks;
    if (checks->database != NULL)
        return;
    disk_run_as(sim->disk, SIM_CHECKER);
    if (sqlite3_open_v2(sim->path, &checks->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        sim_fail(sim, "the checks cannot open the database: %s",
                 sqlite3_errmsg(checks->database));
}

static sqlite3_stmt *find_statement(struct sim *sim, const char *sql)
{
    struct checks *checks = sim->checks;
    for (int i = 0; i < checks->statement_count; i++) {
        if (checks->statements[i].sql == sql)
            return checks->statements[i].statement;
    }
    sqlite3_stmt *statement = NULL;
    int result =
        sqlite3_prepare_v2(checks->database, sql, -1, &statement, NULL);
    if (result == SQLITE_BUSY)
        return NULL;
    if (result != SQLITE_OK)
        sim_fail(sim, "%s: %s", sql, sqlite3_errmsg(checks->database));
    if (checks->statement_count == CHECKS_MOST_STATEMENTS)
        sim_fail(sim, "too many statements");
    checks->statements[checks->statement_count].sql = sql;
    checks->statements[checks->statement_count++].statement = statement;
    return statement;
}

sqlite3_stmt *checks_query(struct sim *sim, const char *sql, int64_t argument)
{
    open_database(sim);
    disk_run_as(sim->disk, SIM_CHECKER);
    sqlite3_stmt *statement = find_statement(sim, sql);
    if (statement != NULL && sqlite3_bind_parameter_count(statement) > 0)
        (void)sqlite3_bind_int64(statement, 1, argument);
    return statement;
}

bool checks_step(struct sim *sim, sqlite3_stmt *statement)
{
    if (statement == NULL)
        return false;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return true;
    (void)sqlite3_reset(statement);
    if (result != SQLITE_DONE && result != SQLITE_BUSY)
        sim_fail(sim, "a check fails: %s",
                 sqlite3_errmsg(sim->checks->database));
    return false;
}

const char *checks_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text == NULL ? "" : (const char *)text;
}

int64_t checks_number(struct sim *sim, const char *sql, int64_t argument)
{
    sqlite3_stmt *statement = checks_query(sim, sql, argument);
    int64_t number = 0;
    if (checks_step(sim, statement)) {
        number = sqlite3_column_int64(statement, 0);
        (void)sqlite3_reset(statement);
    }
    return number;
}

void checks_close(struct sim *sim)
{
    struct checks *checks = sim->checks;
    for (int i = 0; i < checks->statement_count; i++)
        (void)sqlite3_finalize(checks->statements[i].statement);
    checks->statement_count = 0;
    (void)sqlite3_close(checks->database);
    checks->database = NULL;
    checks->data_version = 0;
}

struct checks *checks_new(struct sim *sim)
{
    (void)sim;
    return mem_new(sizeof(struct checks));
}

void checks_free(struct checks *checks)
{
    free(checks);
}
