/* test_operation.c - retry, discard, pause and names, and taking them back. */
#include "support/operation_plans.h"
#include "support/outbox_turns.h"

#include "outbox/operation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char failed_sql[] =
    "UPDATE outbox_delivery SET state = 'failed', aside = 'failed',"
    " reason = 'parameter_invalid',"
    " due_ms = NULL, settled_ms = 9, attempts = 3, tries = 2, bound = 1,"
    " first_try_open_ms = 4; ";

/* Deliveries 1 to count, each of a user of its own, all failed. */
static void put_failed(struct fixture *fixture, int count)
{
    char id[16];
    for (int i = 1; i <= count; i++) {
        (void)snprintf(id, sizeof(id), "u%d", i);
        fixture_put(fixture, id, "RENEWAL", id);
    }
    fixture_run(fixture, failed_sql);
    fixture_check(fixture, outbox_recount(fixture->store, &fixture->err));
}

static struct operation_plan plan(struct fixture *fixture, const char *action,
                                  int count, bool include_delivered)
{
    struct operation_request request = operation_plans_ask(action);
    request.include_delivered = include_delivered;
    return operation_plans_make(fixture, &request, count);
}

static void start(struct fixture *fixture, const struct operation_plan *plan)
{
    fixture_check(fixture,
                  operation_start(fixture->store, plan->id, 60, &fixture->err));
}

static bool step(struct fixture *fixture)
{
    bool more;
    fixture_check(fixture,
                  operation_step(fixture->store, 70, &more, &fixture->err));
    return more;
}

static void run_all(struct fixture *fixture)
{
    while (step(fixture)) {
    }
}

static void a_retry_goes_in_pages_and_is_due_as_an_operations(void **state)
{
    struct fixture *fixture = *state;
    put_failed(fixture, OPERATION_PAGE + 5);
    struct operation_plan made =
        plan(fixture, "retry", OPERATION_PAGE + 5, false);
    assert_int_equal(made.planned, OPERATION_PAGE + 5);
    assert_int_equal(made.may_be_old, OPERATION_PAGE + 5);
    start(fixture, &made);
    assert_true(step(fixture));
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM "
                                             "outbox_delivery WHERE due_ms=1"),
                     OPERATION_PAGE);
    run_all(fixture);
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM outbox_delivery WHERE "
                                "due_ms = 1 AND bound = 0 AND tries = 0 AND "
                                "first_try_open_ms IS NULL AND attempts = 3"),
        OPERATION_PAGE + 5);
    assert_int_equal(fixture_wrong_counters(fixture), 0);
    assert_string_equal(
        fixture_text(fixture, "SELECT state FROM outbox_operation"), "done");
}

/* Two that apply pages would hold the lock for twice as long. */
static void a_relay_sees_that_another_applies_the_pages(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_outlook outlook;
    bool more;
    put_failed(fixture, 2 * OPERATION_PAGE + 5);
    struct operation_plan made =
        plan(fixture, "retry", 2 * OPERATION_PAGE + 5, false);
    fixture_check(fixture,
                  outbox_look_ahead(fixture->store, &outlook, &fixture->err));
    assert_false(outlook.has_operation);
    start(fixture, &made); /* at 60 */
    fixture_check(fixture,
                  outbox_look_ahead(fixture->store, &outlook, &fixture->err));
    assert_true(outlook.has_operation);
    assert_int_equal(outlook.operation_stepped_ms, 60);
    assert_true(outbox_is_stepped(&outlook, 60));
    assert_true(outbox_is_stepped(&outlook, 1059));
    assert_false(outbox_is_stepped(&outlook, 1060));
    assert_false(outbox_is_stepped(&outlook, 59)); /* a clock was set back */
    assert_true(step(fixture));                    /* at 70 */
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    fixture_check(fixture, operation_step_in_turn(fixture->store, 80, &more,
                                                  &fixture->err));
    fixture_check(fixture, store_commit(fixture->store, &fixture->err));
    fixture_check(fixture,
                  outbox_look_ahead(fixture->store, &outlook, &fixture->err));
    assert_int_equal(outlook.operation_stepped_ms, 70);
    run_all(fixture);
    fixture_check(fixture,
                  outbox_look_ahead(fixture->store, &outlook, &fixture->err));
    assert_false(outlook.has_operation);
    assert_false(outbox_is_stepped(&outlook, 70));
}

static void a_page_survives_the_process_that_made_it(void **state)
{
    struct fixture *fixture = *state;
    put_failed(fixture, OPERATION_PAGE + 5);
    struct operation_plan made =
        plan(fixture, "retry", OPERATION_PAGE + 5, false);
    start(fixture, &made);
    assert_true(step(fixture));
    store_close(fixture->store);
    fixture_check(fixture, store_open(fixture->path, STORE_WRITE, 2000,
                                      &fixture->store, &fixture->err));
    run_all(fixture);
    assert_int_equal(
        fixture_number(fixture, "SELECT applied FROM outbox_operation"),
        OPERATION_PAGE + 5);
    assert_int_equal(fixture_wrong_counters(fixture), 0);
}

static void cancel_restores_what_was_not_sent(void **state)
{
    struct fixture *fixture = *state;
    int64_t id;
    put_failed(fixture, OPERATION_PAGE + 5);
    struct operation_plan made =
        plan(fixture, "retry", OPERATION_PAGE + 5, false);
    start(fixture, &made);
    assert_true(step(fixture));
    struct operation_request request = operation_plans_ask("cancel");
    fixture_check(fixture, operation_cancel(fixture->store, made.id, &request,
                                            &id, &fixture->err));
    run_all(fixture);
    assert_int_equal(
        fixture_number(fixture,
                       "SELECT count(*) FROM outbox_delivery WHERE state = "
                       "'failed' AND reason = 'parameter_invalid' AND bound = "
                       "1 AND tries = 2 AND first_try_open_ms = 4 AND "
                       "settled_ms = 9 AND operation_id IS NULL"),
        OPERATION_PAGE + 5);
    assert_int_equal(fixture_wrong_counters(fixture), 0);
}

static void undo_leaves_alone_what_was_sent(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    int64_t id;
    put_failed(fixture, 2);
    struct operation_plan made = plan(fixture, "retry", 2, false);
    start(fixture, &made);
    run_all(fixture);
    int64_t epoch = turns_begin_epoch(fixture, 80).epoch;
    assert_int_equal(turns_start(fixture, epoch, 90, 1, &claim), 1);
    assert_int_equal(claim.operation_id, made.id);
    turns_end(fixture, epoch, &claim, "delivered", "delivered", 0);
    turns_free(&claim, 1);
    struct operation_request request = operation_plans_ask("undo");
    fixture_check(fixture, operation_undo(fixture->store, 0, &request, &id,
                                          &fixture->err));
    run_all(fixture);
    assert_string_equal(
        fixture_text(fixture, "SELECT group_concat(state) FROM (SELECT state "
                              "FROM outbox_delivery ORDER BY id)"),
        "delivered,failed");
    assert_int_equal(fixture_wrong_counters(fixture), 0);
}

static void a_discard_lets_its_lane_go_on_and_can_be_undone(void **state)
{
    struct fixture *fixture = *state;
    int64_t id;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    fixture_put(fixture, "b", "RENEWAL", "anna");
    struct operation_plan made = plan(fixture, "discard", 1, false);
    start(fixture, &made);
    run_all(fixture);
    assert_string_equal(turns_due(fixture, 100), "2");
    struct operation_request request = operation_plans_ask("undo");
    fixture_check(fixture, operation_undo(fixture->store, made.id, &request,
                                          &id, &fixture->err));
    run_all(fixture);
    assert_string_equal(turns_due(fixture, 100), "1");
    assert_int_equal(fixture_wrong_counters(fixture), 0);
}

/* What a plan says of a delivery in a state; NULL: it is planned. */
static void a_plan_says_what_it_leaves_alone(void **state)
{
    static const struct {
        const char *set;
        const char *action;
        bool include_delivered;
        const char *why;
    } rows[] = {
        {"state='sending',due_ms=NULL", "retry", false, "being sent now"},
        {"state='sending',due_ms=NULL", "discard", false, "being sent now"},
        {"state='delivered',settled_ms=1,due_ms=NULL", "retry", false,
         "delivered already"},
        {"state='delivered',settled_ms=1,due_ms=NULL", "retry", true, NULL},
        {"state='skipped',aside='skipped'", "retry", false, NULL},
        {"state='discarded',aside='discarded'", "retry", false, NULL},
        {"state='failed',aside='failed',reason='contact_deleted'", "retry",
         false, "contact deleted for good in Intercom"},
        {"state='pending',aside=NULL,settled_ms=NULL,reason=NULL,due_ms=99,"
         "not_before_ms=99",
         "retry", false, NULL},
        {"state='pending',due_ms=0", "retry", false, "due already"},
        {"state='pending',due_ms=0", "discard", false, NULL},
    };
    struct fixture *fixture = *state;
    fixture_put(fixture, "a", "RENEWAL", "anna");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char sql[300];
        (void)snprintf(sql, sizeof(sql), "UPDATE outbox_delivery SET %s",
                       rows[i].set);
        fixture_run(fixture, sql);
        struct operation_plan made =
            plan(fixture, rows[i].action, 1, rows[i].include_delivered);
        assert_int_equal(made.planned, rows[i].why == NULL);
        if (rows[i].why != NULL)
            assert_string_equal(made.reasons[0].why, rows[i].why);
    }
}

static void an_unknown_id_is_named_and_nothing_is_added(void **state)
{
    struct fixture *fixture = *state;
    put_failed(fixture, 1);
    const int64_t ids[] = {1, 77};
    struct operation_request request = operation_plans_ask("retry");
    struct operation_plan made;
    fixture_check(fixture, operation_plan_begin(fixture->store, &request, &made,
                                                &fixture->err));
    assert_false(
        operation_plan_add(fixture->store, &made, ids, 2, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(fixture->err.text, "77"));
    assert_int_equal(made.matched, 0);
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM outbox_operation_item"),
        0);
}

static void a_dropped_plan_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    bool done = false;
    put_failed(fixture, 3);
    struct operation_plan made = plan(fixture, "retry", 3, false);
    while (!done)
        fixture_check(fixture, operation_plan_drop(fixture->store, made.id,
                                                   &done, &fixture->err));
    assert_int_equal(
        fixture_number(fixture, "SELECT (SELECT count(*) FROM outbox_operation)"
                                " + (SELECT count(*) FROM "
                                "outbox_operation_item)"),
        0);
}

static void one_changed_since_the_plan_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    put_failed(fixture, 2);
    struct operation_plan made = plan(fixture, "retry", 2, false);
    start(fixture, &made);
    fixture_run(fixture, "UPDATE outbox_delivery SET attempts = 4 WHERE id=2");
    run_all(fixture);
    assert_string_equal(
        fixture_text(fixture,
                     "SELECT applied || ' ' || changed FROM outbox_operation"),
        "1 1");
    assert_int_equal(fixture_wrong_counters(fixture), 0);
}

static void fresh_ones_get_three_of_four_beside_an_operation(void **state)
{
    struct fixture *fixture = *state;
    char id[16];
    put_failed(fixture, 4);
    struct operation_plan made = plan(fixture, "retry", 4, false);
    start(fixture, &made);
    run_all(fixture);
    for (int i = 5; i <= 10; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        fixture_put(fixture, id, "RENEWAL", id);
    }
    assert_string_equal(turns_due(fixture, 100), "5 6 7 1 8 9 10 2 3 4");
}

static void a_name_is_set_and_undone(void **state)
{
    struct fixture *fixture = *state;
    struct operation_request request = operation_plans_ask("rename");
    struct names names;
    int64_t id;
    fixture_check(fixture,
                  operation_set_name(fixture->store, KIND_RENEWAL, "Renewed",
                                     true, &request, &id, &fixture->err));
    assert_true(id > 0);
    fixture_check(fixture, operation_undo(fixture->store, id, &request, &id,
                                          &fixture->err));
    fixture_check(fixture,
                  outbox_read_names(fixture->store, &names, &fixture->err));
    assert_string_equal(names.name[KIND_RENEWAL], "rc_renewal_event");
    assert_false(names.off[KIND_RENEWAL]);
    assert_false(operation_set_name(fixture->store, KIND_RENEWAL,
                                    "RC_expiration_event", false, &request, &id,
                                    &fixture->err));
    assert_int_equal(fixture->err.code, ERR_INVALID);
}

static void a_pause_stays_until_an_operator_lifts_it(void **state)
{
    struct fixture *fixture = *state;
    struct operation_request request = operation_plans_ask("pause");
    struct outbox_outlook outlook;
    bool was_paused;
    fixture_check(fixture,
                  operation_pause(fixture->store, &request, &fixture->err));
    fixture_check(fixture,
                  outbox_look_ahead(fixture->store, &outlook, &fixture->err));
    assert_true(outlook.is_paused);
    int64_t resumes = outlook.resumes;
    fixture_check(fixture, operation_resume(fixture->store, &request,
                                            &was_paused, &fixture->err));
    fixture_check(fixture,
                  outbox_look_ahead(fixture->store, &outlook, &fixture->err));
    assert_true(was_paused);
    assert_false(outlook.is_paused);
    assert_int_equal(outlook.resumes, resumes + 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_retry_goes_in_pages_and_is_due_as_an_operations),
        TEST(a_relay_sees_that_another_applies_the_pages),
        TEST(a_page_survives_the_process_that_made_it),
        TEST(cancel_restores_what_was_not_sent),
        TEST(undo_leaves_alone_what_was_sent),
        TEST(a_discard_lets_its_lane_go_on_and_can_be_undone),
        TEST(a_plan_says_what_it_leaves_alone),
        TEST(an_unknown_id_is_named_and_nothing_is_added),
        TEST(a_dropped_plan_leaves_nothing),
        TEST(one_changed_since_the_plan_is_left_alone),
        TEST(fresh_ones_get_three_of_four_beside_an_operation),
        TEST(a_name_is_set_and_undone),
        TEST(a_pause_stays_until_an_operator_lifts_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
