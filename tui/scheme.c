#include "tui/scheme.h"

#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The dark half of a terminal's sixteen colours, and its grey. */
enum { FIRST_LIGHT = 7, GREY = 8, MOST_COLOUR = 15 };

/* clang-format off */
static const struct scheme_style styles[SCHEME_COUNT][ROLE_COUNT] = {
    [SCHEME_MONOCHROME] = {
        /*                 letters         ground       bold   dim    reverse underlined */
        [ROLE_PLAIN]   = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, false, false, false},
        [ROLE_BAR]     = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, false, true,  false},
        [ROLE_TAB]     = {COLOUR_DEFAULT, COLOUR_DEFAULT, true,  false, true,  false},
        [ROLE_HEADING] = {COLOUR_DEFAULT, COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_RULE]    = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, true,  false, false},
        [ROLE_DIM]     = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, true,  false, false},
        [ROLE_GOOD]    = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, true,  false, false},
        [ROLE_BAD]     = {COLOUR_DEFAULT, COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_WARNING] = {COLOUR_DEFAULT, COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_KEY]     = {COLOUR_DEFAULT, COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_INPUT]   = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, false, false, true},
        [ROLE_CHOSEN]  = {COLOUR_DEFAULT, COLOUR_DEFAULT, true,  false, false, true},
    },
    [SCHEME_DARK] = {
        [ROLE_PLAIN]   = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, false, false, false},
        [ROLE_BAR]     = {COLOUR_WHITE,   COLOUR_BLUE,    false, false, false, false},
        [ROLE_TAB]     = {COLOUR_WHITE,   COLOUR_BLUE,    true,  false, true,  false},
        [ROLE_HEADING] = {COLOUR_CYAN,    COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_RULE]    = {COLOUR_BLUE,    COLOUR_DEFAULT, false, false, false, false},
        [ROLE_DIM]     = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, true,  false, false},
        [ROLE_GOOD]    = {COLOUR_GREEN,   COLOUR_DEFAULT, false, false, false, false},
        [ROLE_BAD]     = {COLOUR_RED,     COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_WARNING] = {COLOUR_YELLOW,  COLOUR_DEFAULT, false, false, false, false},
        [ROLE_KEY]     = {COLOUR_CYAN,    COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_INPUT]   = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, false, false, true},
        [ROLE_CHOSEN]  = {COLOUR_MAGENTA, COLOUR_DEFAULT, true,  false, false, false},
    },
    [SCHEME_LIGHT] = {
        [ROLE_PLAIN]   = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, false, false, false},
        [ROLE_BAR]     = {COLOUR_WHITE,   COLOUR_BLUE,    false, false, false, false},
        [ROLE_TAB]     = {COLOUR_BLUE,    COLOUR_WHITE,   true,  false, false, false},
        [ROLE_HEADING] = {COLOUR_BLUE,    COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_RULE]    = {COLOUR_BLUE,    COLOUR_DEFAULT, false, false, false, false},
        [ROLE_DIM]     = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, true,  false, false},
        [ROLE_GOOD]    = {COLOUR_GREEN,   COLOUR_DEFAULT, false, false, false, false},
        [ROLE_BAD]     = {COLOUR_RED,     COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_WARNING] = {COLOUR_MAGENTA, COLOUR_DEFAULT, false, false, false, false},
        [ROLE_KEY]     = {COLOUR_BLUE,    COLOUR_DEFAULT, true,  false, false, false},
        [ROLE_INPUT]   = {COLOUR_DEFAULT, COLOUR_DEFAULT, false, false, false, true},
        [ROLE_CHOSEN]  = {COLOUR_MAGENTA, COLOUR_DEFAULT, true,  false, false, false},
    },
};
/* clang-format on */

struct scheme_style scheme_style(enum scheme scheme,
                                 const struct canvas_cell *cell)
{
    struct scheme_style style = styles[scheme][cell->role];
    if (cell->is_cursor)
        style.is_reverse = !style.is_reverse;
    return style;
}

enum scheme scheme_choose(bool has_colours, const char *no_color,
                          const char *colorfgbg)
{
    int64_t ground;
    if (!has_colours || (no_color != NULL && *no_color != '\0'))
        return SCHEME_MONOCHROME;
    const char *last = colorfgbg == NULL ? NULL : strrchr(colorfgbg, ';');
    if (last != NULL && text_parse_int64(last + 1, 0, MOST_COLOUR, &ground) &&
        ground >= FIRST_LIGHT && ground != GREY)
        return SCHEME_LIGHT;
    return SCHEME_DARK;
}
