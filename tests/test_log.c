/* test_log.c - one occurrence, one line, from any thread. */
#include "base/log.h"

#include "support/caught_stderr.h"

#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TIME "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z "

enum { THREADS = 4, LINES_A_THREAD = 500 };

static char *written; /* what went to stderr */

static void assert_written(const char *pattern)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int result = regexec(&regex, written, 0, NULL, 0);
    regfree(&regex);
    if (result != 0)
        fail_msg("\"%s\" does not match %s", written, pattern);
}

static int reset_level(void **state)
{
    (void)state;
    log_set_level(LOG_INFO);
    return 0;
}

static void line_has_time_level_and_text(void **state)
{
    (void)state;
    static const struct {
        enum log_level level;
        const char *pattern;
    } rows[] = {
        {LOG_INFO, TIME "info: 7 of nine\n$"},
        {LOG_WARNING, TIME "warning: 7 of nine\n$"},
        {LOG_ERROR, TIME "error: 7 of nine\n$"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        caught_stderr_begin();
        log_line(rows[i].level, "%d of %s", 7, "nine");
        written = caught_stderr_end();
        assert_written(rows[i].pattern);
    }
}

static void line_below_the_level_is_dropped(void **state)
{
    (void)state;
    caught_stderr_begin();
    log_line(LOG_DEBUG, "too small at start");
    log_set_level(LOG_ERROR);
    log_line(LOG_WARNING, "too small now");
    log_line(LOG_ERROR, "large enough");
    log_set_level(LOG_DEBUG);
    log_line(LOG_DEBUG, "smallest");
    written = caught_stderr_end();
    assert_null(strstr(written, "too small"));
    assert_non_null(strstr(written, " error: large enough\n"));
    assert_non_null(strstr(written, " debug: smallest\n"));
}

static void text_from_outside_cannot_begin_a_line(void **state)
{
    (void)state;
    caught_stderr_begin();
    log_line(LOG_INFO, "%s",
             "a\n2026 error: forged\r\x1B[2J\xC2\x9B\xFF caf\xC3\xA9");
    written = caught_stderr_end();
    assert_written(TIME "info: a\\?2026 error: forged\\?\\?\\[2J\\?\\? "
                        "caf\xC3\xA9\n$");
}

static void long_message_is_cut_and_its_line_still_ends(void **state)
{
    (void)state;
    char message[5000];
    memset(message, 'x', sizeof(message));
    message[sizeof(message) - 1] = '\0';
    caught_stderr_begin();
    log_line(LOG_INFO, "%s", message);
    log_line(LOG_INFO, "next");
    written = caught_stderr_end();

    const char *first = strchr(written, 'x');
    assert_non_null(first);
    assert_int_equal(strspn(first, "x"), 999);
    assert_int_equal(first[999], '\n');
    assert_non_null(strstr(written, " info: next\n"));
}

static void *write_lines(void *letter)
{
    for (int i = 0; i < LINES_A_THREAD; i++)
        log_line(LOG_INFO, "%c%c%c%c", *(char *)letter, *(char *)letter,
                 *(char *)letter, *(char *)letter);
    return NULL;
}

static void lines_of_several_threads_stay_whole(void **state)
{
    (void)state;
    static char letters[THREADS] = {'a', 'b', 'c', 'd'};
    pthread_t threads[THREADS];
    caught_stderr_begin();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, write_lines, &letters[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    written = caught_stderr_end();

    int whole = 0;
    char *rest = NULL;
    for (char *line = strtok_r(written, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *text = strstr(line, " info: ");
        assert_non_null(text);
        text += strlen(" info: ");
        char expected[5] = {text[0], text[0], text[0], text[0], '\0'};
        assert_string_equal(text, expected);
        whole++;
    }
    assert_int_equal(whole, THREADS * LINES_A_THREAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_has_time_level_and_text),
        cmocka_unit_test_teardown(line_below_the_level_is_dropped, reset_level),
        cmocka_unit_test(text_from_outside_cannot_begin_a_line),
        cmocka_unit_test(long_message_is_cut_and_its_line_still_ends),
        cmocka_unit_test(lines_of_several_threads_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
