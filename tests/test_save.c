/* test_save.c - files that an operator wants to keep: new ones only; and what
 * the console writes to them. */
#include "tui/save.h"

#include "support/folder.h"
#include "support/screen.h"

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

enum { PATH_BYTES = FOLDER_BYTES + 40 };

static void put(struct save *save, const char *text)
{
    struct buf bytes;
    struct err err;
    buf_init(&bytes, 1000);
    buf_add_text(&bytes, text);
    assert_true(save_write(save, &bytes, &err));
    assert_int_equal(bytes.length, 0);
    buf_free(&bytes);
}

static void a_new_file_is_written_for_its_owner_alone(void **state)
{
    char folder[FOLDER_BYTES], path[PATH_BYTES];
    struct save *save;
    struct stat status;
    struct err err;
    (void)state;
    folder_make(folder);
    (void)snprintf(path, sizeof(path), "%s/list", folder);
    assert_true(save_begin(path, &save, &err));
    assert_string_equal(save_name(save), path);
    put(save, "one ");
    put(save, "two");
    assert_true(save_finish(save, &err));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 7);
    assert_int_equal(status.st_mode & 0777, 0600);
    /* it exists now */
    assert_false(save_begin(path, &save, &err));
    assert_null(save);
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, "exists"));
    folder_remove(folder);
}

static void an_unfinished_file_is_removed(void **state)
{
    char folder[FOLDER_BYTES], path[PATH_BYTES];
    struct save *save;
    struct err err;
    (void)state;
    folder_make(folder);
    (void)snprintf(path, sizeof(path), "%s/list", folder);
    assert_true(save_begin(path, &save, &err));
    put(save, "half");
    save_drop(save);
    assert_int_not_equal(access(path, F_OK), 0);
    save_drop(NULL);
    folder_remove(folder);
}

static void a_bad_name_is_refused_in_words(void **state)
{
    struct save *save;
    struct err err;
    (void)state;
    assert_false(save_begin("", &save, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_false(save_begin("/nowhere/at/all", &save, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
}

static void a_tilde_is_the_home(void **state)
{
    char folder[FOLDER_BYTES], path[PATH_BYTES];
    struct save *save;
    struct err err;
    (void)state;
    folder_make(folder);
    assert_int_equal(setenv("HOME", folder, 1), 0);
    assert_true(save_begin("~/list", &save, &err));
    assert_true(save_finish(save, &err));
    (void)snprintf(path, sizeof(path), "%s/list", folder);
    assert_int_equal(access(path, F_OK), 0);
    folder_remove(folder);
}

/* --- from the keys to the file -------------------------------------------- */

static int open_outbox(void **state)
{
    (void)fixture_open(state);
    screen_fill(*state);
    return 0;
}

static char *read_file(const char *path)
{
    static char bytes[200000];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    bytes[fread(bytes, 1, sizeof(bytes) - 1, file)] = '\0';
    (void)fclose(file);
    return bytes;
}

static void type_path(struct screen_test *test, const char *keys,
                      const char *path)
{
    screen_type(test, keys);
    screen_type(test, path);
    screen_type(test, "\r");
}

static void lists_and_bodies_are_written_to_new_files(void **state)
{
    struct fixture *fixture = *state;
    struct screen_test test;
    int lines = 0;
    screen_open(&test, fixture, 80, 24);
    const char *path = fixture_path(fixture, "list.ndjson");
    type_path(&test, "2/state:failed\rw", path);
    screen_must_have(&test, "Wrote 34 deliveries to ");
    const char *text = read_file(path);
    assert_ptr_equal(strstr(text, "{\"id\":434,"), text);
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    assert_int_equal(lines, 34);
    assert_int_equal(access(path, R_OK), 0);
    /* what exists is not overwritten: the database least of all */
    type_path(&test, "w", fixture->path);
    screen_must_have(&test, "exists");
    screen_type(&test, "\033");
    path = fixture_path(fixture, "body.json");
    type_path(&test, "/\025id:428\r\rw", path);
    screen_must_have(&test, "Wrote ");
    assert_string_equal(read_file(path),
                        fixture_text(fixture,
                                     "SELECT event_body FROM outbox_attempt "
                                     "WHERE event_body IS NOT NULL"));
    screen_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_is_written_for_its_owner_alone),
        cmocka_unit_test(an_unfinished_file_is_removed),
        cmocka_unit_test(a_bad_name_is_refused_in_words),
        cmocka_unit_test(a_tilde_is_the_home),
        cmocka_unit_test_setup_teardown(
            lists_and_bodies_are_written_to_new_files, open_outbox,
            fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
