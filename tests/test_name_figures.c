/* test_name_figures.c - what a screen tells of names: version, sent, failed. */
#include "support/outbox_fixture.h"

#include "outbox/name_figures.h"
#include "outbox/operation.h"
#include "outbox/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { MINUTE_MS = 60000, NOW_MS = 2000 * MINUTE_MS };

static struct operation_request ask(const char *action, int64_t now_ms)
{
    return (struct operation_request){
        .action = action, .who = "ana", .now_ms = now_ms};
}

static int64_t rename_kind(struct fixture *fixture, enum event_kind kind,
                           const char *name, int64_t now_ms)
{
    const struct operation_request request = ask("rename", now_ms);
    int64_t id;
    fixture_check(fixture, operation_set_name(fixture->store, kind, name, false,
                                              &request, &id, &fixture->err));
    return id;
}

static void undo(struct fixture *fixture, int64_t target, int64_t now_ms)
{
    const struct operation_request request = ask("undo", now_ms);
    int64_t id;
    fixture_check(fixture, operation_undo(fixture->store, target, &request, &id,
                                          &fixture->err));
}

static struct name_figures read_figures(struct fixture *fixture)
{
    struct name_figures figures;
    fixture_check(fixture, name_figures_read(fixture->store, NOW_MS, &figures,
                                             &fixture->err));
    return figures;
}

static void the_version_grows_with_each_change(void **state)
{
    struct fixture *fixture = *state;
    struct name_figures figures = read_figures(fixture);
    assert_int_equal(figures.version, 1);
    assert_string_equal(figures.who, "");
    int64_t first = rename_kind(fixture, KIND_RENEWAL, "Renewed", 70);
    figures = read_figures(fixture);
    assert_int_equal(figures.version, 2);
    assert_string_equal(figures.who, "ana");
    assert_int_equal(figures.changed_ms, 70);
    undo(fixture, first, 80);
    figures = read_figures(fixture);
    assert_int_equal(figures.version, 3);
    assert_int_equal(figures.changed_ms, 80);
    /* what is no change of a name does not count */
    const struct operation_request pause = ask("pause", 90);
    fixture_check(fixture,
                  operation_pause(fixture->store, &pause, &fixture->err));
    assert_int_equal(read_figures(fixture).version, 3);
}

static void the_change_before_is_found_one_by_one(void **state)
{
    struct fixture *fixture = *state;
    int64_t first = rename_kind(fixture, KIND_RENEWAL, "One", 70);
    (void)rename_kind(fixture, KIND_EXPIRATION, "Other", 71);
    int64_t second = rename_kind(fixture, KIND_RENEWAL, "Two", 72);
    int64_t found;
    fixture_check(fixture,
                  name_figures_find_change(fixture->store, KIND_RENEWAL, &found,
                                           &fixture->err));
    assert_int_equal(found, second);
    undo(fixture, second, 73);
    fixture_check(fixture,
                  name_figures_find_change(fixture->store, KIND_RENEWAL, &found,
                                           &fixture->err));
    assert_int_equal(found, first);
    undo(fixture, first, 74);
    assert_false(name_figures_find_change(fixture->store, KIND_RENEWAL, &found,
                                          &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
    assert_string_equal(fixture->err.text,
                        "Renewal has its first name: there is none before it");
}

static void sent_is_what_a_day_delivered(void **state)
{
    struct fixture *fixture = *state;
    fixture_run(fixture,
                "INSERT INTO outbox_minute (minute, kind, outcome, count) "
                "VALUES (560, 'renewal', 'delivered', 1000), "
                "(561, 'renewal', 'delivered', 1), "
                "(2000, 'renewal', 'delivered', 20), "
                "(2000, 'renewal', 'retry', 300), "
                "(1999, 'expiration', 'delivered', 4), "
                "(1999, '', 'delivered', 5)");
    struct name_figures figures = read_figures(fixture);
    assert_int_equal(figures.sent[KIND_RENEWAL], 21);
    assert_int_equal(figures.sent[KIND_EXPIRATION], 4);
    assert_int_equal(figures.sent[KIND_NONE], 5);
    assert_int_equal(figures.sent[KIND_CANCELLATION], 0);
}

static void failed_ones_are_counted_in_slices(void **state)
{
    struct fixture *fixture = *state;
    enum { ROWS = NAME_FAILURES_SLICE + 5 };
    char sql[1024];
    (void)snprintf(
        sql, sizeof(sql),
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
        "i < %d) INSERT INTO outbox_delivery (id, lane, kind, state, "
        "aside, settled_ms, arrived_ms) SELECT i, 'u' || i, CASE WHEN i %% 5 = "
        "0 THEN "
        "'expiration' WHEN i = 1 THEN NULL ELSE 'renewal' END, CASE WHEN i = 2 "
        "THEN 'discarded' ELSE 'failed' END, CASE WHEN i = 2 THEN 'discarded' "
        "ELSE 'failed' END, 1, 1 FROM n",
        ROWS);
    fixture_run(fixture, sql);
    struct name_failures failures = {.after_id = 0};
    bool more;
    fixture_check(fixture, name_failures_count(fixture->store, &failures, &more,
                                               &fixture->err));
    assert_true(more);
    fixture_check(fixture, name_failures_count(fixture->store, &failures, &more,
                                               &fixture->err));
    assert_false(more);
    assert_int_equal(failures.failed[KIND_EXPIRATION], ROWS / 5);
    assert_int_equal(failures.failed[KIND_NONE], 1);
    assert_int_equal(failures.failed[KIND_RENEWAL], ROWS - ROWS / 5 - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_version_grows_with_each_change,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(the_change_before_is_found_one_by_one,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(sent_is_what_a_day_delivered,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(failed_ones_are_counted_in_slices,
                                        fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
