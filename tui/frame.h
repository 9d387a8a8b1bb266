/* frame.h - what stands around every view: title, tabs and relay state in line
 * 1, message or progress in the last but one, keys in the last; and the whole
 * screen of it. */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include "tui/canvas.h"
#include "tui/model.h"

/* Lines as canvases count them, from 0. */
enum { FRAME_BODY_LINE = 1 };

/* Lines that the view of this model has, from FRAME_BODY_LINE on: all but
 * title, message and keys. */
int frame_body_lines(const struct model *model);

/* Draw the whole screen: frame, view, plan. */
void frame_draw(const struct model *model, struct canvas *canvas);

/* The screen whose tab is in this column of line 0; SCREEN_COUNT: none. */
enum screen frame_tab_at(const struct model *model, int column);

#endif
