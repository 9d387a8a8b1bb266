/* scroll.h - moving over lines that have no cursor. Pure. */
#ifndef TUI_SCROLL_H
#define TUI_SCROLL_H

#include "tui/keys.h"

#include <stdbool.h>

/* Move the first line shown, *top, of so many lines in a window of so many, as
 * the action says; the last line stays at the window's end. False: the action
 * is not about moving. */
bool scroll_move(enum action action, int total, int height, int *top);

#endif
