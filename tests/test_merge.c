/* Events of one user, name and second are one at Intercom. */
#include "event/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *body(const char *name, int64_t created_at_s)
{
    static char text[256];
    (void)snprintf(text, sizeof(text),
                   "{\"event_name\":\"%s\",\"user_id\":\"a\\\"created_at\\\":"
                   "7\",\"created_at\":%lld,\"metadata\":{}}",
                   name, (long long)created_at_s);
    return text;
}

/* The lines with that event added; fails if it has a twin. */
static char *add(const char *before, const char *name, int64_t created_at_s,
                 int64_t id)
{
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(merge_add(before, body(name, created_at_s), id, &out), 0);
    return buf_take(&out);
}

/* The twin of that body's event, which is not added then. */
static int64_t twin(const char *events, const char *event_body)
{
    struct buf out;
    buf_init(&out, 4096);
    int64_t id = merge_add(events, event_body, 99, &out);
    assert_true(id == 0 || out.length == 0);
    buf_free(&out);
    return id;
}

static void one_name_and_second_are_one_event(void **state)
{
    (void)state;
    char *events = add(NULL, "rc_renewal_event", 1764000295, 41);
    assert_string_equal(events, "41 1764000295 rc_renewal_event\n");
    assert_int_equal(twin(events, body("rc_renewal_event", 1764000295)), 41);
    assert_int_equal(twin(events, body("rc_renewal_event", 1764000296)), 0);
    assert_int_equal(twin(events, body("rc_renewal_event", 176400029)), 0);
    assert_int_equal(twin(events, body("rc_renewal_event", 17640002950)), 0);
    assert_int_equal(twin(events, body("rc_expiration_event", 1764000295)), 0);
    assert_int_equal(twin(NULL, body("rc_renewal_event", 1764000295)), 0);
    char *two = add(events, "rc_expiration_event", 1764000295, 42);
    assert_string_equal(two, "41 1764000295 rc_renewal_event\n"
                             "42 1764000295 rc_expiration_event\n");
    assert_int_equal(twin(two, body("rc_expiration_event", 1764000295)), 42);
    free(events);
    free(two);
}

static void names_are_folded_as_intercom_does(void **state)
{
    (void)state;
    char *events = add(NULL, "Sub.Renewed now", 5, 7);
    assert_int_equal(twin(events, body("sub-renewed NOW", 5)), 7);
    free(events);
}

static void a_name_with_escapes_is_kept_as_it_is(void **state)
{
    (void)state;
    char *events = add(NULL, "a \\\"b\\\"", 5, 7);
    assert_string_equal(events, "7 5 a \"b\"\n");
    assert_int_equal(twin(events, body("A \\\"b\\\"", 5)), 7);
    free(events);
}

static void only_the_last_events_are_kept(void **state)
{
    (void)state;
    char *events = NULL;
    for (int64_t id = 1; id <= MERGE_MOST_EVENTS + 1; id++) {
        char *more = add(events, "name", 100 + id, id);
        free(events);
        events = more;
    }
    assert_int_equal(twin(events, body("name", 101)), 0);
    assert_int_equal(twin(events, body("name", 102)), 2);
    assert_int_equal(twin(events, body("name", 101 + MERGE_MOST_EVENTS)),
                     MERGE_MOST_EVENTS + 1);
    free(events);
}

static void spoilt_lines_find_nothing(void **state)
{
    (void)state;
    static const char *const spoilt[] = {"",
                                         "\n",
                                         "x",
                                         "1",
                                         "1 ",
                                         "1 5",
                                         "1 5 \n",
                                         "1 5\n",
                                         "1 5 name",
                                         " 5\n",
                                         "\n\n\n",
                                         "1 5x name\n",
                                         "99999999999999999"};
    for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++)
        assert_int_equal(twin(spoilt[i], body("name", 5)), 0);
    assert_int_equal(twin("1 5 name\n", "{}"), 0);
    assert_int_equal(twin("1 5 name\n", "{\"created_at\":5}"), 0);
    assert_int_equal(twin("1 5 name\n", "{\"created_at\":\"\"}"), 0);
}

static void a_body_that_tells_nothing_leaves_the_lines_as_they_are(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(merge_add("1 5 name\n", "{}", 2, &out), 0);
    assert_string_equal(buf_text(&out), "1 5 name\n");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_name_and_second_are_one_event),
        cmocka_unit_test(names_are_folded_as_intercom_does),
        cmocka_unit_test(a_name_with_escapes_is_kept_as_it_is),
        cmocka_unit_test(only_the_last_events_are_kept),
        cmocka_unit_test(spoilt_lines_find_nothing),
        cmocka_unit_test(
            a_body_that_tells_nothing_leaves_the_lines_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
