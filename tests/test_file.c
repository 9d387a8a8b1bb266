/* test_file.c - small files whole, and secrets only when they are kept well. */
#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(literal)  literal, sizeof(literal) - 1

enum { MOST_SECRET = 8 * 1024 };

static char folder[] = "/tmp/test_file_XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int remove_file(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void write_file(const char *bytes, size_t length, mode_t mode)
{
    (void)unlink(path);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, length), length);
    assert_int_equal(fchmod(descriptor, mode), 0);
    assert_int_equal(close(descriptor), 0);
}

static void file_is_read_whole(void **state)
{
    (void)state;
    /* Around the size of the chunks that it is read in. */
    static const size_t lengths[] = {0, 1, 16383, 16384, 16385, 100000};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        char *bytes = malloc(lengths[i] + 1);
        assert_non_null(bytes);
        for (size_t k = 0; k < lengths[i]; k++)
            bytes[k] = (char)(k % 251);
        write_file(bytes, lengths[i], 0644);

        struct buf contents;
        struct err err = {0};
        buf_init(&contents, lengths[i]);
        assert_true(file_read(path, &contents, &err));
        assert_int_equal(err.code, ERR_NONE);
        assert_int_equal(contents.length, lengths[i]);
        assert_memory_equal(buf_text(&contents), bytes, lengths[i]);
        buf_free(&contents);
        free(bytes);
    }
}

static void file_over_the_maximum_is_refused(void **state)
{
    (void)state;
    write_file(BYTES("12345"), 0644);
    struct buf contents;
    struct err err;
    buf_init(&contents, 4);
    assert_false(file_read(path, &contents, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "larger than 4 bytes"));
    buf_free(&contents);
}

static void expect_read_error(const char *where, enum err_code code,
                              const char *words)
{
    struct buf contents;
    struct err err = {0};
    buf_init(&contents, 100);
    assert_false(file_read(where, &contents, &err));
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, where));
    assert_non_null(strstr(err.text, words));

    char *secret = NULL;
    err = (struct err){0};
    assert_false(file_read_secret(where, &secret, &err));
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, where));
    assert_null(secret);
    buf_free(&contents);
}

static void what_cannot_be_opened_is_named(void **state)
{
    (void)state;
    expect_read_error(path, ERR_NOT_FOUND, "No such file");
    expect_read_error(folder, ERR_INVALID, "is a directory");

    write_file(BYTES("a"), 0000);
    if (geteuid() != 0) /* root may read everything */
        expect_read_error(path, ERR_ACCESS, "Permission denied");
}

static void expect_secret(const char *bytes, size_t length, mode_t mode,
                          const char *expected)
{
    write_file(bytes, length, mode);
    struct err err = {0};
    char *secret = NULL;
    if (!file_read_secret(path, &secret, &err))
        fail_msg("%s", err.text);
    assert_string_equal(secret, expected);
    free(secret);
}

static void expect_no_secret(const char *bytes, size_t length, mode_t mode,
                             const char *words)
{
    write_file(bytes, length, mode);
    struct err err = {0};
    char *secret = NULL;
    if (file_read_secret(path, &secret, &err))
        fail_msg("a secret of mode %o: \"%s\"", (unsigned)mode, secret);
    assert_null(secret);
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, path));
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" says nothing of \"%s\"", err.text, words);
}

static void secret_readable_by_others_is_refused(void **state)
{
    (void)state;
    static const mode_t kept[] = {0600, 0400, 0640, 0660, 0601, 0602};
    static const mode_t open_to_others[] = {0604, 0644, 0666, 0777, 0444};
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        expect_secret(BYTES("token"), kept[i], "token");
    for (size_t i = 0; i < COUNT_OF(open_to_others); i++)
        expect_no_secret(BYTES("token"), open_to_others[i], "chmod 600");
}

static void one_newline_at_the_end_is_dropped(void **state)
{
    (void)state;
    expect_secret(BYTES("token\n"), 0600, "token");
    expect_secret(BYTES(" to ken "), 0600, " to ken ");
    expect_secret(BYTES("caf\xC3\xA9\n"), 0600, "caf\xC3\xA9");
    expect_no_secret(BYTES("token\n\n"), 0600, "at byte 6");
    expect_no_secret(BYTES("token\r\n"), 0600, "at byte 6");
}

static void empty_secret_is_refused(void **state)
{
    (void)state;
    expect_no_secret(BYTES(""), 0600, "is empty");
    expect_no_secret(BYTES("\n"), 0600, "is empty");
}

static void control_characters_in_a_secret_are_refused(void **state)
{
    (void)state;
    expect_no_secret(BYTES("\ttoken"), 0600, "at byte 1");
    expect_no_secret(BYTES("to\0ken"), 0600, "at byte 3");
    expect_no_secret(BYTES("to\nken"), 0600, "at byte 3");
    expect_no_secret(BYTES("token\x1F"), 0600, "at byte 6");
    expect_no_secret(BYTES("token\x7F"), 0600, "at byte 6");
}

static void secret_never_shows_in_the_error(void **state)
{
    (void)state;
    write_file(BYTES("hush\x01hush"), 0600);
    struct err err;
    char *secret = NULL;
    assert_false(file_read_secret(path, &secret, &err));
    assert_null(strstr(err.text, "hush"));
    assert_null(secret);
}

static void a_pipe_that_nobody_writes_to_is_empty(void **state)
{
    (void)state;
    char *secret = NULL;
    struct err err = {0};
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)alarm(60); /* waiting for a writer would be waiting for ever */
    assert_false(file_read_secret(path, &secret, &err));
    (void)alarm(0);
    assert_non_null(strstr(err.text, "is empty"));
}

static void a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    char *secret = NULL;
    struct err err = {0};
    char name[64];
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    assert_int_equal(write(ends[1], "token\n", 6), 6);
    (void)close(ends[1]);
    assert_true(file_read_secret(name, &secret, &err));
    assert_string_equal(secret, "token");
    free(secret);
    (void)close(ends[0]);
}

static void secret_over_the_maximum_is_refused(void **state)
{
    (void)state;
    static char bytes[MOST_SECRET + 2];
    memset(bytes, 'x', sizeof(bytes));
    bytes[MOST_SECRET] = '\0';
    expect_secret(bytes, MOST_SECRET, 0600, bytes);
    bytes[MOST_SECRET] = 'x';
    expect_no_secret(bytes, MOST_SECRET + 1, 0600, "larger than 8192");
}

static void value_from_elsewhere_follows_the_same_rules(void **state)
{
    (void)state;
    struct err err = {0};
    assert_true(file_check_secret(BYTES("token"), "$INTERCOM_TOKEN", &err));
    assert_int_equal(err.code, ERR_NONE);
    assert_false(file_check_secret(BYTES("token\n"), "$INTERCOM_TOKEN", &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, "$INTERCOM_TOKEN"));
    assert_false(file_check_secret(BYTES(""), "$INTERCOM_TOKEN", &err));
    assert_string_equal(err.text, "$INTERCOM_TOKEN: is empty");
}

#define TEST(function) cmocka_unit_test_teardown(function, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(file_is_read_whole),
        TEST(file_over_the_maximum_is_refused),
        TEST(what_cannot_be_opened_is_named),
        TEST(secret_readable_by_others_is_refused),
        TEST(one_newline_at_the_end_is_dropped),
        TEST(empty_secret_is_refused),
        TEST(control_characters_in_a_secret_are_refused),
        TEST(secret_never_shows_in_the_error),
        TEST(a_pipe_that_nobody_writes_to_is_empty),
        TEST(a_pipe_is_read_to_its_end),
        TEST(secret_over_the_maximum_is_refused),
        TEST(value_from_elsewhere_follows_the_same_rules),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
