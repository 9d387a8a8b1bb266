/* take_back.h - cancel and undo: an operation taken back, and told. */
#ifndef CLI_TAKE_BACK_H
#define CLI_TAKE_BACK_H

#include "cli/command.h"
#include "cli/progress.h"
#include "outbox/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Take the operation back where nothing was sent since, and say what came of
 * it. is_cancel: it is running, else it is done; target 0: the newest that can
 * be. A signal leaves the rest to the relay. */
enum command_exit take_back(const struct command_call *call,
                            struct store *store, bool is_cancel, int64_t target,
                            struct progress *progress);

/* Run the command `cancel` or `undo`: its word is the operation's number. */
enum command_exit take_back_run(const struct command_call *call,
                                bool is_cancel);

#endif
