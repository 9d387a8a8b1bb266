/* help.h - the keys, from the table that they come from. */
#ifndef TUI_HELP_H
#define TUI_HELP_H

#include "tui/view.h"

struct help {
    int top;   /* the first line shown */
    int lines; /* that there are */
};

extern const struct view help_view;

#endif
