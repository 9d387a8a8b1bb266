/* change.h - retry and discard: planned, shown, asked for, carried out. */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include "cli/command.h"

struct change_settings {
    bool dry_run;
    bool yes;
    bool json;
    bool include_delivered; /* retry only */
};

/* Run the command `retry` or `discard`; its settings are a struct
 * change_settings. */
enum command_exit change_run(const struct command_call *call);

#endif
