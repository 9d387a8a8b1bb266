#include "cli/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/subrelay-token-XXXXXX";
static char credential[64];

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(credential, sizeof(credential), "%s/intercom-token",
                   directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(credential);
    return rmdir(directory);
}

/* No source of a token is set before a test. */
static int clear(void **state)
{
    (void)state;
    (void)unsetenv("INTERCOM_TOKEN");
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    write_file(credential, "from-file\n", 0600);
    return 0;
}

static void the_file_goes_before_the_environment(void **state)
{
    (void)state;
    struct token token;
    struct err err;
    assert_int_equal(setenv("INTERCOM_TOKEN", "from-environment", 1), 0);
    assert_true(token_read(credential, &token, &err));
    assert_string_equal(token.value, "from-file");
    assert_string_equal(token.file, credential);
    token_free(&token);
}

static void the_environment_goes_before_the_credential(void **state)
{
    (void)state;
    struct token token;
    struct err err;
    assert_int_equal(setenv("INTERCOM_TOKEN", "from-environment", 1), 0);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
    assert_true(token_read(NULL, &token, &err));
    assert_string_equal(token.value, "from-environment");
    assert_null(token.file);
    token_free(&token);
}

static void an_empty_variable_counts_as_none(void **state)
{
    (void)state;
    struct token token;
    struct err err;
    assert_int_equal(setenv("INTERCOM_TOKEN", "", 1), 0);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
    assert_true(token_read(NULL, &token, &err));
    assert_string_equal(token.value, "from-file");
    assert_string_equal(token.file, credential);
    token_free(&token);
}

static void without_a_token_all_three_ways_are_told(void **state)
{
    (void)state;
    struct token token;
    struct err err;
    assert_false(token_read(NULL, &token, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "--token-file"));
    assert_non_null(strstr(err.text, "$INTERCOM_TOKEN"));
    assert_non_null(strstr(err.text, "intercom-token"));
}

static void a_token_that_is_no_secret_is_refused(void **state)
{
    (void)state;
    struct token token;
    struct err err;
    write_file(credential, "from-file\n", 0644);
    assert_false(token_read(credential, &token, &err));
    assert_non_null(strstr(err.text, "chmod 600"));
    assert_null(strstr(err.text, "from-file"));
    assert_int_equal(setenv("INTERCOM_TOKEN", "two\nlines", 1), 0);
    assert_false(token_read(NULL, &token, &err));
    assert_non_null(strstr(err.text, "$INTERCOM_TOKEN"));
    assert_null(strstr(err.text, "lines"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_file_goes_before_the_environment, clear),
        cmocka_unit_test_setup(the_environment_goes_before_the_credential,
                               clear),
        cmocka_unit_test_setup(an_empty_variable_counts_as_none, clear),
        cmocka_unit_test_setup(without_a_token_all_three_ways_are_told, clear),
        cmocka_unit_test_setup(a_token_that_is_no_secret_is_refused, clear),
    };
    return cmocka_run_group_tests_name("token", tests, set_up, tear_down);
}
