/* What comes of each answer: what fails alone, what is tried again, when, and
 * what it costs. A real outbox; the network and the time are scripted. */
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

static void a_refused_event_fails_alone_and_its_lane_goes_on(void **state)
{
    (void)state;
    const struct fake_rule refused = {
        .request = "POST /events",
        .times = 1,
        .status = 422,
        .body = "{\"type\":\"error.list\",\"errors\":[{\"code\":"
                "\"parameter_invalid\",\"message\":\"bad\"}]}",
    };
    fake_intercom_script(world->intercom, &refused);
    int64_t bad = world_put(world, "u1");
    int64_t good = world_put(world, "u1");
    world_start(world);
    world_run_until(world, good, "delivered", 5 * SECOND);
    expect(bad, "failed", "event_refused");
    assert_int_equal(world_attempts(world, bad), 1);
    assert_string_equal(
        world_text(world,
                   "SELECT CAST(answer AS TEXT) FROM outbox_call WHERE "
                   "delivery_id = ?1 AND status = 422",
                   bad),
        refused.body);
}

static void server_errors_are_tried_again_later_and_later(void **state)
{
    (void)state;
    const struct fake_rule down = {
        .request = "POST /events", .times = 6, .status = 503};
    fake_intercom_script(world->intercom, &down);
    int64_t id = world_put(world, "u1");
    world_start(world);
    world_run_until(world, id, "delivered", 3 * MINUTE);
    assert_int_equal(world_attempts(world, id), 7);
    assert_int_equal(world_tries(world, id), 6);
    int64_t ceiling_ms = SECOND;
    for (int number = 2; number <= 7; number++, ceiling_ms *= 2) {
        char sql[200];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT b.started_ms - a.ended_ms FROM outbox_attempt "
                       "AS a, outbox_attempt AS b WHERE a.delivery_id = ?1 AND "
                       "b.delivery_id = ?1 AND a.number = %d AND b.number = %d",
                       number - 1, number);
        assert_in_range(world_number(world, sql, id), 0, ceiling_ms);
    }
    /* all with the same bytes, and the contact written once */
    assert_int_equal(fake_http_count(world->http, "POST /contacts", NULL), 1);
    assert_int_equal(fake_intercom_events(world->intercom), 1);
    assert_int_equal(world_number(world,
                                  "SELECT count(*) FROM outbox_attempt WHERE "
                                  "delivery_id = ?1 AND event_body IS NOT NULL",
                                  id),
                     1);
}

static void retry_after_is_a_floor(void **state)
{
    (void)state;
    int64_t id = start_put_off(90);
    (void)world_run(world, 89 * SECOND);
    assert_string_equal(world_state(world, id), "pending");
    world_run_until(world, id, "delivered", 2 * SECOND);
}

static void a_delivery_gives_up_after_its_age_of_tries(void **state)
{
    (void)state;
    const struct fake_rule poison = {.request = "POST /events",
                                     .body_has = "\"u1\"",
                                     .times = 0,
                                     .status = 500};
    fake_intercom_script(world->intercom, &poison);
    int64_t id = world_put(world, "u1");
    int64_t next = world_put_type(world, "u1", "UNCANCELLATION", "");
    world_start(world);
    (void)world_run(world, INT64_C(71) * HOUR);
    assert_string_equal(world_state(world, id), "pending");
    /* GET /me tells that it is not an outage, but a minute late */
    world_run_until(world, id, "failed", INT64_C(8) * HOUR);
    expect(id, "failed", "server_error");
    world_run_until(world, next, "delivered", SECOND);
}

static void an_outage_ages_nothing(void **state)
{
    (void)state;
    const struct fake_rule down = {.request = "", .status = 503};
    fake_intercom_script(world->intercom, &down);
    int64_t id = world_put(world, "u1");
    world_start(world);
    (void)world_run(world, INT64_C(300) * HOUR);
    assert_string_equal(world_state(world, id), "pending");
    fake_intercom_clear_rules(world->intercom);
    const struct fake_rule once = {
        .request = "POST", .times = 1, .status = 500};
    fake_intercom_script(world->intercom, &once);
    world_run_until(world, id, "delivered", INT64_C(5) * HOUR);
}

static void nothing_sent_costs_no_try(void **state)
{
    (void)state;
    const struct fake_rule refused = {.request = "POST",
                                      .times = 4,
                                      .end = HTTP_NOT_SENT,
                                      .trouble = HTTP_REFUSED};
    fake_intercom_script(world->intercom, &refused);
    int64_t id = world_put(world, "u1");
    world_start(world);
    world_run_until(world, id, "delivered", MINUTE);
    assert_int_equal(world_attempts(world, id), 5);
    assert_int_equal(world_tries(world, id), 0);
}

static void a_refused_connection_backs_off_too(void **state)
{
    (void)state;
    const struct fake_rule refused = {
        .request = "POST", .end = HTTP_NOT_SENT, .trouble = HTTP_REFUSED};
    fake_intercom_script(world->intercom, &refused);
    int64_t id = world_put(world, "u1");
    world_start(world);
    (void)world_run(world, HOUR);
    /* doubling from a second to a minute, half of it on average */
    assert_in_range(world_attempts(world, id), 60, 200);
}

static void
a_timeout_is_unknown_and_goes_again_first_with_the_same_bytes(void **state)
{
    (void)state;
    const struct fake_rule silent = {.request = "POST /events",
                                     .times = 1,
                                     .end = HTTP_UNKNOWN,
                                     .trouble = HTTP_TIMED_OUT,
                                     .after_ms = 30 * SECOND,
                                     .acts = true};
    fake_intercom_script(world->intercom, &silent);
    int64_t id = world_put(world, "u1");
    int64_t next = world_put(world, "u1");
    int64_t other = world_put(world, "u2");
    world_start(world);
    (void)world_run(world, 30 * SECOND + 100);
    assert_string_equal(world_state(world, other), "delivered");
    assert_int_equal(world_number(world,
                                  "SELECT unknown FROM outbox_delivery WHERE "
                                  "id = ?1",
                                  id),
                     1);
    assert_int_equal(world_tries(world, id), 1);
    world_run_until(world, next, "delivered", 5 * SECOND);
    expect(id, "delivered", "");
    assert_int_equal(fake_http_count(world->http, "POST /events", "u1"), 3);
    assert_int_equal(fake_intercom_events(world->intercom), 3);
    /* the quiet time: a timeout after the request left */
    int64_t left_ms = 0;
    for (int i = 0; i < fake_http_calls(world->http); i++) {
        const struct fake_call *call = fake_http_call(world->http, i);
        if (strcmp(call->user, "u1") != 0 ||
            strcmp(call->request, "POST /events") != 0)
            continue;
        if (left_ms != 0)
            assert_true(call->started_ms - left_ms >= 30 * SECOND);
        if (left_ms != 0)
            break;
        left_ms = call->started_ms;
    }
    world_check(world);
}

static void a_contact_that_is_missing_is_made_and_the_event_sent(void **state)
{
    (void)state;
    int64_t first = world_put(world, "u1");
    world_start(world);
    world_run_until(world, first, "delivered", SECOND);
    fake_intercom_delete_contact(world->intercom, "u1");
    int64_t second = world_put(world, "u1");
    world_run_until(world, second, "delivered", 10 * SECOND);
    assert_int_equal(world_attempts(world, second), 1);
    assert_non_null(fake_intercom_attributes(world->intercom, "u1"));
    int64_t third = world_put(world, "u1");
    world_run_until(world, third, "delivered", 10 * SECOND);
    assert_int_equal(fake_intercom_events(world->intercom), 3);
}

static void an_outage_opens_the_breaker_and_fails_nothing(void **state)
{
    (void)state;
    enum { USERS = 200 };
    const struct fake_rule down = {.request = "", .status = 503};
    int64_t ids[USERS];
    for (int i = 0; i < USERS; i++) {
        char user[16];
        (void)snprintf(user, sizeof(user), "u%d", i);
        ids[i] = world_put(world, user);
    }
    fake_intercom_script(world->intercom, &down);
    world_start(world);
    (void)world_run(world, 10 * MINUTE);
    /* one at a time probes: not each of the 200, again and again */
    assert_in_range(fake_http_calls(world->http), 32, 150);
    assert_int_equal(world->report.failed, 0);
    fake_intercom_clear_rules(world->intercom);
    for (int i = 0; i < USERS; i++)
        world_run_until(world, ids[i], "delivered", 20 * MINUTE);
    world_check(world);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        RULE(a_refused_event_fails_alone_and_its_lane_goes_on),
        RULE(server_errors_are_tried_again_later_and_later),
        RULE(retry_after_is_a_floor),
        RULE(a_delivery_gives_up_after_its_age_of_tries),
        RULE(an_outage_ages_nothing),
        RULE(nothing_sent_costs_no_try),
        RULE(a_refused_connection_backs_off_too),
        RULE(a_timeout_is_unknown_and_goes_again_first_with_the_same_bytes),
        RULE(a_contact_that_is_missing_is_made_and_the_event_sent),
        RULE(an_outage_opens_the_breaker_and_fails_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
