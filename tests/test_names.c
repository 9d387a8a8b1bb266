#include "event/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void names_begin_as_the_defaults_and_on(void **state)
{
    (void)state;
    struct names names;
    names_init(&names);
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++) {
        assert_string_equal(names.name[kind],
                            catalog_kind((enum event_kind)kind)->default_name);
        assert_false(names.off[kind]);
    }
}

static void names_are_taken_without_the_spaces_around(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *taken;
    } rows[] = {
        {"renewed", "renewed"},
        {"  renewed ", "renewed"},
        {"Subscription renewed", "Subscription renewed"},
        {"Erneuert \xC3\xBC", "Erneuert \xC3\xBC"},
        {"rc_renewal_event", "rc_renewal_event"},
        {"", "rc_renewal_event"},
        {"    ", "rc_renewal_event"},
    };
    struct names names;
    struct err err;
    names_init(&names);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(names_set(&names, KIND_RENEWAL, rows[i].given, &err));
        assert_string_equal(names.name[KIND_RENEWAL], rows[i].taken);
    }
}

static void names_that_break_a_rule_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *reason;
    } rows[] = {
        {"a\nb", "the name has a control character"},
        {"a\tb", "the name has a control character"},
        {"a\x7F", "the name has a control character"},
        {"a\xC2\x85", "the name has a control character"},
        {"\xC2\x80", "the name has a control character"},
        {"\xFF", "the name is not valid UTF-8"},
        {"\xED\xA0\x80", "the name is not valid UTF-8"},
        {"RC_Expiration_Event",
         "expiration has that name already (\"rc_expiration_event\"): "
         "Intercom could not tell them apart"},
        {" rc_expiration_event ",
         "expiration has that name already (\"rc_expiration_event\"): "
         "Intercom could not tell them apart"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct names names;
        struct names before;
        struct err err = {0};
        names_init(&names);
        before = names;
        assert_false(names_set(&names, KIND_RENEWAL, rows[i].given, &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_string_equal(err.text, rows[i].reason);
        assert_memory_equal(&names, &before, sizeof(names));
    }
}

static void names_have_at_most_120_bytes(void **state)
{
    (void)state;
    struct names names;
    struct err err = {0};
    char name[NAME_MOST_BYTES + 2];
    memset(name, 'n', sizeof(name));
    name[NAME_MOST_BYTES + 1] = '\0';
    names_init(&names);
    assert_false(names_set(&names, KIND_RENEWAL, name, &err));
    assert_string_equal(err.text, "the name is longer than 120 bytes");
    name[NAME_MOST_BYTES] = '\0';
    assert_true(names_set(&names, KIND_RENEWAL, name, &err));
    assert_string_equal(names.name[KIND_RENEWAL], name);
}

static void a_default_taken_by_another_kind_is_refused_for_a_blank(void **state)
{
    (void)state;
    struct names names;
    struct err err = {0};
    names_init(&names);
    assert_true(names_set(&names, KIND_RENEWAL, "renewed", &err));
    assert_true(names_set(&names, KIND_EXPIRATION, "rc_renewal_event", &err));
    assert_false(names_set(&names, KIND_RENEWAL, "", &err));
    assert_string_equal(names.name[KIND_RENEWAL], "renewed");
}

static void a_kind_may_get_its_own_name_again(void **state)
{
    (void)state;
    struct names names;
    struct err err;
    names_init(&names);
    assert_true(names_set(&names, KIND_RENEWAL, "RC-RENEWAL-EVENT", &err));
    assert_true(names_set(&names, KIND_RENEWAL, "rc.renewal.event", &err));
    assert_string_equal(names.name[KIND_RENEWAL], "rc.renewal.event");
}

static void names_are_same_after_folding(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"", "", true},
        {"renewal", "renewal", true},
        {"renewal", "Renewal", true},
        {"a.b", "a-b", true},
        {"a$b", "a-b", true},
        {"A.B", "a$b", true},
        {"a_b", "a-b", false},
        {"renewal", "renewals", false},
        {"renewals", "renewal", false},
        {"@", "`", false},
        {"[", "{", false},
        /* U+00C4 and U+00E4; but U+00D7 is no letter, nor is U+00F7 */
        {"\xC3\x84", "\xC3\xA4", true},
        {"\xC3\x97", "\xC3\xB7", false},
        {"\xC3\x84", "\xC3\xB6", false},
        /* U+0160 U+0161, U+0393 U+03B3, U+0414 U+0434, U+0401 U+0451 */
        {"\xC5\xA0", "\xC5\xA1", true},
        {"\xCE\x93", "\xCE\xB3", true},
        {"\xD0\x94", "\xD0\xB4", true},
        {"\xD0\x81", "\xD1\x91", true},
        /* three bytes: as they are; and no byte passes for a character */
        {"\xE2\x82\xAC", "\xE2\x82\xAC", true},
        {"\xE2\x82\xAC", "\xE2\x82\xAD", false},
        {"\xE4", "\xC3\xA4", false},
        {"\xC3", "\xC3\x84", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (names_are_same(rows[i].a, rows[i].b) != rows[i].same ||
            names_are_same(rows[i].b, rows[i].a) != rows[i].same)
            fail_msg("row %zu: %s, %s", i, rows[i].a, rows[i].b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_begin_as_the_defaults_and_on),
        cmocka_unit_test(names_are_taken_without_the_spaces_around),
        cmocka_unit_test(names_that_break_a_rule_change_nothing),
        cmocka_unit_test(names_have_at_most_120_bytes),
        cmocka_unit_test(
            a_default_taken_by_another_kind_is_refused_for_a_blank),
        cmocka_unit_test(a_kind_may_get_its_own_name_again),
        cmocka_unit_test(names_are_same_after_folding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
