/* test_line_editor.c - typing, editing, history, and what is shown of it. */
#include "tui/line_editor.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define CTRL(letter)    ((letter) - '@')

enum { MOST = 64 };

/* Set the editor from a text with '|' where the cursor stands. */
static void set_marked(struct line_editor *editor, const char *marked)
{
    char text[256];
    const char *mark = strchr(marked, '|');
    assert_non_null(mark);
    (void)snprintf(text, sizeof(text), "%.*s%s", (int)(mark - marked), marked,
                   mark + 1);
    line_editor_set(editor, text);
    editor->cursor = (size_t)(mark - marked);
}

static void assert_marked(const struct line_editor *editor, const char *marked)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "%.*s|%s", (int)editor->cursor,
                   line_editor_text(editor),
                   line_editor_text(editor) + editor->cursor);
    assert_string_equal(text, marked);
}

static void a_key_changes_the_line_so(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        uint32_t typed;
        const char *after;
    } rows[] = {
        {"|", 'a', "a|"},
        {"a|c", 'b', "ab|c"},
        {"|", 0xE9, "\u00E9|"},
        {"|", 0x4E2D, "\u4E2D|"},
        {"|", 0x1F600, "\U0001F600|"},
        {"ab|", CTRL('A'), "|ab"},
        {"a|b", CTRL('E'), "ab|"},
        {"ab|", CTRL('B'), "a|b"},
        {"|ab", CTRL('B'), "|ab"},
        {"|ab", CTRL('F'), "a|b"},
        {"ab|", CTRL('F'), "ab|"},
        {"ab|", CTRL('H'), "a|"},
        {"ab|", 0x7F, "a|"},
        {"|ab", 0x7F, "|ab"},
        {"|ab", CTRL('D'), "|b"},
        {"ab|", CTRL('D'), "ab|"},
        {"one two|", CTRL('W'), "one |"},
        {"one two  |", CTRL('W'), "one |"},
        {"one t|wo", CTRL('W'), "one |wo"},
        {"   |", CTRL('W'), "|"},
        {"|", CTRL('W'), "|"},
        {"ab|cd", CTRL('U'), "|cd"},
        {"ab|cd", CTRL('K'), "ab|"},
        {"|", CTRL('K'), "|"},
        /* characters are whole */
        {"\u00E9|", 0x7F, "|"},
        {"a\U0001F600|b", CTRL('B'), "a|\U0001F600b"},
        {"a|\U0001F600b", CTRL('D'), "a|b"},
        /* what has no width goes with what it belongs to */
        {"e\u0301|", 0x7F, "|"},
        {"|e\u0301x", CTRL('F'), "e\u0301|x"},
        {"e\u0301|x", CTRL('B'), "|e\u0301x"},
        {"|e\u0301x", CTRL('D'), "|x"},
        {"\u0301|", CTRL('B'), "|\u0301"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct line_editor editor;
        line_editor_init(&editor, MOST);
        set_marked(&editor, rows[i].before);
        assert_true(line_editor_type(&editor, rows[i].typed));
        assert_marked(&editor, rows[i].after);
        line_editor_free(&editor);
    }
}

static void what_has_no_place_in_a_line_is_refused(void **state)
{
    (void)state;
    static const uint32_t refused[] = {
        0,      CTRL('C'), CTRL('I'), CTRL('J'), 0x1B,     0x9B,
        0x202E, 0x2066,    0xD800,    0xDFFF,    0x110000, UINT32_MAX,
    };
    struct line_editor editor;
    line_editor_init(&editor, MOST);
    line_editor_set(&editor, "ab");
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        assert_false(line_editor_type(&editor, refused[i]));
        assert_marked(&editor, "ab|");
    }
    line_editor_free(&editor);
}

static void the_maximum_holds(void **state)
{
    (void)state;
    struct line_editor editor;
    line_editor_init(&editor, 5);
    line_editor_set(&editor, "abc\u20AC"); /* 3 + 3 bytes */
    assert_marked(&editor, "abc|");
    assert_false(line_editor_type(&editor, 0x20AC));
    assert_marked(&editor, "abc|");
    assert_true(line_editor_type(&editor, 0xE9));
    assert_false(line_editor_type(&editor, 'd'));
    assert_marked(&editor, "abc\u00E9|");
    assert_true(line_editor_type(&editor, 0x7F));
    assert_true(line_editor_type(&editor, 'd'));
    line_editor_free(&editor);
}

static void setting_leaves_out_what_is_hostile_or_broken(void **state)
{
    (void)state;
    struct line_editor editor;
    line_editor_init(&editor, MOST);
    line_editor_set(&editor, "a\x1B[31m\nb\u202E\xFF"
                             "c\xE2\x82");
    assert_marked(&editor, "a[31mbc|");
    line_editor_set(&editor, "");
    assert_marked(&editor, "|");
    line_editor_free(&editor);
}

static void history_goes_back_and_keeps_the_draft(void **state)
{
    (void)state;
    static const char *const lines[] = {"one", "", "two", "two"};
    struct line_editor editor;
    line_editor_init(&editor, MOST);
    line_editor_edit(&editor, LINE_OLDER);
    assert_marked(&editor, "|");
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        line_editor_set(&editor, lines[i]);
        line_editor_remember(&editor);
    }
    line_editor_set(&editor, "draft");
    line_editor_edit(&editor, LINE_NEWER);
    assert_marked(&editor, "draft|");
    assert_true(line_editor_type(&editor, CTRL('P')));
    assert_marked(&editor, "two|");
    line_editor_edit(&editor, LINE_OLDER);
    assert_marked(&editor, "one|");
    line_editor_edit(&editor, LINE_OLDER);
    assert_marked(&editor, "one|");
    assert_true(line_editor_type(&editor, CTRL('N')));
    assert_marked(&editor, "two|");
    line_editor_edit(&editor, LINE_NEWER);
    assert_marked(&editor, "draft|");
    line_editor_free(&editor);
}

static void history_forgets_the_oldest(void **state)
{
    (void)state;
    struct line_editor editor;
    line_editor_init(&editor, MOST);
    for (int i = 0; i <= LINE_EDITOR_MOST_HISTORY; i++) {
        char line[16];
        (void)snprintf(line, sizeof(line), "line %d", i);
        line_editor_set(&editor, line);
        line_editor_remember(&editor);
    }
    for (int i = 0; i <= LINE_EDITOR_MOST_HISTORY; i++)
        line_editor_edit(&editor, LINE_OLDER);
    assert_marked(&editor, "line 1|");
    line_editor_free(&editor);
}

static void the_field_follows_the_cursor(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int columns;
        const char *shown;
        int cursor;
        bool cut_before, cut_after;
    } rows[] = {
        {"|", 10, "", 0, false, false},
        {"abc|", 10, "abc", 3, false, false},
        {"abcdefghi|", 10, "abcdefghi", 9, false, false},
        {"abcdefghij|", 10, "fghij", 5, true, false},
        {"|abcdefghijkl", 10, "abcdefghij", 0, false, true},
        {"abcdefgh|ijkl", 10, "abcdefghij", 8, false, true},
        {"abcdefghi|jkl", 10, "fghijkl", 4, true, false},
        {"abcdefghijklmnopqrstuvw|xyz", 10, "pqrstuvwxy", 8, true, true},
        /* wide ones are shown whole or not at all */
        {"\u4E2D\u6587|", 10, "\u4E2D\u6587", 4, false, false},
        {"|\u4E2D\u6587\u5B57", 5, "\u4E2D\u6587", 0, false, true},
        {"\u4E2D\u6587\u5B57|", 6, "\u5B57", 2, true, false},
        {"\u4E2D|\u6587", 3, "\u6587", 0, true, false},
        {"e\u0301e\u0301|", 10, "e\u0301e\u0301", 2, false, false},
        /* hardly any room */
        {"abc|", 1, "", 0, true, false},
        {"|abc", 1, "a", 0, false, true},
        {"a|bc", 1, "b", 0, true, true},
        {"ab|c", 2, "c", 0, true, false},
        {"|\u4E2D", 1, "", 0, false, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct line_editor editor;
        struct line_window window;
        char shown[256];
        line_editor_init(&editor, MOST);
        set_marked(&editor, rows[i].line);
        line_editor_look(&editor, rows[i].columns, &window);
        (void)snprintf(shown, sizeof(shown), "%.*s", (int)window.length,
                       window.text);
        assert_string_equal(shown, rows[i].shown);
        assert_int_equal(window.cursor, rows[i].cursor);
        assert_int_equal(window.cut_before, rows[i].cut_before);
        assert_int_equal(window.cut_after, rows[i].cut_after);
        line_editor_free(&editor);
    }
}

static void the_cursor_is_always_within_the_field(void **state)
{
    (void)state;
    struct line_editor editor;
    line_editor_init(&editor, MOST);
    line_editor_set(&editor, "ab\u4E2Dc\u0301\U0001F600def\u6587ghij\u5B57kl");
    for (int columns = 1; columns < 30; columns++) {
        line_editor_edit(&editor, LINE_HOME);
        for (int i = 0; i < 20; i++) {
            struct line_window window;
            line_editor_look(&editor, columns, &window);
            assert_in_range(window.cursor, 0, columns - 1);
            line_editor_edit(&editor, LINE_RIGHT);
        }
    }
    line_editor_free(&editor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_changes_the_line_so),
        cmocka_unit_test(what_has_no_place_in_a_line_is_refused),
        cmocka_unit_test(the_maximum_holds),
        cmocka_unit_test(setting_leaves_out_what_is_hostile_or_broken),
        cmocka_unit_test(history_goes_back_and_keeps_the_draft),
        cmocka_unit_test(history_forgets_the_oldest),
        cmocka_unit_test(the_field_follows_the_cursor),
        cmocka_unit_test(the_cursor_is_always_within_the_field),
    };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
