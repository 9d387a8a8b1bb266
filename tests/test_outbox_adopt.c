/* test_outbox_adopt.c - events without a delivery get the one that the trigger
 * would have made. */
#include "support/outbox_turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Bodies that the trigger takes; %d makes the id. */
static const char *const bodies[] = {
    "{\"event\":{\"id\":\"%d\",\"type\":\"RENEWAL\",\"app_user_id\":\"a\"}}",
    "{\"event\":{\"id\":\"%d\",\"type\":\"RENEWAL\",\"app_user_id\":\"a\","
    "\"is_trial_conversion\":true}}",
    "{\"event\":{\"id\":\"%d\",\"type\":\"RENEWAL\",\"app_user_id\":\"b\","
    "\"is_trial_conversion\":1}}",
    "{\"event\":{\"id\":\"%d\",\"type\":\"CANCELLATION\",\"period_type\":"
    "\"TRIAL\"}}",
    "{\"event\":{\"id\":\"%d\",\"type\":\"INITIAL_PURCHASE\",\"period_type\":"
    "\"TRIAL\",\"app_user_id\":\"a/b\"}}",
    "{\"event\":{\"id\":\"%d\",\"type\":\"SUBSCRIPTION_PAUSED\","
    "\"app_user_id\":\"\"}}",
    "{\"event\":{\"id\":\"%d\",\"type\":\"TEST\",\"app_user_id\":7}}",
    "{\"event\":{\"id\":\"%d\",\"type\":\"EXPIRATION\",\"app_user_id\":"
    "\"a\"}}",
};
enum { BODIES = sizeof(bodies) / sizeof(bodies[0]) };

static int64_t adopt_all(struct fixture *fixture, int limit)
{
    struct outbox_adoption adoption = {.now_ms = 60001, .limit = limit};
    int64_t adopted = 0;
    do {
        fixture_check(fixture,
                      outbox_adopt(fixture->store, &adoption, &fixture->err));
        adopted += adoption.adopted;
    } while (!adoption.done);
    return adopted;
}

static void put_body(struct fixture *fixture, const char *body, int id,
                     bool with_triggers)
{
    char payload[512];
    char sql[600];
    bool is_new;
    char number[16];
    const char *at = strstr(body, "%d");
    assert_non_null(at);
    (void)snprintf(number, sizeof(number), "%d", id);
    (void)snprintf(payload, sizeof(payload), "%.*s%s%s", (int)(at - body), body,
                   number, at + 2);
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO outbox (payload) VALUES ('%s')", payload);
    if (with_triggers)
        fixture_check(fixture,
                      outbox_put(fixture->store, payload, strlen(payload),
                                 &is_new, &fixture->err));
    else
        fixture_run_without_triggers(fixture, sql);
}

static const char *all_deliveries(struct fixture *fixture)
{
    return fixture_text(
        fixture, "SELECT group_concat(id || ' ' || CASE WHEN lane GLOB '/*'"
                 " THEN '/' ELSE lane END || ' ' || coalesce(kind, '-') ||"
                 " ' ' || state || ' ' || coalesce(due_ms, '-'), '; ')"
                 " FROM (SELECT * FROM outbox_delivery ORDER BY id)");
}

static void it_is_as_if_the_trigger_had_been_on(void **state)
{
    struct fixture *fixture = *state;
    char with_trigger[1000];
    for (int i = 0; i < BODIES; i++)
        put_body(fixture, bodies[i], i, true);
    (void)snprintf(with_trigger, sizeof(with_trigger), "%s",
                   all_deliveries(fixture));
    fixture_run(fixture, "DELETE FROM outbox_delivery;"
                         "DELETE FROM outbox_backlog;"
                         "UPDATE outbox_count SET count = 0");
    assert_int_equal(adopt_all(fixture, 3), BODIES);
    assert_string_equal(all_deliveries(fixture), with_trigger);
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count FROM outbox_count WHERE"
                                    " name = 'pending'"),
                     BODIES);
    assert_int_equal(fixture_number(fixture,
                                    "SELECT sum(count) FROM outbox_backlog"
                                    " WHERE minute = 1"),
                     BODIES);
}

static void what_no_trigger_checked_is_alone_in_its_lane(void **state)
{
    struct fixture *fixture = *state;
    fixture_run_without_triggers(
        fixture,
        "INSERT INTO outbox (payload) VALUES ('no JSON'), (NULL), ('[]'),"
        " ('{\"event\":{\"id\":\"1\",\"type\":\"T\",\"app_user_id\":\"a"
        "\\u0000b\"}}')");
    assert_int_equal(adopt_all(fixture, 100), 4);
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count(*) FROM outbox_delivery"
                                    " WHERE lane = '/' || id AND due_ms = 0"),
                     4);
}

static void an_older_event_goes_before_those_that_wait(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    put_body(fixture, bodies[0], 1, false);
    put_body(fixture, bodies[0], 2, true);
    assert_string_equal(turns_due(fixture, 1), "2");
    assert_int_equal(adopt_all(fixture, 100), 1);
    assert_string_equal(turns_due(fixture, 1), "1");
    int64_t epoch = turns_begin_epoch(fixture, 1).epoch;
    assert_int_equal(turns_start(fixture, epoch, 1, 9, &claim), 1);
    assert_int_equal(claim.id, 1);
    turns_free(&claim, 1);
}

static void what_is_left_of_its_attempts_goes_on(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_claim claim;
    int64_t epoch = turns_start_annas(fixture, 1, &claim);
    turns_end(fixture, epoch, &claim, "delivered", "delivered", 0);
    turns_free(&claim, 1);
    fixture_run(fixture, "DELETE FROM outbox_delivery");
    assert_int_equal(adopt_all(fixture, 100), 1);
    assert_int_equal(turns_start(fixture, epoch, 60002, 9, &claim), 1);
    assert_string_equal(claim.event_body, "{\"e\":1}");
    assert_true(claim.bound);
    turns_free(&claim, 1);
    assert_string_equal(
        fixture_text(fixture,
                     "SELECT group_concat(number || ' ' || coalesce(outcome,"
                     " 'being sent') || ' ' || coalesce(ended_ms, '-'), '; ')"
                     " FROM outbox_attempt_outcome"),
        "1 unknown 60001; 2 being sent -");
}

static void it_goes_on_where_it_stopped(void **state)
{
    struct fixture *fixture = *state;
    put_body(fixture, bodies[0], 1, true);
    assert_int_equal(adopt_all(fixture, 100), 0);
    fixture_run(fixture, "DELETE FROM outbox_delivery");
    assert_int_equal(adopt_all(fixture, 100), 0); /* looked at already */
    fixture_check(fixture, outbox_recount(fixture->store, &fixture->err));
    assert_int_equal(adopt_all(fixture, 100), 1);
}

/* --- where deliveries are missing ---------------------------------------- */

/* A letter an id, from 1 on: d has a delivery, o has none, . is pruned. */
static void lay_out(const struct fixture *fixture, const char *shape)
{
    char sql[1000];
    (void)snprintf(
        sql, sizeof(sql),
        "DELETE FROM outbox; DELETE FROM outbox_delivery;"
        "UPDATE outbox_relay SET adopted_id = 0;"
        "WITH RECURSIVE place (id) AS (SELECT 1 WHERE '%s' <> ''"
        " UNION ALL SELECT id + 1 FROM place WHERE id < length('%s'))"
        "INSERT INTO outbox (id, payload) SELECT id, 'no JSON' FROM place;"
        "INSERT INTO outbox_delivery (id, lane, due_ms, arrived_ms)"
        " SELECT id, '/' || id, 0, 1 FROM outbox"
        " WHERE substr('%s', id, 1) = 'd';"
        "DELETE FROM outbox WHERE substr('%s', id, 1) = '.'",
        shape, shape, shape, shape);
    fixture_run_without_triggers(fixture, sql);
}

static int64_t adopted_id(const struct fixture *fixture)
{
    return fixture_number(fixture, "SELECT adopted_id FROM outbox_relay");
}

/* A page is full or the last, is never more than full, and leaves no event
 * behind. Returns how many it adopted. */
static int64_t check_page(struct fixture *fixture,
                          struct outbox_adoption *adoption)
{
    char sql[500];
    int64_t before_id = adopted_id(fixture);
    fixture_check(fixture,
                  outbox_adopt(fixture->store, adoption, &fixture->err));
    int64_t after_id = adopted_id(fixture);
    assert_true(adoption->done ? after_id == before_id : after_id > before_id);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) = %d OR (count(*) < %d AND (%d"
                   " OR max(id) = (SELECT max(id) FROM outbox)))"
                   " FROM outbox WHERE id > %lld AND id <= %lld",
                   adoption->limit, adoption->limit, adoption->done,
                   (long long)before_id, (long long)after_id);
    assert_int_equal(fixture_number(fixture, sql), 1);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM outbox WHERE id <= %lld AND id NOT IN"
                   " (SELECT id FROM outbox_delivery)",
                   (long long)after_id);
    assert_int_equal(fixture_number(fixture, sql), 0);
    return adoption->adopted;
}

/* Each event has its delivery: what had one keeps it, and nothing else has. */
static void check_shape(struct fixture *fixture, const char *shape, int limit)
{
    struct outbox_adoption adoption = {.now_ms = 60001, .limit = limit};
    char sql[500];
    int64_t orphans = 0;
    int64_t adopted = 0;
    lay_out(fixture, shape);
    for (const char *at = shape; *at != '\0'; at++)
        orphans += *at == 'o';
    do {
        adopted += check_page(fixture, &adoption);
    } while (!adoption.done);
    assert_int_equal(adopted, orphans);
    (void)snprintf(
        sql, sizeof(sql),
        "WITH RECURSIVE place (id) AS (SELECT 1 WHERE '%s' <> ''"
        " UNION ALL SELECT id + 1 FROM place WHERE id < length('%s'))"
        "SELECT coalesce(group_concat(CASE arrived_ms WHEN 60001"
        " THEN 'o' WHEN 1 THEN 'd' ELSE '.' END, ''), '')"
        " FROM place LEFT JOIN outbox_delivery USING (id)",
        shape, shape);
    assert_string_equal(fixture_text(fixture, sql), shape);
}

static void wherever_one_is_missing_it_is_made(void **state)
{
    static const char *const shapes[] = {
        "",          "d",          "o",        ".",           "dddddd",
        "oooooo",    "......",     "oodddd",   "ddddoo",      "dddodd",
        "ddoood",    "dodododo",   "odododod", "d.d.d.d.d",   ".d.d.d.d.",
        "o.o.o.o.o", "d..o..d",    "d..oo",    "..o..",       "..dd",
        "dd..",      "d.o.d.o.d.", "oo....oo", "dd..oo.dd.o", "do.od.oo.d",
        "o..ddd..o",
    };
    static const int limits[] = {1, 2, 3, 100};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        for (size_t j = 0; j < sizeof(limits) / sizeof(limits[0]); j++)
            check_shape(*state, shapes[i], limits[j]);
    }
}

/* Whoever counted such a gap through would never be back. */
static void a_gap_of_any_width_is_one_look(void **state)
{
    struct fixture *fixture = *state;
    put_body(fixture, bodies[0], 1, true);
    fixture_run(fixture, "UPDATE sqlite_sequence SET seq = 4611686018427387904"
                         " WHERE name = 'outbox'");
    put_body(fixture, bodies[0], 2, false);
    put_body(fixture, bodies[0], 3, true);
    fixture_run(fixture, "UPDATE sqlite_sequence SET seq = 9223372036854775806"
                         " WHERE name = 'outbox'");
    put_body(fixture, bodies[0], 4, false); /* the last id that there is */
    assert_int_equal(adopt_all(fixture, 100), 2);
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM outbox_delivery"), 4);
}

static void what_comes_between_two_pages_is_not_passed_over(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_adoption adoption = {.now_ms = 60001, .limit = 2};
    lay_out(fixture, "odod");
    assert_int_equal(check_page(fixture, &adoption), 1);
    assert_int_equal(adopted_id(fixture), 2);
    put_body(fixture, bodies[0], 5, false);
    put_body(fixture, bodies[0], 6, true);
    assert_int_equal(adopt_all(fixture, 2), 2);
    put_body(fixture, bodies[0], 7, false);
    assert_int_equal(adopt_all(fixture, 2), 1);
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM outbox_delivery"), 7);
}

/* Its id may still be given to an event, and others before it. */
static void a_delivery_without_an_event_hides_none(void **state)
{
    struct fixture *fixture = *state;
    put_body(fixture, bodies[0], 1, true);
    fixture_run(fixture,
                "INSERT INTO outbox_delivery (id, lane, due_ms, arrived_ms)"
                " VALUES (100, 'b', 0, 1)");
    assert_int_equal(adopt_all(fixture, 2), 0);
    put_body(fixture, bodies[0], 2, false);
    assert_int_equal(adopt_all(fixture, 2), 1);
}

/* --- counted anew -------------------------------------------------------- */

static void a_recount_mends_the_counters(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < BODIES; i++)
        put_body(fixture, bodies[i], i, true);
    fixture_run(fixture,
                "UPDATE outbox_delivery SET state = 'failed', aside = 'failed',"
                " settled_ms = 1, due_ms = NULL WHERE id = 3;"
                "UPDATE outbox_count SET count = 77;"
                "UPDATE outbox_backlog SET count = 5;"
                "INSERT INTO outbox_backlog VALUES (3, 'x', 9)");
    fixture_check(fixture, outbox_recount(fixture->store, &fixture->err));
    assert_string_equal(
        fixture_text(fixture, "SELECT group_concat(name || count, ' ') FROM"
                              " outbox_count"),
        "delivered0 delivered_calls77 delivered_ever77 discarded0 failed1"
        " pending7 sending0 skipped0");
    assert_int_equal(
        fixture_number(fixture, "SELECT sum(count) FROM outbox_backlog"),
        BODIES - 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_as_if_the_trigger_had_been_on),
        TEST(what_no_trigger_checked_is_alone_in_its_lane),
        TEST(an_older_event_goes_before_those_that_wait),
        TEST(what_is_left_of_its_attempts_goes_on),
        TEST(it_goes_on_where_it_stopped),
        TEST(wherever_one_is_missing_it_is_made),
        TEST(a_gap_of_any_width_is_one_look),
        TEST(what_comes_between_two_pages_is_not_passed_over),
        TEST(a_delivery_without_an_event_hides_none),
        TEST(a_recount_mends_the_counters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
