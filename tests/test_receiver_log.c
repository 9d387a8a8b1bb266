#include "net/receiver_log.h"

#include "support/caught_stderr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static int count(const char *text, const char *word)
{
    int found = 0;
    while ((text = strstr(text, word)) != NULL) {
        found++;
        text++;
    }
    return found;
}

static void a_line_says_what_was_answered_to_whom_and_why(void **state)
{
    (void)state;
    struct receiver_log log = {0};
    caught_stderr_begin();
    receiver_log_answer(&log, RECEIVER_REFUSED, "192.0.2.7", "outbox: why", 0);
    receiver_log_answer(&log, RECEIVER_NO_PATH, "::1", "", 0);
    receiver_log_answer(&log, RECEIVER_ACCEPTED, "::1", "", 0);
    receiver_log_malformed(&log, 431, 0);
    const char *text = caught_stderr_end();
    assert_non_null(strstr(
        text, "warning: receiver: 400 refused to 192.0.2.7: outbox: why\n"));
    assert_non_null(strstr(text, "warning: receiver: 404 not_found to ::1\n"));
    assert_non_null(strstr(text, "warning: receiver: 431 to what is no HTTP"));
    assert_int_equal(count(text, "\n"), 3);
}

static void a_flood_is_told_by_its_number(void **state)
{
    (void)state;
    struct receiver_log log = {0};
    caught_stderr_begin();
    for (int i = 0; i < 1000; i++)
        receiver_log_answer(&log, RECEIVER_UNAUTHORIZED, "::1", "", i);
    /* Another kind is not drowned by it. */
    receiver_log_answer(&log, RECEIVER_FULL, "::1", "", 1000);
    const char *text = caught_stderr_end();
    assert_int_equal(count(text, "401 unauthorized"), 10);
    assert_int_equal(count(text, "503 full"), 1);

    caught_stderr_begin();
    receiver_log_answer(&log, RECEIVER_UNAUTHORIZED, "::1", "", 9999);
    receiver_log_answer(&log, RECEIVER_UNAUTHORIZED, "::1", "", 10000);
    receiver_log_answer(&log, RECEIVER_UNAUTHORIZED, "::1", "", 10001);
    text = caught_stderr_end();
    assert_int_equal(count(text, "401 unauthorized"), 2);
    assert_int_equal(count(text, "(and 991 more like it)\n"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_what_was_answered_to_whom_and_why),
        cmocka_unit_test(a_flood_is_told_by_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
