/* test_scheme.c - how roles look, with and without colours. */
#include "tui/scheme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void environment_chooses_the_scheme(void **state)
{
    static const struct {
        bool has_colours;
        const char *no_color, *colorfgbg;
        enum scheme wanted;
    } rows[] = {
        {true, NULL, NULL, SCHEME_DARK},
        {false, NULL, NULL, SCHEME_MONOCHROME},
        {false, NULL, "0;15", SCHEME_MONOCHROME},
        {true, "1", NULL, SCHEME_MONOCHROME},
        {true, "", NULL, SCHEME_DARK}, /* set, but empty: not asked for */
        {true, NULL, "0;15", SCHEME_LIGHT},
        {true, NULL, "0;7", SCHEME_LIGHT},
        {true, NULL, "15;0", SCHEME_DARK},
        {true, NULL, "15;8", SCHEME_DARK}, /* grey */
        {true, NULL, "0;default;15", SCHEME_LIGHT},
        {true, NULL, "nonsense", SCHEME_DARK},
        {true, NULL, ";", SCHEME_DARK},
        {true, NULL, "1;99", SCHEME_DARK},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(scheme_choose(rows[i].has_colours, rows[i].no_color,
                                       rows[i].colorfgbg),
                         rows[i].wanted);
}

static void monochrome_has_no_colour_at_all(void **state)
{
    (void)state;
    for (int role = 0; role < ROLE_COUNT; role++) {
        const struct canvas_cell cell = {.role = (enum role)role};
        struct scheme_style style = scheme_style(SCHEME_MONOCHROME, &cell);
        assert_int_equal(style.letters, COLOUR_DEFAULT);
        assert_int_equal(style.ground, COLOUR_DEFAULT);
    }
}

static bool is_emphasised(const struct scheme_style *style)
{
    return style->is_bold || style->is_dim || style->is_reverse ||
           style->is_underlined;
}

/* Without colours, every role but plain text has an attribute of its own. */
static void monochrome_tells_roles_apart(void **state)
{
    (void)state;
    for (int role = ROLE_PLAIN + 1; role < ROLE_COUNT; role++) {
        const struct canvas_cell cell = {.role = (enum role)role};
        struct scheme_style style = scheme_style(SCHEME_MONOCHROME, &cell);
        assert_true(is_emphasised(&style));
    }
}

static void the_cursor_row_is_reversed_in_all_schemes(void **state)
{
    (void)state;
    for (int scheme = 0; scheme < SCHEME_COUNT; scheme++) {
        for (int role = 0; role < ROLE_COUNT; role++) {
            struct canvas_cell cell = {.role = (enum role)role};
            bool before = scheme_style((enum scheme)scheme, &cell).is_reverse;
            cell.is_cursor = true;
            assert_int_equal(
                scheme_style((enum scheme)scheme, &cell).is_reverse, !before);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_chooses_the_scheme),
        cmocka_unit_test(monochrome_has_no_colour_at_all),
        cmocka_unit_test(monochrome_tells_roles_apart),
        cmocka_unit_test(the_cursor_row_is_reversed_in_all_schemes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
