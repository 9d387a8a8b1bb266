/* The relay as a whole: what it sends, in which order, and how it idles. A real
 * outbox; the network and the time are scripted. */
#include "relay/relay.h"

#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static void expect(int64_t id, const char *state, const char *reason)
{
    assert_string_equal(world_state(world, id), state);
    assert_string_equal(world_reason(world, id), reason);
}

static int calls_of(const char *user)
{
    return fake_http_count(world->http, NULL, user);
}

/* --- delivering ----------------------------------------------------------- */

static void a_new_user_costs_two_calls_then_two_or_one(void **state)
{
    (void)state;
    int64_t first = world_put(world, "u1");
    world_start(world);
    world_run_until(world, first, "delivered", SECOND);
    assert_int_equal(fake_http_calls(world->http), 2);
    assert_string_equal(fake_http_call(world->http, 0)->request,
                        "POST /contacts");
    assert_string_equal(fake_http_call(world->http, 1)->request,
                        "POST /events");
    assert_non_null(
        strstr(fake_http_call(world->http, 0)->body, "\"external_id\":\"u1\""));

    /* the same attributes: they are there already */
    int64_t second = world_put(world, "u1");
    world_run_until(world, second, "delivered", SECOND);
    assert_int_equal(fake_http_calls(world->http), 3);

    /* other attributes: the remembered contact is updated */
    int64_t third =
        world_put_type(world, "u1", "CANCELLATION", ",\"store\":\"APP_STORE\"");
    world_run_until(world, third, "delivered", SECOND);
    assert_int_equal(fake_http_calls(world->http), 5);
    assert_int_equal(fake_http_count(world->http, "PUT /contacts/", "u1"), 1);
    assert_non_null(
        strstr(fake_intercom_attributes(world->intercom, "u1"), "cancelled"));
    assert_int_equal(fake_intercom_events(world->intercom), 3);
    world_check(world);
}

static void a_new_epoch_writes_attributes_once_more(void **state)
{
    (void)state;
    int64_t first = world_put(world, "u1");
    world_start(world);
    world_run_until(world, first, "delivered", SECOND);
    world_crash(world);
    int64_t second = world_put(world, "u1");
    world_start(world);
    world_run_until(world, second, "delivered", SECOND);
    assert_int_equal(fake_http_count(world->http, "PUT /contacts/", "u1"), 1);
    int64_t third = world_put(world, "u1");
    world_run_until(world, third, "delivered", SECOND);
    assert_int_equal(fake_http_count(world->http, "PUT /contacts/", "u1"), 1);
}

static void an_older_event_that_comes_late_leaves_the_attributes(void **state)
{
    (void)state;
    world->events = 100;
    int64_t first =
        world_put_type(world, "u1", "CANCELLATION", ",\"store\":\"APP_STORE\"");
    world_start(world);
    world_run_until(world, first, "delivered", SECOND);
    world->events = 50; /* of an earlier time */
    int64_t late = world_put(world, "u1");
    world_run_until(world, late, "delivered", SECOND);
    assert_int_equal(fake_intercom_events(world->intercom), 2);
    assert_non_null(
        strstr(fake_intercom_attributes(world->intercom, "u1"), "cancelled"));
}

static void every_attempt_and_call_is_recorded(void **state)
{
    (void)state;
    int64_t id = world_put(world, "u1");
    world_start(world);
    world_run_until(world, id, "delivered", SECOND);
    assert_int_equal(
        world_number(world,
                     "SELECT count(*) FROM outbox_attempt_outcome WHERE "
                     "delivery_id = ?1 AND number = 1 AND outcome = "
                     "'delivered' AND cause = "
                     "'automatic' AND ended_ms - started_ms = 40",
                     id),
        1);
    assert_string_equal(
        world_text(
            world,
            "SELECT group_concat(request || ' ' || status || ' ' || "
            "took_ms, ', ') FROM outbox_call_made WHERE delivery_id = ?1",
            id),
        "POST /contacts 200 20, POST /events 202 20");
    assert_string_equal(
        world_text(world,
                   "SELECT event_body FROM outbox_attempt WHERE delivery_id = "
                   "?1",
                   id),
        fake_http_call(world->http, 1)->body);
}

static void the_attempt_is_committed_before_the_first_byte_leaves(void **state)
{
    (void)state;
    int64_t id = world_put(world, "u1");
    world_start(world);
    (void)world_run(world, 0);
    assert_int_equal(fake_http_under_way(world->http), 1);
    assert_string_equal(world_state(world, id), "sending");
    assert_int_equal(
        world_number(world,
                     "SELECT count(*) FROM outbox_attempt_outcome "
                     "WHERE delivery_id = ?1 AND outcome IS NULL AND "
                     "event_body <> '' AND attributes <> ''",
                     id),
        1);
}

static void a_user_is_sent_in_order_one_at_a_time(void **state)
{
    (void)state;
    enum { EVENTS = 12 };
    int64_t last = 0;
    for (int i = 0; i < EVENTS; i++)
        last = world_put(world, "u1");
    world_start(world);
    world_run_until(world, last, "delivered", 10 * SECOND);
    assert_int_equal(fake_intercom_events(world->intercom), EVENTS);
    for (int i = 1; i < EVENTS; i++)
        assert_true(fake_intercom_event(world->intercom, i)->created_at >
                    fake_intercom_event(world->intercom, i - 1)->created_at);
    assert_int_equal(fake_http_most_under_way(world->http), 1);
    world_check(world);
}

static void users_are_sent_in_parallel_up_to_the_connections(void **state)
{
    (void)state;
    enum { USERS = 100 };
    int64_t ids[USERS];
    world->policy.connections = 8;
    for (int i = 0; i < USERS; i++) {
        char user[16];
        (void)snprintf(user, sizeof(user), "u%d", i);
        ids[i] = world_put(world, user);
    }
    world_start(world);
    int64_t began_ms = world->clock.monotonic_ms;
    for (int i = 0; i < USERS; i++)
        world_run_until(world, ids[i], "delivered", 10 * SECOND);
    assert_int_equal(fake_http_most_under_way(world->http), 8);
    /* 100 users, 2 calls of 20 ms, 8 at once: 500 ms and little more */
    assert_in_range(world->clock.monotonic_ms - began_ms, 500, 700);
    world_check(world);
}

static void quick_answers_make_a_turn_claim_ahead(void **state)
{
    (void)state;
    /* more than are sent while others may write (relay/rest.h) */
    enum { USERS = 1600, AHEAD = 320 };
    int64_t last = 0;
    world->policy.connections = 4;
    fake_intercom_set_latency(world->intercom, 2);
    for (int i = 0; i < USERS; i++) {
        char user[16];
        (void)snprintf(user, sizeof(user), "u%d", i);
        last = world_put(world, user);
    }
    world_start(world);
    world_run_until(world, last, "delivered", 10 * SECOND);
    /* so many that a commit is full, whatever the connections, and no more */
    assert_in_range(fake_http_most_under_way(world->http), 100, 4 + AHEAD);
    world_check(world);
}

static void one_stuck_user_slows_no_other(void **state)
{
    (void)state;
    const struct fake_rule stuck = {
        .request = "POST /events", .body_has = "\"stuck\"", .status = 500};
    fake_intercom_script(world->intercom, &stuck);
    int64_t first = world_put(world, "stuck");
    for (int i = 0; i < 50; i++)
        (void)world_put(world, "stuck");
    world_start(world);
    (void)world_run(world, MINUTE);
    int64_t other = world_put(world, "other");
    world_run_until(world, other, "delivered", SECOND);
    assert_string_equal(world_state(world, first), "pending");
    assert_true(world_tries(world, first) >= 2);
    world_check(world);
}

static void attributes_only_events_make_one_call(void **state)
{
    (void)state;
    int64_t id = world_put_type(world, "u1", "UNCANCELLATION",
                                ",\"store\":\"APP_STORE\"");
    world_start(world);
    world_run_until(world, id, "delivered", SECOND);
    assert_int_equal(fake_http_calls(world->http), 1);
    assert_int_equal(fake_intercom_events(world->intercom), 0);
    assert_non_null(fake_intercom_attributes(world->intercom, "u1"));
}

static void a_run_that_needs_no_call_settles_in_one_turn(void **state)
{
    (void)state;
    int64_t id = 0;
    for (int i = 0; i < 100; i++)
        id = world_put_type(world, "u1", "TEST", "");
    int64_t real = world_put(world, "u1");
    world_start(world);
    int turns = world->turns;
    world_run_until(world, id, "skipped", SECOND);
    assert_true(world->turns - turns <= 2);
    expect(id, "skipped", "no_intercom_event");
    world_run_until(world, real, "delivered", SECOND);
    world_check(world);
}

static void an_event_that_cannot_be_mapped_fails_alone(void **state)
{
    (void)state;
    int64_t before = world_put(world, "u1");
    int64_t bad = world_put_type(world, "u1", "RENEWAL",
                                 ",\"store\":7,\"purchased_at_ms\":1");
    int64_t after = world_put(world, "u1");
    world_start(world);
    world_run_until(world, after, "delivered", 5 * SECOND);
    expect(before, "delivered", "");
    expect(bad, "failed", "invalid_event");
    assert_int_equal(world_attempts(world, bad), 0);
}

/* --- idle ----------------------------------------------------------------- */

static void an_idle_relay_turns_a_few_times_a_minute(void **state)
{
    (void)state;
    int64_t id = world_put(world, "u1");
    world_start(world);
    world_run_until(world, id, "delivered", SECOND);
    (void)world_run(world, SECOND);
    int turns = world->turns;
    (void)world_run(world, HOUR);
    assert_in_range(world->turns - turns, 1, 150);
    assert_int_equal(calls_of(NULL), 2);
}

static void waiting_for_a_retry_is_no_busy_loop(void **state)
{
    (void)state;
    int64_t id = start_put_off(3600);
    (void)world_run(world, SECOND);
    int turns = world->turns;
    (void)world_run(world, 59 * MINUTE);
    assert_in_range(world->turns - turns, 1, 150);
    assert_string_equal(world_state(world, id), "pending");
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        RULE(a_new_user_costs_two_calls_then_two_or_one),
        RULE(a_new_epoch_writes_attributes_once_more),
        RULE(an_older_event_that_comes_late_leaves_the_attributes),
        RULE(every_attempt_and_call_is_recorded),
        RULE(the_attempt_is_committed_before_the_first_byte_leaves),
        RULE(a_user_is_sent_in_order_one_at_a_time),
        RULE(users_are_sent_in_parallel_up_to_the_connections),
        RULE(quick_answers_make_a_turn_claim_ahead),
        RULE(one_stuck_user_slows_no_other),
        RULE(attributes_only_events_make_one_call),
        RULE(a_run_that_needs_no_call_settles_in_one_turn),
        RULE(an_event_that_cannot_be_mapped_fails_alone),
        RULE(an_idle_relay_turns_a_few_times_a_minute),
        RULE(waiting_for_a_retry_is_no_busy_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
