/* test_update.c - what keys do: {keys, wanted} over a real outbox
 * (tests/screens/outbox.sql), without a terminal. */
#include "support/screen.h"

#include "tui/deliveries.h"
#include "tui/delivery.h"
#include "tui/update.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int open_outbox(void **state)
{
    (void)fixture_open(state);
    screen_fill(*state);
    return 0;
}

struct row {
    const char *keys;
    const char *wanted; /* somewhere on the screen */
};

static void run_rows(struct fixture *fixture, bool read_only,
                     const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct screen_test test;
        screen_open(&test, fixture, 80, 24);
        test.model.read_only = read_only;
        screen_type(&test, rows[i].keys);
        screen_must_have(&test, rows[i].wanted);
        screen_close(&test);
    }
}

static void keys_lead_where_they_say(void **state)
{
    static const struct row rows[] = {
        {"", "[1 Overview]"},
        {"2", "[2 Deliveries]"},
        {"3", "[3 Names]"},
        {"4", "[4 Operations]"},
        {"\t", "[2 Deliveries]"},
        {"\t\t\t\t", "[1 Overview]"},
        {"2\r", "480  initial purchase"},
        {"2\rq", "Filter: none"},
        {"2\r\033", "Filter: none"},
        {"2\rv", "the webhook as it came"},
        {"2\rvq", "Next step"},
        {"?", "Everywhere"},
        {"??", "Everywhere"},
        {"?q", "FAILED, BY CAUSE"},
        {"2\rv?qqq", "Filter: none"},
        {"2\rv1", "FAILED, BY CAUSE"},
        /* from a cause to its deliveries */
        {"\r", "Filter: state:failed reason:name_archived"},
        {"\r", "30 match of 480"},
        {"j\r", "3 match of 480"},
        {"j\rj\r", "432  renewal"},
        {"jj\r\r", "434  renewal"},
    };
    run_rows(*state, false, rows, COUNT_OF(rows));
}

static void a_refused_key_says_why(void **state)
{
    static const struct row rows[] = {
        {"x", "no action on x; ? for help"},
        {"\x18", "no action on Ctrl-X; ? for help"},
        {"1s", "no action on s; ? for help"},
        {"2C", "no action on C; ? for help"},
        {"x1", "FAILED, BY CAUSE"},
        {"2/state:delivered\rR", "Nothing to retry: left alone, delivered"},
        {"2/id:475\rR", "Nothing to retry: left alone"},
        {"2/user:nobody\rR", "There is nothing to retry."},
        {"2/user:nobody\r\r", "There is no delivery here."},
    };
    run_rows(*state, false, rows, COUNT_OF(rows));
}

static void read_only_has_no_capitals_but_g(void **state)
{
    static const struct row rows[] = {
        {"R", "R changes something: not with --read-only."},
        {"P", "P changes something: not with --read-only."},
        {"2D", "D changes something: not with --read-only."},
        {"2U", "U changes something: not with --read-only."},
        {"2\rE", "E changes something: not with --read-only."},
        {"2G", "the end"},
        {"2", "read-only"},
    };
    static const char *const gone[] = {"R retry", "D discard", "E edit",
                                       "P pause", "O on/off"};
    struct screen_test test;
    run_rows(*state, true, rows, COUNT_OF(rows) - 2);
    screen_open(&test, *state, 200, 60);
    test.model.read_only = true;
    static const char *const screens[] = {"1", "2", "3", "4", "2\r", "2?"};
    for (size_t s = 0; s < COUNT_OF(screens); s++) {
        screen_type(&test, screens[s]);
        for (size_t i = 0; i < COUNT_OF(gone); i++)
            assert_false(screen_has(&test, gone[i]));
    }
    screen_must_have(&test, "read-only");
    assert_false(screen_has(&test, "send the marked ones again"));
    screen_close(&test);
}

static void filters_are_typed_refused_and_cleared(void **state)
{
    static const struct row rows[] = {
        {"2/state:failed\r", "34 match of 480"},
        {"2/state:failed code:404\r", "3 match of 480"},
        {"2/user:app_user_7836\r", "1 match of 480"},
        {"2/archived\r", "30 match of 480"},
        {"2/nothing at all\r", "nothing matches; Esc clears the filter"},
        {"2/state:failed\r\033", "480 match of 480"},
        {"2/state:failed\033", "Filter: none"},
        {"2/state:lost\r", "a state is pending"},
        {"2/state:lost\r\025state:failed\r", "34 match of 480"},
        {"2/state:failed\r/\r", "34 match of 480"},
        {"2/state:failed\r/\025\r", "480 match of 480"},
        /* history: the one before */
        {"2/id:5\r/\025id:6\r/\025\020\020\r", "Filter: id:5"},
    };
    run_rows(*state, false, rows, COUNT_OF(rows));
}

static void lists_are_sorted(void **state)
{
    static const struct row rows[] = {
        {"2", ">  discarded  480"},
        {"2s", "oldest first"},
        {"2s", ">  delivered    1"},
        {"2ss", ">  discarded  480"},
        {"2/state:failed\rss", "by user"},
        {"2/state:failed\rss", ">  failed     433"}, /* $ before a */
        {"2/state:failed\rsss", "by reason"},
        {"2/state:failed\rsss", ">  failed     431"},
        {"2/state:failed\rssss", ">  failed     434"},
        {"2/state:failed\rss/\025\r", ">  discarded  480"},
        {"2sG", ">  discarded  480"},
    };
    run_rows(*state, false, rows, COUNT_OF(rows));
}

static void marks_choose_what_is_acted_on(void **state)
{
    static const struct row rows[] = {
        {"2  ", "2 marked"},
        {"2 k ", "480 match of 480"},
        {"2/state:failed\ra", "34 marked"},
        {"2/state:failed\ra  ", "32 marked"},
        {"2/state:failed\ra  u", "34 match of 480"},
        {"2/state:failed\r   R", "Type 3 to start"},
        {"2/state:failed\raR", "Type 34 to start"},
        {"2/state:failed\ra  R", "Type 32 to start"},
        {"2/state:failed\r D", "Type 1 to start"},
        {"2/state:failed\r  R\033", "2 marked"}, /* cancelled: they stay */
        {"2/state:failed\r  R\033", "Cancelled; nothing is changed."},
    };
    run_rows(*state, false, rows, COUNT_OF(rows));
    assert_int_equal(
        fixture_number(*state, "SELECT count(*) FROM outbox_operation"),
        2); /* no plan is left behind */
}

static int64_t count_state(const struct fixture *fixture, const char *state)
{
    char sql[120];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM outbox_delivery WHERE state = '%s'",
                   state);
    return fixture_number(fixture, sql);
}

static void one_retry_asks_nothing_and_is_taken_back(void **state)
{
    struct fixture *fixture = *state;
    struct screen_test test;
    screen_open(&test, fixture, 80, 24);
    screen_type(&test, "2/state:failed\rR");
    screen_must_have(&test, "Retried 434. U undoes it while it waits. No "
                            "relay is running.");
    assert_int_equal(count_state(fixture, "failed"), 33);
    assert_string_equal(
        fixture_text(fixture,
                     "SELECT who || ' ' || filter || ' ' || state FROM "
                     "outbox_operation ORDER BY id DESC LIMIT 1"),
        "ana 434 done");
    screen_type(&test, "U");
    screen_must_have(&test, "is taken back: 1 as before.");
    assert_int_equal(count_state(fixture, "failed"), 34);
    screen_close(&test);
}

static void many_are_started_by_their_number_alone(void **state)
{
    struct fixture *fixture = *state;
    struct screen_test test;
    screen_open(&test, fixture, 80, 24);
    screen_type(&test, "R");
    screen_must_have(&test, "30 will be sent again, oldest first");
    screen_must_have(&test, "About 47 calls");
    screen_type(&test, "29\r");
    screen_must_have(&test, "that is not 30; Esc cancels");
    screen_type(&test, "q"); /* a letter of the answer, no key */
    assert_false(test.model.wants_quit);
    assert_int_equal(count_state(fixture, "failed"), 34);
    screen_type(&test, "\02530\r");
    screen_must_have(&test, "Retried 30 deliveries. U undoes");
    assert_int_equal(count_state(fixture, "failed"), 4);
    screen_type(&test, "2/state:failed\rD1\r");
    assert_int_equal(count_state(fixture, "discarded"), 2);
    screen_type(&test, "UU");
    assert_int_equal(count_state(fixture, "failed"), 34);
    screen_close(&test);
}

static void line_23_tells_how_far_a_retry_is(void **state)
{
    struct fixture *fixture = *state;
    struct screen_test test;
    screen_open(&test, fixture, 80, 24);
    screen_type(&test, "R30\r2");
    screen_must_have(&test, "14  retry by ana  sent 0 of 30  "
                            "[....................]  0 failed");
    fixture_run_without_triggers(
        fixture,
        "UPDATE outbox_delivery SET state = 'delivered', due_ms = NULL, "
        "settled_ms = 1787572979000, attempts = 2 WHERE id BETWEEN 401 AND 413;"
        "UPDATE outbox_delivery SET state = 'failed', aside = 'failed', "
        "due_ms = NULL, settled_ms = 1787572979000, attempts = 2 WHERE id IN "
        "(414, 415)");
    test.model.now_ms += 60000;
    screen_refresh(&test);
    screen_must_have(&test, "14  retry by ana  sent 15 of 30  "
                            "[##########..........]  2 failed");
    fixture_run_without_triggers(
        fixture, "UPDATE outbox_delivery SET state = 'delivered', due_ms = "
                 "NULL, settled_ms = 1787572979000, attempts = 2 "
                 "WHERE id BETWEEN 416 AND 430");
    test.model.now_ms += 60000;
    screen_refresh(&test);
    assert_false(screen_has(&test, "retry by ana"));
    screen_close(&test);
}

static void sending_is_paused_with_a_reason_and_resumed(void **state)
{
    struct fixture *fixture = *state;
    struct screen_test test;
    screen_open(&test, fixture, 80, 24);
    screen_type(&test, "3P");
    screen_must_have(&test, "Pause sending. Reason (may be empty):");
    screen_type(&test, "their outage\r");
    screen_must_have(&test, "PAUSED");
    screen_type(&test, "1");
    screen_must_have(&test, "Sending PAUSED by ana");
    screen_must_have(&test, "their outage");
    screen_type(&test, "P");
    screen_must_have(&test, "Resumed: sending goes on.");
    assert_int_equal(fixture_number(fixture, "SELECT pause_reason IS NULL "
                                             "FROM outbox_destination"),
                     1);
    screen_type(&test, "P\033");
    assert_false(screen_has(&test, "PAUSED"));
    screen_close(&test);
}

static int64_t cursor_id(const struct screen_test *test)
{
    const struct view_delivery *row =
        list_cursor_row(&test->model.deliveries->list);
    assert_non_null(row);
    return row->id;
}

/* In order: each row sees what those before it have left. */
static void names_are_edited_switched_and_taken_back(void **state)
{
    static const struct row rows[] = {
        {"3", "--- Initial purchase"},
        {"3jjjj", "--- Renewal"},
        {"3jjjjk", "--- Trial cancelled"},
        {"3G", "--- Product change"},
        {"3Gg", "--- Initial purchase"},
        {"3jjjj\r", "--- edit: Renewal"},
        {"3jjjj\r\033", "--- Renewal"},
        {"3jjjjE\025rc_expiration_event\r", "--- edit: Renewal"},
        {"3jjjjE\025Renewed at last\r",
         "Renewal                   Renewed at last"},
        {"3jjjjU", "Renewal                   rc_renewal_event"},
        {"3GO", "Product change            off"},
        {"3GO", "Product change            rc_product_change_event"},
    };
    run_rows(*state, false, rows, COUNT_OF(rows));
}

static void operations_are_opened_and_taken_back(void **state)
{
    static const struct row rows[] = {
        {"4", "[4 Operations]"},
        {"2/id:434\rR4", "retry"},
        {"4\r", "434"},
        {"4\rq", "Operations, newest first"},
        {"4\r\033", "Operations, newest first"},
        {"4/retry\r", "retry"},
        {"4U", "undo"},
        {"4", "undone"},
    };
    run_rows(*state, false, rows, COUNT_OF(rows));
}

/* An operation without deliveries has none to count. */
static void a_rename_is_taken_back_without_a_count(void **state)
{
    struct screen_test test;
    screen_open(&test, *state, 80, 24);
    screen_type(&test, "3jjjjE\025Renewed at last\r");
    screen_type(&test, "4U");
    screen_must_have(&test, "Operation 14 is taken back.\n");
    screen_close(&test);
}

static void the_cursor_follows_the_delivery(void **state)
{
    struct fixture *fixture = *state;
    struct screen_test test;
    char before[200];
    screen_open(&test, fixture, 80, 24);
    screen_type(&test, "2/state:failed\rjj");
    assert_int_equal(cursor_id(&test), 432);
    (void)snprintf(before, sizeof(before), "%s", screen_line(&test, 5));
    fixture_run_without_triggers(
        fixture,
        "UPDATE outbox_delivery SET state = 'failed', aside = 'failed', "
        "due_ms = NULL, settled_ms = 1787572979000 WHERE id BETWEEN 450 AND "
        "470");
    screen_refresh(&test);
    assert_int_equal(cursor_id(&test), 432);
    assert_string_equal(screen_line(&test, 5), before);
    screen_must_have(&test, "more above (g)");
    fixture_run_without_triggers(
        fixture, "UPDATE outbox_delivery SET state = 'delivered', aside = NULL "
                 "WHERE id IN (434, 433)");
    screen_refresh(&test);
    assert_int_equal(cursor_id(&test), 432);
    fixture_run_without_triggers(
        fixture, "UPDATE outbox_delivery SET state = 'delivered', aside = NULL "
                 "WHERE id = 432");
    screen_refresh(&test);
    assert_int_equal(cursor_id(&test), 431);
    screen_type(&test, "g");
    assert_int_equal(cursor_id(&test), 470);
    screen_close(&test);
}

static void the_mouse_chooses_opens_and_changes_screens(void **state)
{
    struct screen_test test;
    screen_open(&test, *state, 80, 24);
    screen_click(&test, 0, 30); /* on the second tab */
    assert_int_equal(test.model.screen, SCREEN_DELIVERIES);
    screen_click(&test, 5, 10);
    assert_int_equal(cursor_id(&test), 478);
    screen_press(&test, KEYS_WHEEL_DOWN);
    assert_int_equal(cursor_id(&test), 475);
    screen_press(&test, KEYS_WHEEL_UP);
    assert_int_equal(cursor_id(&test), 478);
    screen_click(&test, 5, 40);
    assert_int_equal(test.model.screen, SCREEN_DELIVERY);
    assert_int_equal(test.model.delivery->id, 478);
    screen_click(&test, 0, 13);
    assert_int_equal(test.model.screen, SCREEN_OVERVIEW);
    screen_click(&test, 12, 5); /* the cause that is chosen already */
    assert_int_equal(test.model.screen, SCREEN_DELIVERIES);
    screen_click(&test, 23, 79);
    screen_click(&test, 1000, 1000);
    screen_close(&test);
}

static void frozen_screens_stay_as_they_are(void **state)
{
    struct screen_test test;
    screen_open(&test, *state, 80, 24);
    screen_type(&test, "z");
    assert_true(test.model.is_frozen);
    screen_must_have(&test, "FROZEN");
    assert_false(test.model.wants_load);
    screen_type(&test, "2G"); /* moving goes on */
    screen_must_have(&test, ">  delivered    1");
    update_key(&test.model, 'z');
    assert_true(test.model.wants_load);
    assert_false(test.model.is_frozen);
    screen_close(&test);
}

static void bodies_are_searched_and_shown_as_they_are(void **state)
{
    static const struct row rows[] = {
        {"2/id:428\r\rv", "\"event_name\": \"rc_renewal_event\""},
        {"2/id:428\r\rvi", "{\"event_name\":\"rc_renewal_event\""},
        {"2/id:428\r\rvv", "body 2 of 4: attempt 5, answer to POST /eve"},
        {"2/id:428\r\rvvv", "attributes sent"},
        {"2/id:428\r\rvvvv", "the webhook as it came"},
        {"2/id:428\r\rvvvvv", "body 1 of 4"},
        {"2/id:428\r\rv/STORE\r", ">    \"store\": \"APP_STORE\""},
        {"2/id:428\r\rv/store\rn", "Around the end."},
        {"2/id:428\r\rv/nowhere\r", "'nowhere' is not in this body."},
        {"2/id:428\r\rvn", "Nothing is searched for; / searches."},
        {"2/id:428\r\r\t", "attempt 5: j/k scroll, Tab back"},
        {"2/id:428\r\r\tG", "\"}]}"},
        {"2/id:428\r\rjj", "no answer after 5 s"},
    };
    run_rows(*state, false, rows, COUNT_OF(rows));
}

static void q_quits_on_the_four_screens_only(void **state)
{
    static const struct {
        const char *keys;
        bool quits;
    } rows[] = {
        {"q", true},    {"2q", true},    {"3q", true},      {"4q", true},
        {"?q", false},  {"2\rq", false}, {"2\rvqq", false}, {"2\rqq", true},
        {"2/q", false}, {"\033", false}, {"Pq\r", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct screen_test test;
        screen_open(&test, *state, 80, 24);
        screen_type(&test, rows[i].keys);
        assert_int_equal(test.model.wants_quit, rows[i].quits);
        screen_close(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_outbox, fixture_close)
        TEST(keys_lead_where_they_say),
        TEST(a_refused_key_says_why),
        TEST(read_only_has_no_capitals_but_g),
        TEST(filters_are_typed_refused_and_cleared),
        TEST(lists_are_sorted),
        TEST(marks_choose_what_is_acted_on),
        TEST(one_retry_asks_nothing_and_is_taken_back),
        TEST(many_are_started_by_their_number_alone),
        TEST(line_23_tells_how_far_a_retry_is),
        TEST(sending_is_paused_with_a_reason_and_resumed),
        TEST(names_are_edited_switched_and_taken_back),
        TEST(operations_are_opened_and_taken_back),
        TEST(a_rename_is_taken_back_without_a_count),
        TEST(the_cursor_follows_the_delivery),
        TEST(the_mouse_chooses_opens_and_changes_screens),
        TEST(frozen_screens_stay_as_they_are),
        TEST(bodies_are_searched_and_shown_as_they_are),
        TEST(q_quits_on_the_four_screens_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
