/* progress.h - how far a long command is, and whether to stop it.
 *
 * The line is written over itself on stderr, a few times a second, and only on
 * a terminal. Ctrl-C (and TERM, HUP) is noticed between two steps, so that a
 * command ends in good order. The main thread. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
    int signals; /* -1: not asked for */
    int came;    /* the signal; 0: none */
    bool is_terminal;
    bool is_shown; /* a line stands there */
    int64_t began_ms;
    int64_t shown_ms;
};

/* From here on the signals wait to be asked for, until the process ends. */
MUST_CHECK bool progress_begin(struct progress *progress, struct err *err);

/* Close it; takes the line away. */
void progress_end(struct progress *progress);

/* Show the line, unless one was shown just now. */
void progress_show(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Show "VERB done of all, 12 %, 18 s left". */
void progress_show_part(struct progress *progress, const char *verb,
                        int64_t done, int64_t all);

/* Take the line away, before words about what was done. */
void progress_clear(struct progress *progress);

/* True from the first signal on. */
bool progress_is_stopped(struct progress *progress);

/* Wait until stdin can be read. False: a signal came first. */
bool progress_wait_for_input(struct progress *progress);

#endif
