/* delivery_draw.h - how one delivery looks: where its parts stand, and the
 * pane with the bytes of one attempt. For delivery.c. */
#ifndef TUI_DELIVERY_DRAW_H
#define TUI_DELIVERY_DRAW_H

#include "tui/canvas.h"
#include "tui/model.h"

/* Lines of the canvas. */
struct delivery_layout {
    int why_lines, next_lines; /* that these texts take, from line 2 on */
    int facts;                 /* user, times; -1: no room */
    int attempts;              /* their heading; rows follow */
    int attempt_rows;
    int pane; /* its heading; lines follow */
    int pane_rows;
};
struct delivery_layout delivery_layout(const struct model *model);

/* How many lines the pane has, shown or not. */
int delivery_pane_lines(const struct model *model);

void delivery_draw(const struct model *model, struct canvas *canvas);

#endif
