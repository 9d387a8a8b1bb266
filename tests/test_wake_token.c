/* A token file that changes is news, wherever it is; nothing else is. */
#include "wake_fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

static void write_file(const char *file_path, const char *text)
{
    FILE *file = fopen(file_path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void expect_token_news(struct wake *wake)
{
    struct wake_news news = {.hint = false};
    while (!news.token_file) {
        assert_true(can_be_read(wake, LONG_MS));
        wake_drain(wake, 0, &news);
    }
}

static void a_token_file_that_changes_is_news_wherever_it_is(void **state)
{
    (void)state;
    static const char *const places[] = {"secrets/token", "token", "a",
                                         "app.db.token", "app.db-token"};
    char made[FOLDER_BYTES + 20];
    (void)snprintf(made, sizeof(made), "%s/secrets", folder);
    assert_int_equal(mkdir(made, 0700), 0);
    sqlite3 *db = open_database("wal");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char token[FOLDER_BYTES + 40];
        char beside[FOLDER_BYTES + 60];
        (void)snprintf(token, sizeof(token), "%s/%s", folder, places[i]);
        (void)snprintf(beside, sizeof(beside), "%s.new", token);
        struct wake *wake = make_wake_with_token(path, token);
        write_file(token, "one"); /* made */
        expect_token_news(wake);
        drain_all(wake);
        write_file(token, "two"); /* written over */
        expect_token_news(wake);
        write_file(beside, "three");
        drain_all(wake);
        assert_int_equal(rename(beside, token), 0); /* put in its place */
        expect_token_news(wake);
        expect_hint_of_commit(wake, db);
        wake_free(wake);
    }
    (void)sqlite3_close(db);
}

static void commits_are_no_news_of_the_token_file(void **state)
{
    (void)state;
    static const char *const modes[] = {"wal", "delete"};
    char token[FOLDER_BYTES + 40];
    (void)snprintf(token, sizeof(token), "%s/token", folder);
    write_file(token, "one");
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        sqlite3 *db = open_database(modes[i]);
        struct wake *wake = make_wake_with_token(path, token);
        drain_all(wake);
        for (int commit = 0; commit < 3; commit++) {
            struct wake_news news = {.hint = false};
            run_sql(db, "INSERT INTO t VALUES (1)");
            while (can_be_read(wake, 0))
                wake_drain(wake, 0, &news);
            assert_false(news.token_file);
        }
        wake_free(wake);
        (void)sqlite3_close(db);
    }
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        RULE(a_token_file_that_changes_is_news_wherever_it_is),
        RULE(commits_are_no_news_of_the_token_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
