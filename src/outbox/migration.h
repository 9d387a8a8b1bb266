/* migration.h - the schema's versions, for src/outbox: forward only. */
#ifndef OUTBOX_MIGRATION_H
#define OUTBOX_MIGRATION_H

#include "base/err.h"
#include "outbox/connection.h"

/* The version that this program makes and knows. */
int migration_newest(void);

/* Bring the schema from `version` (0: nothing there) to the newest, and the
 * catalog with it, in the open transaction. */
MUST_CHECK bool migration_run(struct store *store, int version,
                              struct err *err);

#endif
