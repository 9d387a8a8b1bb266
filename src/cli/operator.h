/* operator.h - what the commands that change something share: who asks, the
 * outbox opened to be written, an operation carried out or taken back. */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "base/err.h"
#include "base/json.h"
#include "cli/progress.h"
#include "outbox/operation.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

/* A producer that commits flat out can keep SQLite's lock from us for seconds:
 * an operator would rather wait than find half a plan. */
enum { OPERATOR_BUSY_MS = 60000 };

/* The login name of whoever runs this process; its number without one. Static;
 * the main thread. */
const char *operator_name(void);

/* Ask on the terminal for this number to be typed; anything else is a no, and
 * so is a signal. progress NULL: signals end the process, as they do. */
bool operator_types(int64_t number, struct progress *progress);

/* A request of this action, now, by whoever runs this process. */
struct operation_request operator_ask(const char *action);

/* Say this if no relay is running on the database: what is asked for then
 * waits for one. */
void operator_tell_without_relay(const char *database, const char *text);

/* Between two transactions of a long work, the last of which held the lock for
 * this long: leave it free for twice as long, so that producers beside get
 * more than half of it. */
void operator_leave_lock_free(int64_t held_ms);

/* Apply pages until this operation is no longer running, or a signal came; the
 * lock is left free between pages, so that producers get it. Stopped or
 * killed, whoever comes next goes on. *row is as it is then;
 * operation_row_free(). */
MUST_CHECK bool operator_carry_out(struct store *store, int64_t id,
                                   struct progress *progress,
                                   struct operation_row *row, struct err *err);

/* The keys of a row, inside an open object. */
void operator_write_row(const struct operation_row *row, struct json *json);

#endif
