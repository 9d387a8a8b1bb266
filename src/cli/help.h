/* help.h - help texts, made from the table of commands. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"
#include "cli/command.h"

/* What `subrelay --help` shows: every command with its summary. */
void help_write_overview(struct buf *out);

/* What `subrelay COMMAND --help` shows. */
void help_write_command(const struct command *command, struct buf *out);

/* "subrelay [-d FILE] enqueue [OPTION...] [FILE...]", without a newline. */
void help_write_usage(const struct command *command, struct buf *out);

#endif
