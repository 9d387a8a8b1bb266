/* indent.h - JSON made readable, whatever it is: nothing is lost. Pure. */
#ifndef TUI_INDENT_H
#define TUI_INDENT_H

#include "base/buf.h"

#include <stddef.h>

/* Add JSON with each member on a line of its own; all else as it stands. */
void indent_json(const char *bytes, size_t length, struct buf *out);

#endif
