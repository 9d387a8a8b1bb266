/* completion.h - what a shell offers on Tab, from the tables that --help is
 * made of. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "base/buf.h"

enum completion_shell { COMPLETION_BASH, COMPLETION_ZSH, COMPLETION_FISH };

/* Add the script for this shell. */
void completion_write(enum completion_shell shell, struct buf *out);

#endif
