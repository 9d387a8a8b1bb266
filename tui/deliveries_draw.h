/* deliveries_draw.h - how screen 2 looks: its columns, and what goes when there
 * is no room. For deliveries.c. */
#ifndef TUI_DELIVERIES_DRAW_H
#define TUI_DELIVERIES_DRAW_H

#include "tui/canvas.h"
#include "tui/model.h"

/* Lines of the body that are no rows: filter, heading, position. */
enum { DELIVERIES_LINES_ABOVE = 2, DELIVERIES_LINES_BELOW = 1 };

void deliveries_draw(const struct model *model, struct canvas *canvas);

/* The role of a state's word. */
enum role deliveries_state_role(const char *state);

#endif
