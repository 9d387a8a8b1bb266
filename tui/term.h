/* term.h - the terminal: shows canvases, gives keys. The only file that knows
 * ncurses.
 *
 * Whatever ends the process, the terminal is as it was before: term_close(), or
 * a handler for crashes. SIGINT, SIGTERM and SIGHUP must be blocked by then
 * (the caller reads them from a signalfd); SIGTSTP and SIGWINCH are ncurses'.
 * One terminal a process; the main thread. */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include "base/err.h"
#include "tui/canvas.h"
#include "tui/scheme.h"

#include <stdbool.h>
#include <stdint.h>

struct terminal; /* owned by who opened it */

/* What term_open() takes for the scheme: by terminal and environment. */
enum { TERM_SCHEME_AUTO = -1 };

/* See whether stdin and stdout are a terminal that can be used. Fails with
 * ERR_ACCESS if they are none, TERM is not known, or the terminal cannot place
 * its cursor; the text says what to do. */
MUST_CHECK bool term_check(struct err *err);

/* Take over the terminal. Fails as term_check() does, before anything is
 * written. */
MUST_CHECK bool term_open(int scheme, struct terminal **term, struct err *err);

/* Give it back as it was. NULL is fine. */
void term_close(struct terminal *term);

void term_size(const struct terminal *term, int *columns, int *lines);

/* Show the canvas; only what has changed is written. */
void term_show(struct terminal *term, const struct canvas *canvas);
/* Write all of it the next time: something else has written to the terminal. */
void term_redraw(struct terminal *term);

/* Stop the process as Ctrl-Z does; comes back with fg. */
void term_suspend(struct terminal *term);

struct term_key {
    uint32_t code;    /* keys.h */
    int line, column; /* of the mouse */
    bool is_resize;   /* no key: the size has changed */
};

/* Take the next key that has come. False: there is none now. Call it until
 * then after every wake. */
bool term_read_key(struct terminal *term, struct term_key *key);

#endif
