/* moment.h - several looks at one moment of the database, for src/outbox.
 *
 * Between moment_begin() and moment_end() all queries see the same state. For
 * a call's length only: a long look keeps the WAL from being cleared. */
#ifndef OUTBOX_MOMENT_H
#define OUTBOX_MOMENT_H

#include "base/err.h"
#include "outbox/connection.h"

#include <stdbool.h>

struct moment {
    struct store *store; /* NULL: a transaction is open anyway */
};

MUST_CHECK bool moment_begin(struct moment *moment, struct store *store,
                             struct err *err);
void moment_end(struct moment *moment);

#endif
