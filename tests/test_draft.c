/* test_draft.c - a file gets its name when it is whole, and never that of
 * another. */
#include "base/draft.h"

#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[FOLDER_BYTES];
static char name[FOLDER_BYTES + 20];
static struct err err;

static int open_folder(void **state)
{
    (void)state;
    folder_make(folder);
    (void)snprintf(name, sizeof(name), "%s/file", folder);
    return 0;
}

static int close_folder(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char *read_text(const char *path)
{
    static char text[100];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return "none";
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

static void its_name_comes_last(void **state)
{
    (void)state;
    struct draft draft;
    struct stat status;
    bool exists;
    assert_true(draft_begin(&draft, name, &err));
    assert_int_equal(stat(draft.path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    write_text(draft.path, "whole");
    assert_true(draft_sync(&draft, &err));
    assert_string_equal(read_text(name), "none");
    assert_true(draft_publish(&draft, false, &exists, &err));
    assert_false(exists);
    assert_string_equal(read_text(name), "whole");
    assert_string_equal(read_text(draft.path), "none");
}

static void another_of_that_name_stays_unless_it_is_to_be_replaced(void **state)
{
    (void)state;
    struct draft draft;
    bool exists;
    write_text(name, "other");
    assert_true(draft_begin(&draft, name, &err));
    write_text(draft.path, "ours");
    assert_true(draft_publish(&draft, false, &exists, &err));
    assert_true(exists);
    assert_string_equal(read_text(name), "other");
    assert_true(draft_publish(&draft, true, &exists, &err));
    assert_false(exists);
    assert_string_equal(read_text(name), "ours");
}

static void what_is_dropped_leaves_nothing(void **state)
{
    (void)state;
    struct draft draft;
    assert_true(draft_begin(&draft, name, &err));
    draft_drop(&draft);
    draft_drop(&draft);
    assert_int_equal(rmdir(folder), 0);
}

static void it_begins_empty_whatever_was_left(void **state)
{
    (void)state;
    struct draft draft;
    assert_true(draft_begin(&draft, name, &err));
    write_text(draft.path, "of a killed process");
    assert_true(draft_begin(&draft, name, &err));
    assert_string_equal(read_text(draft.path), "");
}

static void the_error_names_the_file(void **state)
{
    (void)state;
    struct draft draft;
    char long_name[PATH_MAX + 10];
    assert_false(draft_begin(&draft, "/no/such/folder/file", &err));
    assert_non_null(strstr(err.text, "/no/such/folder/file"));
    memset(long_name, 'x', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    assert_false(draft_begin(&draft, long_name, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

int main(void)
{
#define RULE(rule)                                                             \
    cmocka_unit_test_setup_teardown(rule, open_folder, close_folder)
    const struct CMUnitTest tests[] = {
        RULE(its_name_comes_last),
        RULE(another_of_that_name_stays_unless_it_is_to_be_replaced),
        RULE(what_is_dropped_leaves_nothing),
        RULE(it_begins_empty_whatever_was_left),
        RULE(the_error_names_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
