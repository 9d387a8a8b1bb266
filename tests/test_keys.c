/* test_keys.c - one table feeds keys, footer and help. */
#include "tui/keys.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void every_action_means_something_somewhere(void **state)
{
    (void)state;
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++)
        assert_true(keys_applies((enum action)i, PLACE_EVERYWHERE, false));
}

static void a_key_means_one_action(void **state)
{
    (void)state;
    assert_int_equal(keys_find('j'), ACTION_DOWN);
    assert_int_equal(keys_find(KEYS_DOWN), ACTION_DOWN);
    assert_int_equal(keys_find('\r'), ACTION_OPEN);
    assert_int_equal(keys_find('\n'), ACTION_OPEN);
    assert_int_equal(keys_find(KEYS_CTRL('d')), ACTION_HALF_DOWN);
    assert_int_equal(keys_find('x'), ACTION_NONE);
    assert_int_equal(keys_find(0), ACTION_NONE);
    assert_int_equal(keys_find(UINT32_MAX), ACTION_NONE);
}

static void capitals_change_and_small_letters_look(void **state)
{
    static const char changing[] = "RDEOCUP";
    (void)state;
    for (uint32_t key = 1; key < 0x80; key++) {
        enum action action = keys_find(key);
        if (action == ACTION_NONE)
            continue;
        bool is_changing = strchr(changing, (int)key) != NULL;
        assert_int_equal(keys_changes(action), is_changing);
        assert_true((isupper((int)key) != 0) == is_changing || key == 'G');
    }
}

static void read_only_drops_what_changes_everywhere(void **state)
{
    (void)state;
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++) {
        enum action action = (enum action)i;
        assert_int_equal(keys_applies(action, PLACE_EVERYWHERE, true),
                         !keys_changes(action));
    }
}

/* Space, "j/k": what a footer calls the key is among what help calls it. */
static void a_footer_begins_with_its_key(void **state)
{
    size_t count;
    const struct keys_row *rows = keys_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].footer == NULL)
            continue;
        size_t length = strcspn(rows[i].footer, " /");
        if (length == 0)
            length = 1;
        assert_memory_equal(rows[i].footer, keys_shown(rows[i].action), length);
        assert_non_null(rows[i].help);
    }
}

static void every_place_has_help_back_and_moves(void **state)
{
    static const enum action actions[] = {
        ACTION_HELP, ACTION_QUIT, ACTION_DOWN,   ACTION_UP,
        ACTION_LAST, ACTION_BACK, ACTION_FREEZE, ACTION_SCREEN_1,
    };
    (void)state;
    for (unsigned place = 1; place < PLACE_EVERYWHERE; place <<= 1) {
        for (size_t i = 0; i < COUNT_OF(actions); i++)
            assert_true(keys_applies(actions[i], (enum keys_place)place, true));
    }
}

static void keys_have_names(void **state)
{
    static const struct {
        uint32_t code;
        const char *name;
    } rows[] = {
        {'x', "x"},
        {KEYS_CTRL('x'), "Ctrl-X"},
        {KEYS_SPACE, "Space"},
        {KEYS_ESCAPE, "Esc"},
        {KEYS_TAB, "Tab"},
        {KEYS_ENTER, "Enter"},
        {KEYS_PAGE_DOWN, "PgDn"},
        {KEYS_WHEEL_DOWN, "the wheel"},
        {0x2603, "this key"},
        {UINT32_MAX, "this key"},
    };
    char name[KEYS_NAME_BYTES];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        keys_name(rows[i].code, name);
        assert_string_equal(name, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_action_means_something_somewhere),
        cmocka_unit_test(a_key_means_one_action),
        cmocka_unit_test(capitals_change_and_small_letters_look),
        cmocka_unit_test(read_only_drops_what_changes_everywhere),
        cmocka_unit_test(a_footer_begins_with_its_key),
        cmocka_unit_test(every_place_has_help_back_and_moves),
        cmocka_unit_test(keys_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
