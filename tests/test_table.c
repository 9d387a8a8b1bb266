/* test_table.c - the columns of a table, on canvases wide and narrow. */
#include "tui/table.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct table_column table[] = {
    {"ID", true, 4, 0},
    {"WHO", false, 5, 20},
    {"WHY", false, 0, 12},
};

static const struct {
    int columns;
    const char *titles;
    const char *row;
} rows[] = {
    {24, "    ID WHO   WHY\n", "    41 a bo~ 422 not v~\n"},
    {20, "    ID WHO   WHY\n", "    41 a bo~ 422 n~\n"},
    {19, "    ID WHY\n", "    41 422 not va~\n"}, /* without WHO */
    {12, "    ID WHY\n", "    41 422~\n"},
    {11, "    ID\n", "    41\n"},
};

static void expect(const struct canvas *canvas, const char *wanted)
{
    struct buf text;
    buf_init(&text, 10000);
    canvas_write(canvas, &text);
    assert_string_equal(buf_text(&text), wanted);
    buf_free(&text);
}

static void
narrow_canvases_drop_columns_and_the_last_takes_the_rest(void **state)
{
    static const char *const texts[] = {"41", "a body", "422 not valid"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct canvas canvas;
        canvas_init(&canvas, rows[i].columns, 1);
        table_put_titles(table, COUNT_OF(table), &canvas, 0);
        expect(&canvas, rows[i].titles);
        for (size_t c = 0; c < COUNT_OF(texts); c++)
            table_put(table, &canvas, 0, (int)c, ROLE_PLAIN, texts[c]);
        expect(&canvas, rows[i].row);
        canvas_free(&canvas);
    }
}

int main(void)
{
    (void)setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            narrow_canvases_drop_columns_and_the_last_takes_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
