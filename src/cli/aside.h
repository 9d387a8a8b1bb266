/* aside.h - stderr, kept aside while a screen is shown and written when it is
 * gone: what a relay of this process logs must not run over the screen, and
 * must not be lost.
 *
 * Only where stderr is the terminal; a file or pipe gets its lines at once. One
 * a process; the main thread. */
#ifndef CLI_ASIDE_H
#define CLI_ASIDE_H

#include "base/err.h"

#include <stdbool.h>

struct aside {
    int terminal; /* the stderr of before; -1: nothing is kept aside */
};

MUST_CHECK bool aside_begin(struct aside *aside, struct err *err);
/* Write what was kept, the last of it if it is much. */
void aside_end(struct aside *aside);

#endif
