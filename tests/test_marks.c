/* test_marks.c - which deliveries are marked. */
#include "tui/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void some_are_marked_and_unmarked(void **state)
{
    static const int64_t ids[] = {50, 10, 90, 70, 30};
    struct marks marks = {.all = false};
    (void)state;
    assert_true(marks_is_empty(&marks));
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        marks_toggle(&marks, ids[i]);
    assert_int_equal(marks.count, 5);
    for (size_t i = 1; i < marks.count; i++)
        assert_true(marks.ids[i - 1] < marks.ids[i]);
    assert_true(marks_has(&marks, 10));
    assert_true(marks_has(&marks, 90));
    assert_false(marks_has(&marks, 11));
    marks_toggle(&marks, 50);
    assert_false(marks_has(&marks, 50));
    assert_int_equal(marks.count, 4);
    marks_clear(&marks);
    assert_true(marks_is_empty(&marks));
    assert_false(marks_has(&marks, 10));
    marks_free(&marks);
}

static void all_are_marked_but_some(void **state)
{
    struct marks marks = {.all = false};
    (void)state;
    marks_toggle(&marks, 7);
    marks_set_all(&marks);
    assert_true(marks_has(&marks, 7));
    assert_true(marks_has(&marks, INT64_MAX));
    marks_toggle(&marks, 8);
    assert_false(marks_has(&marks, 8));
    assert_true(marks_has(&marks, 9));
    assert_false(marks_is_empty(&marks));
    marks_toggle(&marks, 8);
    assert_true(marks_has(&marks, 8));
    marks_free(&marks);
    assert_false(marks_has(&marks, 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_are_marked_and_unmarked),
        cmocka_unit_test(all_are_marked_but_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
