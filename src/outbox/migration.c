#include "outbox/migration.h"

#include "migrations.h"

#include <errno.h>

struct migration {
    int number;
    const char *text;
};

#define MIGRATION_ROW(number, name, text) {number, text},
static const struct migration migrations[] = {MIGRATIONS(MIGRATION_ROW)};
#undef MIGRATION_ROW

enum { MIGRATION_COUNT = sizeof(migrations) / sizeof(migrations[0]) };

int migration_newest(void)
{
    return migrations[MIGRATION_COUNT - 1].number;
}

static bool run_text(struct store *store, const char *text, struct err *err)
{
    errno = 0; /* for connection_fail() */
    if (sqlite3_exec(store->database, text, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return connection_fail(store, err);
}

bool migration_run(struct store *store, int version, struct err *err)
{
    for (size_t i = 0; i < MIGRATION_COUNT; i++) {
        if (migrations[i].number > version &&
            !run_text(store, migrations[i].text, err))
            return false;
    }
    return run_text(store, catalog_text, err);
}
