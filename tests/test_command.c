#include "cli/command.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static size_t field_bytes(enum options_type type)
{
    switch (type) {
    case OPTIONS_FLAG:
        return sizeof(bool);
    case OPTIONS_TEXT:
        return sizeof(const char *);
    case OPTIONS_INTEGER:
    case OPTIONS_DURATION:
        return sizeof(int64_t);
    case OPTIONS_CHOICE:
        return sizeof(int);
    }
    return SIZE_MAX;
}

static void commands_are_found_by_their_own_name_only(void **state)
{
    (void)state;
    size_t count;
    const struct command *const *table = command_table(&count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(command_find(table[i]->name), table[i]);
    assert_null(command_find(""));
    assert_null(command_find("Init"));
}

static void every_row_is_whole(void **state)
{
    (void)state;
    size_t count;
    const struct command *const *table = command_table(&count);
    for (size_t i = 0; i < count; i++) {
        const struct command *command = table[i];
        assert_non_null(command->run);
        assert_true(strlen(command->summary) > 0);
        assert_true(strlen(command->summary) < 68);
        assert_true(strlen(command->details) > 0);
        assert_true(command->least_words <= command->most_words);
        assert_int_equal(command->most_words == 0, *command->arguments == '\0');
        assert_int_equal(command->defaults == NULL,
                         command->settings_bytes == 0);
    }
}

static void every_option_fits_into_its_settings_and_is_explained(void **state)
{
    (void)state;
    size_t count;
    const struct command *const *table = command_table(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < table[i]->option_count; k++) {
            const struct options_row *row = &table[i]->options[k];
            assert_true(row->offset + field_bytes(row->type) <=
                        table[i]->settings_bytes);
            assert_true(strlen(row->help) > 0);
            assert_int_equal(row->choices != NULL, row->type == OPTIONS_CHOICE);
            assert_int_equal(row->value != NULL, row->type != OPTIONS_CHOICE &&
                                                     row->type != OPTIONS_FLAG);
            bool has_range =
                row->type == OPTIONS_INTEGER || row->type == OPTIONS_DURATION;
            assert_int_equal(row->minimum < row->maximum, has_range);
        }
    }
}

static bool is_same_option(const struct options_row *a,
                           const struct options_row *b)
{
    return text_equals(a->name, b->name) ||
           (a->letter != '\0' && a->letter == b->letter);
}

static void no_option_hides_another(void **state)
{
    (void)state;
    size_t count;
    size_t global_count;
    const struct command *const *table = command_table(&count);
    const struct options_row *global = command_global_options(&global_count);
    for (size_t i = 0; i < count; i++) {
        const struct options_row *rows = table[i]->options;
        for (size_t k = 0; k < table[i]->option_count; k++) {
            for (size_t other = 0; other < k; other++)
                assert_false(is_same_option(&rows[k], &rows[other]));
            for (size_t other = 0; other < global_count; other++)
                assert_false(is_same_option(&rows[k], &global[other]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_found_by_their_own_name_only),
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(every_option_fits_into_its_settings_and_is_explained),
        cmocka_unit_test(no_option_hides_another),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
