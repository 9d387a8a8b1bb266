/* checks_sql.h - the checks' own connection, for tests/sim/checks*.c. */
#ifndef SIM_CHECKS_SQL_H
#define SIM_CHECKS_SQL_H

#include "sim/checks.h"

#include <sqlite3.h>

enum { CHECKS_MOST_STATEMENTS = 48 };

struct checks_row { /* of a delivery, as it was seen last */
    char state[12];
    int attempts;
    int64_t operation_id;
};

struct checks {
    sqlite3 *database; /* NULL: closed */
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } statements[CHECKS_MOST_STATEMENTS];
    int statement_count;
    struct checks_row rows[LEDGER_MOST_IDS];
    int64_t newest_event; /* seen so far */
    int64_t data_version; /* at the last look; 0: look in any case */
    int64_t give_up_ms;
    char hold[32];            /* before the turn; "": none */
    int begun;                /* attempts in this look */
    int64_t stopped_since_ms; /* monotonic; 0: something gets through */
};

/* Begin a query with ?1 … bound; NULL: the database is locked. Text constants
 * only: statements are kept. Step it, then sqlite3_reset() it. */
sqlite3_stmt *checks_query(struct sim *sim, const char *sql, int64_t argument);
/* True: there is a row. False: none, or the database is locked. */
bool checks_step(struct sim *sim, sqlite3_stmt *statement);
const char *checks_text(sqlite3_stmt *statement, int column);

#endif
