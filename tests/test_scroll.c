/* test_scroll.c - moving over lines that have no cursor. */
#include "tui/scroll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_last_line_stays_at_the_end_of_the_window(void **state)
{
    static const struct {
        enum action action;
        int total, height, top, wanted;
    } rows[] = {
        {ACTION_DOWN, 100, 10, 0, 1},      {ACTION_UP, 100, 10, 0, 0},
        {ACTION_DOWN, 100, 10, 90, 90},    {ACTION_PAGE_DOWN, 100, 10, 0, 9},
        {ACTION_PAGE_UP, 100, 10, 5, 0},   {ACTION_HALF_DOWN, 100, 10, 0, 5},
        {ACTION_HALF_UP, 100, 10, 50, 45}, {ACTION_FIRST, 100, 10, 50, 0},
        {ACTION_LAST, 100, 10, 50, 90},    {ACTION_WHEEL_DOWN, 100, 10, 0, 3},
        {ACTION_WHEEL_UP, 100, 10, 9, 6},  {ACTION_LAST, 5, 10, 0, 0},
        {ACTION_DOWN, 0, 10, 0, 0},        {ACTION_PAGE_DOWN, 3, 1, 0, 1},
        {ACTION_DOWN, 10, 10, 7, 0}, /* there are fewer lines than before */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int top = rows[i].top;
        assert_true(
            scroll_move(rows[i].action, rows[i].total, rows[i].height, &top));
        assert_int_equal(top, rows[i].wanted);
    }
}

static void other_actions_move_nothing(void **state)
{
    int top = 4;
    (void)state;
    assert_false(scroll_move(ACTION_RETRY, 100, 10, &top));
    assert_false(scroll_move(ACTION_CLICK, 100, 10, &top));
    assert_int_equal(top, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_line_stays_at_the_end_of_the_window),
        cmocka_unit_test(other_actions_move_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
