/* overview_draw.h - how screen 1 looks: where its sections stand, and what goes
 * when there is no room. For overview.c. */
#ifndef TUI_OVERVIEW_DRAW_H
#define TUI_OVERVIEW_DRAW_H

#include "tui/canvas.h"
#include "tui/model.h"

/* The lines of the sections, from FRAME_BODY_LINE on; the causes get what the
 * others leave. */
struct overview_layout {
    int stop;    /* why nothing is sent; -1: it is */
    int state;   /* three lines */
    int pending; /* heading and rows; -1: no room */
    int pending_rows;
    int causes; /* heading */
    int cause_rows;
    int chart; /* heading; -1: no room */
    int end;
};
struct overview_layout overview_layout(const struct model *model);

void overview_draw(const struct model *model, struct canvas *canvas);

#endif
