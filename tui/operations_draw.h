/* operations_draw.h - how screen 4 looks; part of operations.h. */
#ifndef TUI_OPERATIONS_DRAW_H
#define TUI_OPERATIONS_DRAW_H

#include "tui/canvas.h"
#include "tui/model.h"

enum {
    OPERATIONS_HEAD_LINES = 2, /* what it is, and the columns' headings */
    OPERATIONS_PANE_LINES = 6, /* about the row under the cursor */
};

/* Lines that the pane below the list has: 0 where there is no room for it. */
int operations_pane_lines(const struct model *model);

void operations_draw(const struct model *model, struct canvas *canvas);

#endif
