/* test_forget.c - all of one user goes, and nothing of anybody else. */
#include "support/outbox_turns.h"

#include "outbox/forget.h"
#include "outbox/forget_text.h"
#include "outbox/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t NOW_MS = INT64_C(1787565600000);

static struct forget looked(struct fixture *fixture, const char *user)
{
    struct forget forget = {.user = user, .who = "ana", .now_ms = NOW_MS};
    fixture_check(fixture,
                  forget_begin(fixture->store, &forget, &fixture->err));
    while (!forget.has_looked)
        fixture_check(fixture,
                      forget_look(fixture->store, &forget, &fixture->err));
    return forget;
}

static void step(struct fixture *fixture, struct forget *forget)
{
    fixture_check(fixture, forget_step(fixture->store, forget, &fixture->err));
}

static void run_all(struct fixture *fixture, const char *user)
{
    struct forget forget = looked(fixture, user);
    while (!forget.done)
        step(fixture, &forget);
    forget_free(&forget);
}

static const char *ids(const struct fixture *fixture)
{
    return fixture_text(fixture, "SELECT group_concat(id, ' ') FROM (SELECT id "
                                 "FROM outbox_delivery ORDER BY id)");
}

static void put_payload(struct fixture *fixture, const char *payload)
{
    bool is_new;
    fixture_check(fixture, outbox_put(fixture->store, payload, strlen(payload),
                                      &is_new, &fixture->err));
    assert_true(is_new);
}

/* --- what goes ------------------------------------------------------------ */

static void every_row_of_the_user_goes_and_none_of_others(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "e1", "RENEWAL", "u1");
    fixture_put(fixture, "e2", "RENEWAL", "u12");
    fixture_put(fixture, "e3", "RENEWAL", "u1");
    fixture_put(fixture, "e4", "RENEWAL", NULL);
    fixture_run(
        fixture,
        "UPDATE outbox_delivery SET state = 'failed', aside = 'failed', "
        "due_ms = NULL, settled_ms = 5, attempts = 1 WHERE id = 1;"
        "INSERT INTO outbox_attempt (id, epoch, cause, started_ms) "
        "SELECT id << 20 | 1, 1, 'automatic', 1 FROM outbox;"
        "INSERT INTO outbox_call (delivery_id, attempt, number, request, "
        "started_ms, took_ms) SELECT id, 1, 1, 'GET', 1, 1 FROM outbox;"
        "INSERT INTO outbox_user (lane, contact_id) VALUES ('u1', 'c1'), "
        "('u12', 'c12');"
        "INSERT INTO outbox_operation (id, action, state, who, filter, "
        "created_ms) VALUES (1, 'retry', 'done', 'ana', 'user:u1 code:422', "
        "1), (2, 'retry', 'done', 'ana', 'user:u12', 1);"
        "INSERT INTO outbox_operation_item (operation_id, delivery_id, state, "
        "was_state, was_not_before_ms, was_attempts, was_tries, was_unknown, "
        "was_bound) VALUES (1, 1, 'applied', 'failed', 0, 0, 0, 0, 0), (1, 2, "
        "'applied', 'failed', 0, 0, 0, 0, 0);"
        "UPDATE outbox_destination SET hold_text = 'user u1 was refused', "
        "pause_reason = 'u12 complains'");
    fixture_check(fixture, outbox_recount(fixture->store, &fixture->err));
    run_all(fixture, "u1");
    assert_string_equal(ids(fixture), "2 4");
    assert_string_equal(
        fixture_text(fixture,
                     "SELECT (SELECT group_concat(id) FROM outbox) || ' ' || "
                     "(SELECT group_concat(delivery_id) FROM outbox_attempt) "
                     "|| ' ' || (SELECT group_concat(delivery_id) FROM "
                     "outbox_call) || ' ' || (SELECT group_concat(lane) FROM "
                     "outbox_user) || ' ' || (SELECT group_concat(delivery_id)"
                     " FROM outbox_operation_item)"),
        "2,4 2,4 2,4 u12 2");
    assert_string_equal(
        fixture_text(fixture, "SELECT group_concat(coalesce(filter, '-'), "
                              "'; ') FROM outbox_operation"),
        "user:(forgotten) code:422; user:u12; -");
    assert_string_equal(
        fixture_text(fixture, "SELECT hold_text || '; ' || pause_reason FROM "
                              "outbox_destination"),
        "user (forgotten) was refused; u12 complains");
    assert_int_equal(fixture_wrong_counters(fixture), 0);
    assert_string_equal(fixture_text(fixture,
                                     "SELECT group_concat(event_id) FROM "
                                     "outbox_tombstone"),
                        "e1,e3");
    assert_false(fixture_put(fixture, "e1", "RENEWAL", "u1"));
}

static void a_user_of_whom_only_the_contact_is_left_is_known(void **state)
{
    struct fixture *fixture = *state;
    fixture_run(fixture, "INSERT INTO outbox_user (lane, contact_id) VALUES "
                         "('u1', 'c1')");
    struct forget forget = looked(fixture, "u1");
    assert_true(forget.is_known);
    forget_free(&forget);
    forget = looked(fixture, "u2");
    assert_false(forget.is_known);
    forget_free(&forget);
}

static void it_is_recorded_without_the_user(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = FORGET_PAGE + 3 };
    char id[16];
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(id, sizeof(id), "e%d", i);
        fixture_put(fixture, id, "RENEWAL", "u1");
    }
    run_all(fixture, "u1");
    assert_string_equal(
        fixture_text(fixture, "SELECT group_concat(action || ' ' || state || "
                              "' ' || who || ' ' || coalesce(filter, '-') || "
                              "' ' || applied) FROM outbox_operation"),
        "forget done ana - 203");
}

static void it_has_no_end_before_all_is_overwritten(void **state)
{
    struct fixture *fixture = *state;
    const char *ended = "SELECT group_concat(coalesce(ended_ms, '-')) "
                        "FROM outbox_operation WHERE action = 'forget'";
    fixture_put(fixture, "e1", "RENEWAL", "u1");
    fixture_put(fixture, "e2", "RENEWAL", "u2");
    struct forget forget = looked(fixture, "u1");
    assert_int_equal(forget.unfinished_id, 0);
    forget_free(&forget);
    run_all(fixture, "u1");
    assert_string_equal(fixture_text(fixture, ended), "-");
    forget = looked(fixture, "u1");
    assert_int_equal(forget.unfinished_id, 1);
    forget_free(&forget);
    run_all(fixture, "u2");
    assert_string_equal(fixture_text(fixture, ended), "-,-");
    fixture_check(fixture, forget_end(fixture->store, 7, &fixture->err));
    assert_string_equal(fixture_text(fixture, ended), "7,7");
    forget = looked(fixture, "u1");
    assert_int_equal(forget.unfinished_id, 0);
    forget_free(&forget);
}

static void events_without_a_user_that_name_it_go_too(void **state)
{
    struct fixture *fixture = *state;
    put_payload(fixture, "{\"event\":{\"id\":\"t1\",\"type\":\"TRANSFER\","
                         "\"transferred_from\":[\"u1\"],"
                         "\"transferred_to\":[\"u2\"]}}");
    put_payload(fixture, "{\"event\":{\"id\":\"t2\",\"type\":\"TRANSFER\","
                         "\"transferred_from\":[\"u12\"],\"note\":\"of u1\"}}");
    put_payload(fixture, "{\"event\":{\"id\":\"t3\",\"type\":\"TRANSFER\","
                         "\"transferred_to\":[\"\\u00751\"]}}");
    put_payload(fixture, "{\"event\":{\"id\":\"r\",\"type\":\"RENEWAL\","
                         "\"app_user_id\":\"u3\",\"aliases\":[\"u3\","
                         "\"u1\"]}}");
    struct forget forget = looked(fixture, "u1");
    assert_int_equal(forget.found, 0);
    assert_int_equal(forget.loose_count, 2);
    assert_int_equal(forget.other_count, 1);
    assert_int_equal(forget.others[0], 4);
    forget_free(&forget);
    run_all(fixture, "u1");
    assert_string_equal(ids(fixture), "2 4");
}

static void ids_that_can_have_no_lane_are_found_by_their_payload(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "e1", "RENEWAL", "a/b");
    fixture_put(fixture, "e2", "RENEWAL", NULL);
    run_all(fixture, "/2"); /* the lane of e2, and nobody's id */
    assert_string_equal(ids(fixture), "1 2");
    run_all(fixture, "a/b");
    assert_string_equal(ids(fixture), "2");
}

/* --- what waits and what is being sent ------------------------------------ */

static void the_head_goes_last_so_that_nothing_is_sent(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = FORGET_PAGE + 5 };
    char id[16];
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(id, sizeof(id), "e%d", i);
        fixture_put(fixture, id, "RENEWAL", "u1");
    }
    struct forget forget = looked(fixture, "u1");
    step(fixture, &forget);
    assert_string_equal(ids(fixture), "1 2 3 4 5");
    assert_string_equal(turns_due(fixture, NOW_MS), "1");
    assert_int_equal(fixture_wrong_counters(fixture), 0);
    step(fixture, &forget);
    assert_string_equal(turns_due(fixture, NOW_MS), "");
    forget_free(&forget);
}

static void what_a_relay_is_sending_has_to_end_first(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    struct lock *lock;
    fixture_put(fixture, "e1", "RENEWAL", "u1");
    fixture_put(fixture, "e2", "RENEWAL", "u1");
    struct outbox_recovery recovery = turns_begin_epoch(fixture, NOW_MS);
    assert_int_equal(turns_start(fixture, recovery.epoch, NOW_MS, 1, &claim),
                     1);
    fixture_check(fixture, lock_take(fixture->path, &lock, &fixture->err));
    struct forget forget = looked(fixture, "u1");
    for (int i = 0; i < 3; i++)
        step(fixture, &forget);
    assert_string_equal(ids(fixture), "1");
    assert_int_equal(forget.sending_id, 1);
    assert_false(forget.done);

    turns_end(fixture, recovery.epoch, &claim, "retry", "pending", 70000);
    turns_free(&claim, 1);
    while (!forget.done)
        step(fixture, &forget);
    assert_int_equal(forget.erased, 2);
    assert_string_equal(ids(fixture), "NULL");
    assert_int_equal(fixture_wrong_counters(fixture), 0);
    forget_free(&forget);
    lock_release(lock);
}

static void what_a_killed_relay_left_is_nobodys(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    fixture_put(fixture, "e1", "RENEWAL", "u1");
    struct outbox_recovery recovery = turns_begin_epoch(fixture, NOW_MS);
    assert_int_equal(turns_start(fixture, recovery.epoch, NOW_MS, 1, &claim),
                     1);
    turns_free(&claim, 1);
    run_all(fixture, "u1");
    assert_string_equal(ids(fixture), "NULL");
    assert_int_equal(fixture_wrong_counters(fixture), 0);
    (void)turns_begin_epoch(fixture, NOW_MS + 1);
}

/* --- words ---------------------------------------------------------------- */

static void a_name_is_replaced_as_a_whole_word_only(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *user;
        const char *becomes;
    } rows[] = {
        {"user:u1", "u1", "user:(forgotten)"},
        {"u1", "u1", "(forgotten)"},
        {"user:u12 xu1 u1x u1-a u1.b", "u1", "user:u12 xu1 u1x u1-a u1.b"},
        {"u12 u1 (u1) \"u1\",u1", "u1",
         "u12 (forgotten) ((forgotten)) \"(forgotten)\",(forgotten)"},
        {"user:\"Ana B\" ana", "Ana B", "user:\"(forgotten)\" ana"},
        {"$x$x $x", "$x", "$x$x (forgotten)"},
        {"u!x xu!", "u!", "(forgotten)x xu!"},
        {"user:é1 é12", "é1", "user:(forgotten) é12"},
        {"", "u1", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out;
        buf_init(&out, 1000);
        forget_text_replace(rows[i].text, rows[i].user, &out);
        assert_string_equal(buf_text(&out), rows[i].becomes);
        buf_free(&out);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_row_of_the_user_goes_and_none_of_others),
        TEST(a_user_of_whom_only_the_contact_is_left_is_known),
        TEST(it_is_recorded_without_the_user),
        TEST(it_has_no_end_before_all_is_overwritten),
        TEST(events_without_a_user_that_name_it_go_too),
        TEST(ids_that_can_have_no_lane_are_found_by_their_payload),
        TEST(the_head_goes_last_so_that_nothing_is_sent),
        TEST(what_a_relay_is_sending_has_to_end_first),
        TEST(what_a_killed_relay_left_is_nobodys),
        cmocka_unit_test(a_name_is_replaced_as_a_whole_word_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
