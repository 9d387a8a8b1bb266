/* console.h - the loop: keys and changes in, screens out.
 *
 * Looks at the database alone, so it works with the relay in this process, in
 * another, or stopped. Draws when a key came, when the database has changed, or
 * when ages move on; sleeps otherwise. The main thread. */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

#include "base/err.h"

#include <stdbool.h>

struct model;

struct console_options {
    const char *database; /* borrowed, as all */
    const char *who;      /* the login name, for operations */
    bool read_only;
    int scheme;            /* enum scheme, or TERM_SCHEME_AUTO */
    int signal_descriptor; /* a signalfd: INT, TERM, HUP are blocked */
    int relay_descriptor;  /* readable when our own relay has ended; -1: none */
    const char *note;      /* to be said first; NULL: nothing */
    /* The line that leads through a demo, asked for before each draw; borrowed
     * until the next time. NULL: there is no such line. */
    const char *(*guide)(void *context, const struct model *model);
    void *guide_context;
};

/* Open the database, then the terminal, and run until somebody quits or a
 * signal asks for it. Fails before the screen opens as store_open() and
 * term_open() do; later with ERR_IO if the terminal is gone. */
MUST_CHECK bool console_run(const struct console_options *options,
                            struct err *err);

#endif
