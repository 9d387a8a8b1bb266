#include "cli/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <string.h>

static const struct columns_column table[] = {
    {"STATE", false, 9},
    {"ID", true, 0},
    {"USER", false, 6},
    {"LAST RESULT", false, 0},
};

static void add_row(struct columns *columns, const char *id, const char *user,
                    const char *result)
{
    columns_add(columns, OUTPUT_BAD, "failed");
    columns_add(columns, OUTPUT_PLAIN, id);
    columns_add(columns, OUTPUT_PLAIN, user);
    columns_add(columns, OUTPUT_PLAIN, result);
}

static void write_rows(struct output *output)
{
    struct columns columns;
    columns_init(&columns, table, sizeof(table) / sizeof(table[0]));
    add_row(&columns, "1", "ana", "422 archived");
    add_row(&columns, "12345", "somebody", NULL);
    columns_write(&columns, output);
    columns_free(&columns);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    (void)state;
    struct output output = {.descriptor = -1};
    buf_init(&output.text, 10000);
    write_rows(&output);
    assert_string_equal(buf_text(&output.text),
                        "STATE      ID  USER      LAST RESULT\n"
                        "failed      1  ana       422 archived\n"
                        "failed  12345  somebody\n");
    buf_free(&output.text);
}

static void a_terminal_gets_cells_and_lines_cut(void **state)
{
    (void)state;
    struct output output = {.descriptor = -1, .columns = 30};
    buf_init(&output.text, 10000);
    write_rows(&output);
    assert_string_equal(buf_text(&output.text),
                        "STATE      ID  USER    LAST R~\n"
                        "failed      1  ana     422 ar~\n"
                        "failed  12345  someb~\n");
    buf_free(&output.text);
}

static void colour_is_outside_the_padding(void **state)
{
    (void)state;
    struct output output = {.descriptor = -1, .is_colour = true};
    struct columns columns;
    buf_init(&output.text, 10000);
    columns_init(&columns, table, 2);
    columns_add(&columns, OUTPUT_BAD, "failed");
    columns_add(&columns, OUTPUT_PLAIN, "7");
    columns.has_titles = true;
    columns_write(&columns, &output);
    assert_string_equal(buf_text(&output.text), "\033[1;31mfailed\033[0m  7\n");
    columns_free(&columns);
    buf_free(&output.text);
}

static void what_a_terminal_would_obey_is_replaced(void **state)
{
    (void)state;
    struct output output = {.descriptor = -1};
    struct columns columns;
    buf_init(&output.text, 10000);
    columns_init(&columns, table, 1);
    columns_add(&columns, OUTPUT_PLAIN, "a\033[2Jb\nc\xE2\x80\xAE\xFF");
    columns.has_titles = true;
    columns_write(&columns, &output);
    assert_string_equal(buf_text(&output.text), "a?[2Jb?c??\n");
    columns_free(&columns);
    buf_free(&output.text);
}

static void wide_letters_take_two_columns(void **state)
{
    (void)state;
    struct output output = {.descriptor = -1};
    struct columns columns;
    buf_init(&output.text, 10000);
    columns_init(&columns, table, 2);
    columns.has_titles = true;
    columns_add(&columns, OUTPUT_PLAIN, "\xE8\xAA\xAD\xE8\xAA\xAD");
    columns_add(&columns, OUTPUT_PLAIN, "1");
    columns_add(&columns, OUTPUT_PLAIN, "abcd");
    columns_add(&columns, OUTPUT_PLAIN, "2");
    columns_write(&columns, &output);
    assert_string_equal(buf_text(&output.text),
                        "\xE8\xAA\xAD\xE8\xAA\xAD  1\nabcd  2\n");
    columns_free(&columns);
    buf_free(&output.text);
}

int main(void)
{
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(a_terminal_gets_cells_and_lines_cut),
        cmocka_unit_test(colour_is_outside_the_padding),
        cmocka_unit_test(what_a_terminal_would_obey_is_replaced),
        cmocka_unit_test(wide_letters_take_two_columns),
    };
    return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
