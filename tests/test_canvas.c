/* test_canvas.c - whatever text is put on a canvas fills its own cells, and
 * does nothing else. */
#include "tui/canvas.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* One line of eight columns, as text. */
static void expect_line(const struct canvas *canvas, const char *wanted)
{
    struct buf text;
    buf_init(&text, 10000);
    canvas_write(canvas, &text);
    assert_string_equal(buf_text(&text), wanted);
    buf_free(&text);
}

struct put_row {
    const char *text;
    int width;
    const char *wanted; /* the line, "|" behind the field */
    int used;
};

static const struct put_row put_rows[] = {
    {"abc", 6, "abc   |\n", 3},
    {"abcdef", 6, "abcdef|\n", 6},
    {"abcdefg", 6, "abcde~|\n", 6},
    {"", 6, "      |\n", 0},
    {NULL, 6, "      |\n", 0},
    /* wide characters: two columns, never half of one */
    {"日本語", 6, "日本語|\n", 6},
    {"日本語", 5, "日本~ |\n", 5},
    {"日本語", 4, "日~   |\n", 4},
    {"日本", 1, "~     |\n", 1},
    {"a日", 2, "a~    |\n", 2},
    /* marks join the character before them */
    {"e\xCC\x81t", 6, "e\xCC\x81t    |\n", 2},
    {"\xCC\x81t", 6, "t     |\n", 1},
    {"abcde\xCC\x81\xCC\x82\xCC\x83\xCC\x84"
     "f",
     6,
     "abcde\xCC\x81\xCC\x82\xCC\x83"
     "f|\n",
     6},
    /* controls, bidirectional and invisible characters, bad bytes */
    {"a\033[31mb", 6, "a?[31~|\n", 6},
    {"a\nb\tc\rd", 8, "a b c d|\n", 7},
    {"a\x7F\x01z", 6, "a??z  |\n", 4},
    {"a\xC2\x9Bz", 6, "a?z   |\n", 3},
    {"a\xE2\x80\xAEz", 6, "a?z   |\n", 3},
    {"a\xE2\x80\x8Bz", 6, "a?z   |\n", 3},
    {"a\xEF\xBB\xBFz", 6, "a?z   |\n", 3},
    {"a\xFF\xC3z", 6, "a??z  |\n", 4},
    {"a\xED\xA0\x80z", 6, "a???z |\n", 5},
    {"a\xEF\xBF\xBDz", 6, "a\xEF\xBF\xBDz   |\n", 3},
    {"a\xEF\xB8\x8Fz", 6, "az    |\n", 2},
    {"abc", 0, "      |\n", 0},
    {"abc", -3, "      |\n", 0},
};

static void a_text_fills_its_own_field_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(put_rows); i++) {
        const struct put_row *row = &put_rows[i];
        struct canvas canvas;
        canvas_init(&canvas, 9, 1);
        int end = row->width > 6 ? 8 : 6;
        int used = canvas_put(&canvas, 0, 0, row->width, ROLE_PLAIN, row->text);
        (void)canvas_put(&canvas, 0, end == 8 ? 7 : end, 1, ROLE_PLAIN, "|");
        expect_line(&canvas, row->wanted);
        assert_int_equal(used, row->used);
        canvas_free(&canvas);
    }
}

static void width_is_what_put_needs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(put_rows); i++) {
        const struct put_row *row = &put_rows[i];
        struct canvas canvas;
        canvas_init(&canvas, 200, 1);
        assert_int_equal(canvas_width(row->text),
                         canvas_put(&canvas, 0, 0, 200, ROLE_PLAIN, row->text));
        canvas_free(&canvas);
    }
}

static void half_a_wide_character_is_a_blank(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 6, 1);
    (void)canvas_put(&canvas, 0, 0, 6, ROLE_PLAIN, "日本語");
    (void)canvas_put(&canvas, 0, 1, 1, ROLE_PLAIN, "x");
    (void)canvas_put(&canvas, 0, 4, 1, ROLE_PLAIN, "y");
    expect_line(&canvas, " x本y\n");
    (void)canvas_put(&canvas, 0, 1, 4, ROLE_PLAIN, "日本");
    expect_line(&canvas, " 日本\n");
    canvas_free(&canvas);
}

static void what_is_outside_is_left_out(void **state)
{
    static const struct {
        int line, column, width;
        const char *wanted;
    } rows[] = {
        {0, 2, 9, "  ab~\n\n"},  {1, 0, 9, "\nabcd~\n"}, {2, 0, 9, "\n\n"},
        {-1, 0, 9, "\n\n"},      {0, 5, 9, "\n\n"},      {0, 99, 9, "\n\n"},
        {0, -2, 9, "cdefg\n\n"}, {0, 4, 9, "    ~\n\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct canvas canvas;
        canvas_init(&canvas, 5, 2);
        (void)canvas_put(&canvas, rows[i].line, rows[i].column, rows[i].width,
                         ROLE_PLAIN, "abcdefg");
        expect_line(&canvas, rows[i].wanted);
        canvas_free(&canvas);
    }
}

static void one_cell_is_enough(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 0, -5);
    assert_int_equal(canvas.columns, 1);
    assert_int_equal(canvas.lines, 1);
    (void)canvas_put(&canvas, 0, 0, 80, ROLE_PLAIN, "日本");
    expect_line(&canvas, "~\n");
    canvas_put_right(&canvas, 0, 0, 1, ROLE_PLAIN, "ab");
    expect_line(&canvas, "~\n");
    canvas_put_rule(&canvas, 0, "title");
    canvas_mark_cursor(&canvas, 0);
    canvas_fill(&canvas, -3, -3, 100, ROLE_BAR);
    expect_line(&canvas, ">\n");
    canvas_free(&canvas);
}

static void the_right_end_is_for_numbers(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 10, 1);
    canvas_put_right(&canvas, 0, 1, 5, ROLE_PLAIN, "42");
    (void)canvas_put(&canvas, 0, 6, 1, ROLE_PLAIN, "|");
    expect_line(&canvas, "    42|\n");
    canvas_put_right(&canvas, 0, 1, 5, ROLE_PLAIN, "1234567");
    expect_line(&canvas, " 1234~|\n");
    canvas_free(&canvas);
}

static void a_rule_has_its_title(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 20, 1);
    canvas_put_rule(&canvas, 0, NULL);
    expect_line(&canvas, " ------------------\n");
    canvas_put_rule(&canvas, 0, "edit");
    expect_line(&canvas, " --- edit ---------\n");
    canvas_put_rule(&canvas, 0, "much too long for it");
    expect_line(&canvas, " --- much too lo~ -\n");
    canvas_free(&canvas);
}

static void the_cursor_row_is_reversed_from_side_to_side(void **state)
{
    struct canvas canvas;
    (void)state;
    canvas_init(&canvas, 4, 2);
    (void)canvas_put(&canvas, 1, 1, 2, ROLE_BAD, "ab");
    canvas_mark_cursor(&canvas, 1);
    expect_line(&canvas, "\n>ab\n");
    for (int i = 0; i < 4; i++) {
        assert_false(canvas.cells[i].is_cursor);
        assert_true(canvas.cells[4 + i].is_cursor);
    }
    assert_int_equal(canvas.cells[5].role, ROLE_BAD);
    canvas_clear(&canvas);
    for (int i = 0; i < 8; i++)
        assert_false(canvas.cells[i].is_cursor);
    canvas_free(&canvas);
}

static void fit_counts_whole_characters(void **state)
{
    static const struct {
        const char *text;
        int columns;
        size_t wanted;
    } rows[] = {
        {"abcdef", 4, 4},     {"abc", 4, 3},          {"日本語", 4, 6},
        {"日本語", 5, 6},     {"日本語", 1, 3},       {"", 4, 0},
        {"e\xCC\x81x", 1, 3}, {"\xFF\xFF\xFF", 2, 2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(
            canvas_fit(rows[i].text, strlen(rows[i].text), rows[i].columns),
            rows[i].wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_fills_its_own_field_only),
        cmocka_unit_test(width_is_what_put_needs),
        cmocka_unit_test(half_a_wide_character_is_a_blank),
        cmocka_unit_test(what_is_outside_is_left_out),
        cmocka_unit_test(one_cell_is_enough),
        cmocka_unit_test(the_right_end_is_for_numbers),
        cmocka_unit_test(a_rule_has_its_title),
        cmocka_unit_test(the_cursor_row_is_reversed_from_side_to_side),
        cmocka_unit_test(fit_counts_whole_characters),
    };
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
