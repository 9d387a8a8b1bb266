/* scheme.h - how each role looks: roles by schemes, one of them without any
 * colour. Constant; any thread. */
#ifndef TUI_SCHEME_H
#define TUI_SCHEME_H

#include "tui/canvas.h"

#include <stdbool.h>

enum scheme {
    SCHEME_MONOCHROME,
    SCHEME_DARK,  /* light letters on a dark ground */
    SCHEME_LIGHT, /* the other way round */
    SCHEME_COUNT
};

enum scheme_colour {
    COLOUR_DEFAULT = -1, /* the terminal's own */
    COLOUR_BLACK = 0,    /* numbered as terminals do */
    COLOUR_RED,
    COLOUR_GREEN,
    COLOUR_YELLOW,
    COLOUR_BLUE,
    COLOUR_MAGENTA,
    COLOUR_CYAN,
    COLOUR_WHITE,
};

struct scheme_style {
    enum scheme_colour letters, ground;
    bool is_bold, is_dim, is_reverse, is_underlined;
};

/* How a cell looks. */
struct scheme_style scheme_style(enum scheme scheme,
                                 const struct canvas_cell *cell);

/* Choose by what the terminal and the environment say: NO_COLOR that is not
 * empty or a terminal without colours is monochrome; COLORFGBG ("15;0": letters
 * and ground) tells light from dark; else dark. NULL: not set. */
enum scheme scheme_choose(bool has_colours, const char *no_color,
                          const char *colorfgbg);

#endif
