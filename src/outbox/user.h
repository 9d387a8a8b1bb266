/* user.h - what is known of each user at Intercom, for src/outbox. */
#ifndef OUTBOX_USER_H
#define OUTBOX_USER_H

#include "base/err.h"
#include "outbox/outbox.h"

#include <stdbool.h>
#include <stdint.h>

/* Record what an attempt that has ended has learned of its user; nothing, if it
 * has learned nothing. *user_id is the user's row in outbox_user by now; 0: it
 * is new, or not known. In a turn. */
MUST_CHECK bool user_record_end(struct store *store, int64_t epoch,
                                const struct outbox_end *end, int64_t *user_id,
                                struct err *err);

#endif
