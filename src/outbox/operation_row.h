/* operation_row.h - adding an operation's row, for src/outbox. */
#ifndef OUTBOX_OPERATION_ROW_H
#define OUTBOX_OPERATION_ROW_H

#include "base/err.h"
#include "outbox/operation.h"

/* Add a row in this state, in the open transaction. target 0: none. One that
 * is done has ended; one that is planned has not started. */
MUST_CHECK bool operation_row_add(struct store *store,
                                  const struct operation_request *request,
                                  const char *state, int64_t target,
                                  int64_t *id, struct err *err);

/* Commit if done is true, else roll back; returns whether it is committed. */
MUST_CHECK bool operation_row_finish(struct store *store, bool done,
                                     struct err *err);

/* Set a kind's name in the open transaction, and record it in the operation.
 * NULL: the default. */
MUST_CHECK bool operation_row_rename(struct store *store, int64_t id,
                                     const struct operation_row *change,
                                     struct err *err);

#endif
