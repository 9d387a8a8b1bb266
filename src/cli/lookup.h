/* lookup.h - what commands about one delivery begin with: its id, the outbox,
 * and what to say where there is none. */
#ifndef CLI_LOOKUP_H
#define CLI_LOOKUP_H

#include "cli/command.h"
#include "outbox/store.h"

#include <stdint.h>

/* Read a delivery into what; owned by the caller if true. Fails with
 * ERR_NOT_FOUND if there is none of this id. */
typedef bool lookup_read(struct store *store, int64_t id, int64_t now_ms,
                         void *what, struct err *err);

/* Read the delivery whose id is the call's first word. False: an error was
 * told, and the command ends with *code. */
MUST_CHECK bool lookup_delivery(const struct command_call *call,
                                lookup_read *read, void *what,
                                enum command_exit *code);

#endif
