/* test_err.c - a code and one line for a person. */
#include "base/err.h"

#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void setting_returns_false_with_code_and_text(void **state)
{
    (void)state;
    struct err err = {0};
    assert_false(err_set(&err, ERR_BUSY, "%s holds line %d", "pid 7", 41));
    assert_int_equal(err.code, ERR_BUSY);
    assert_string_equal(err.text, "pid 7 holds line 41");
}

static void text_is_one_line(void **state)
{
    (void)state;
    struct err err;
    (void)err_set(&err, ERR_INVALID, "a\nb\r\tc\x1B[2J\x7F.");
    assert_string_equal(err.text, "a b  c [2J .");
}

static void long_text_is_cut_at_the_end(void **state)
{
    (void)state;
    static const size_t lengths[] = {254, 255, 256, 1000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char text[1001];
        memset(text, 'x', sizeof(text));
        text[lengths[i]] = '\0';
        struct err err;
        (void)err_set(&err, ERR_IO, "%s", text);
        size_t expected = lengths[i] < 255 ? lengths[i] : 255;
        assert_int_equal(strlen(err.text), expected);
        assert_int_equal(strspn(err.text, "x"), expected);
    }
}

static void old_text_can_be_part_of_the_new_one(void **state)
{
    (void)state;
    struct err err;
    (void)err_set(&err, ERR_IO, "disk on fire");
    (void)err_set(&err, ERR_CORRUPT, "%s: line %d: %s", "a.sql", 3, err.text);
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_string_equal(err.text, "a.sql: line 3: disk on fire");
}

static void errno_chooses_the_code(void **state)
{
    (void)state;
    static const struct {
        int errnum;
        enum err_code code;
    } rows[] = {
        {ENOSPC, ERR_FULL},       {EDQUOT, ERR_FULL},  {ENOENT, ERR_NOT_FOUND},
        {EACCES, ERR_ACCESS},     {EPERM, ERR_ACCESS}, {EROFS, ERR_ACCESS},
        {EADDRINUSE, ERR_ACCESS}, {EIO, ERR_IO},       {EMFILE, ERR_IO},
        {EAGAIN, ERR_IO},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = {0};
        assert_false(err_set_errno(&err, rows[i].errnum, "x"));
        assert_int_equal(err.code, rows[i].code);
    }
}

static void errno_adds_the_words_of_the_system(void **state)
{
    (void)state;
    struct err err;
    (void)err_set_errno(&err, ENOENT, "%s", "/tmp/x");
    assert_string_equal(err.text, "/tmp/x: No such file or directory");
}

static void unknown_errno_is_shown_as_a_number(void **state)
{
    (void)state;
    struct err err;
    (void)err_set_errno(&err, 99999, "x");
    assert_int_equal(err.code, ERR_IO);
    assert_string_equal(err.text, "x: error 99999");
}

static void words_of_the_system_are_never_cut(void **state)
{
    (void)state;
    static const char reason[] = ": Input/output error";
    char text[260];
    memset(text, 'x', sizeof(text));
    for (size_t length = 220; length < sizeof(text); length++) {
        struct err err;
        (void)err_set_errno(&err, EIO, "%.*s", (int)length, text);
        size_t fits = 255 - strlen(reason);
        size_t used = strlen(err.text) - strlen(reason);
        assert_string_equal(err.text + used, reason);
        assert_int_equal(used, length < fits ? length : fits);
        assert_int_equal(strncmp(err.text + used - 3, "...", 3) == 0,
                         length > fits);
    }
}

static void no_character_is_cut_for_the_words_of_the_system(void **state)
{
    (void)state;
    for (int shift = 0; shift < 2; shift++) {
        struct err err;
        char text[300] = "";
        for (size_t at = (size_t)shift; at + 2 < sizeof(text); at += 2)
            memcpy(text + at, "\xC3\xA9", 3);
        if (shift > 0)
            text[0] = 'x';
        (void)err_set_errno(&err, EIO, "%s", text);
        assert_true(text_is_utf8(err.text, strlen(err.text)));
        assert_non_null(strstr(err.text, "\xC3\xA9...: Input/output error"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_returns_false_with_code_and_text),
        cmocka_unit_test(text_is_one_line),
        cmocka_unit_test(long_text_is_cut_at_the_end),
        cmocka_unit_test(old_text_can_be_part_of_the_new_one),
        cmocka_unit_test(errno_chooses_the_code),
        cmocka_unit_test(errno_adds_the_words_of_the_system),
        cmocka_unit_test(unknown_errno_is_shown_as_a_number),
        cmocka_unit_test(words_of_the_system_are_never_cut),
        cmocka_unit_test(no_character_is_cut_for_the_words_of_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
