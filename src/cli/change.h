/* change.h - retry and discard: planned, shown, asked for, carried out. */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include "cli/command.h"

#include <stddef.h>

struct change_settings {
    bool dry_run;
    bool yes;
    bool json;
    bool include_delivered; /* retry only */
};

/* What both of them have to say of themselves. */
#define CHANGE_OPTION_DRY_RUN                                                  \
    OPTIONS_FLAG_ROW("dry-run", struct change_settings, dry_run,               \
                     "print the plan, change nothing")
#define CHANGE_OPTION_YES                                                      \
    {                                                                          \
        .name = "yes", .letter = 'y', .type = OPTIONS_FLAG,                    \
        .offset = offsetof(struct change_settings, yes),                       \
        .help = "start without asking"                                         \
    }
#define CHANGE_OPTION_JSON                                                     \
    OPTIONS_FLAG_ROW("json", struct change_settings, json,                     \
                     "the plan as one JSON object")
#define CHANGE_DETAILS                                                         \
    "The plan goes to stdout. More than one is started by typing the "         \
    "number on a terminal, elsewhere with --yes. It goes on after a crash, "   \
    "and can be taken back: cancel while it runs, undo when it is done."

/* Run the command `retry` or `discard`; its settings are a struct
 * change_settings. */
enum command_exit change_run(const struct command_call *call);

#endif
