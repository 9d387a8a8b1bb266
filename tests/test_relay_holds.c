/* What stops the sending as a whole: quota, holds and their probes, pauses,
 * attributes that are missing. Nothing of it may fail a delivery. */
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

#define ERRORS(code, message)                                                  \
    "{\"type\":\"error.list\",\"errors\":[{\"code\":\"" code                   \
    "\",\"message\":\"" message "\"}]}"

static const struct fake_rule unauthorized = {
    .request = "",
    .status = 401,
    .body = ERRORS("unauthorized", "Access Token Invalid"),
};
static const struct fake_rule forbidden = {
    .request = "POST /events",
    .status = 403,
    .body = ERRORS("forbidden", "no scope"),
};

enum { USERS = 40 };
static int64_t ids[USERS];

/* One event each of many users. */
static void put_many(void)
{
    for (int i = 0; i < USERS; i++) {
        char user[16];
        (void)snprintf(user, sizeof(user), "u%d", i);
        ids[i] = world_put(world, user);
    }
}

static void expect_all_delivered(int64_t within_ms)
{
    for (int i = 0; i < USERS; i++)
        world_run_until(world, ids[i], "delivered", within_ms);
    world_check(world);
}

static void expect_all_pending(void)
{
    assert_int_equal(world_number(world,
                                  "SELECT count(*) FROM outbox_delivery WHERE "
                                  "state = 'pending'",
                                  0),
                     USERS);
    assert_int_equal(world_number(world,
                                  "SELECT coalesce(sum(tries), 0) FROM "
                                  "outbox_delivery",
                                  0),
                     0);
    assert_int_equal(world->report.failed, 0);
}

static const char *hold_reason(void)
{
    return world_text(world, "SELECT hold_reason FROM outbox_destination", 0);
}

static void pause_sending(void)
{
    world_execute(world, "UPDATE outbox_destination SET pause_reason = 'x', "
                         "paused_by = 'me', paused_since_ms = 1");
}

static void resume_sending(void)
{
    world_execute(world, "UPDATE outbox_destination SET pause_reason = NULL, "
                         "paused_by = NULL, paused_since_ms = NULL");
}

/* --- the quota ------------------------------------------------------------ */

static void a_429_makes_all_wait_and_costs_nothing(void **state)
{
    (void)state;
    const struct fake_rule over = {
        .request = "POST /contacts",
        .times = 1,
        .status = 429,
        .body = ERRORS("rate_limit_exceeded", "Exceeded"),
        .retry_after_s = 60,
    };
    world->policy.connections = 1;
    fake_intercom_script(world->intercom, &over);
    put_many();
    world_start(world);
    (void)world_run(world, 59 * SECOND);
    assert_int_equal(fake_http_calls(world->http), 1);
    expect_all_pending();
    int turns = world->turns;
    assert_true(turns < 20);
    expect_all_delivered(MINUTE);
    assert_int_equal(world_attempts(world, ids[0]), 2);
    assert_int_equal(world_tries(world, ids[0]), 0);
}

static void a_429_without_a_time_waits_a_window(void **state)
{
    (void)state;
    const struct fake_rule over = {
        .request = "POST /contacts", .times = 1, .status = 429};
    fake_intercom_script(world->intercom, &over);
    int64_t id = world_put(world, "u1");
    world_start(world);
    (void)world_run(world, 9 * SECOND);
    assert_int_equal(fake_http_calls(world->http), 1);
    world_run_until(world, id, "delivered", 2 * SECOND);
}

static void a_quota_paces_and_is_recorded(void **state)
{
    (void)state;
    const struct fake_rule told = {.request = "",
                                   .status = 200,
                                   .body = "{\"id\":\"5f\"}",
                                   .quota_limit = 83,
                                   .quota_left = 40,
                                   .quota_reset_ms = 10 * SECOND,
                                   .acts = true};
    fake_intercom_script(world->intercom, &told);
    put_many();
    world_start(world);
    int turns = world->turns;
    (void)world_run(world, 3 * SECOND);
    assert_true(fake_http_calls(world->http) < 2 * USERS);
    assert_true(world->turns - turns < 1000);
    assert_int_equal(
        world_number(world, "SELECT quota_limit FROM outbox_destination", 0),
        83);
    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(5 * MINUTE);
}

/* --- 401 ------------------------------------------------------------------ */

static void a_401_holds_at_once_and_fails_nothing(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &unauthorized);
    world->policy.connections = 4;
    put_many();
    world_start(world);
    (void)world_run(world, 29 * SECOND);
    assert_int_equal(fake_http_calls(world->http), 4); /* were under way */
    assert_string_equal(hold_reason(), "token_refused");
    expect_all_pending();
    assert_true(world->turns < 40);
    world_check(world);
}

static void a_401_is_probed_by_get_me_and_lifted(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &unauthorized);
    put_many();
    world_start(world);
    (void)world_run(world, 31 * SECOND);
    assert_int_equal(fake_http_count(world->http, "GET /me", NULL), 1);
    int before = fake_http_calls(world->http);
    (void)world_run(world, HOUR);
    int probes = fake_http_count(world->http, "GET /me", NULL);
    /* nothing but GET /me: after 30 s, doubling to 5 min */
    assert_int_equal(fake_http_calls(world->http) - before, probes - 1);
    /* what waited was taken back when the hold began, and no probe since */
    assert_int_equal(fake_http_recalls(world->http), 1);
    assert_in_range(probes, 13, 17);
    expect_all_pending();
    int64_t at[3] = {0};
    int seen = 0;
    for (int i = 0; i < fake_http_calls(world->http) && seen < 3; i++) {
        const struct fake_call *call = fake_http_call(world->http, i);
        if (strcmp(call->request, "GET /me") == 0)
            at[seen++] = call->started_ms;
    }
    assert_in_range(at[1] - at[0], 60 * SECOND, 61 * SECOND);
    assert_in_range(at[2] - at[1], 120 * SECOND, 121 * SECOND);

    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(6 * MINUTE);
    assert_string_equal(hold_reason(), "");
}

static void a_new_token_is_probed_at_once(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &unauthorized);
    put_many();
    world_start(world);
    (void)world_run(world, 10 * MINUTE);
    fake_intercom_clear_rules(world->intercom);
    int probes = fake_http_count(world->http, "GET /me", NULL);
    relay_take_new_token(world->relay);
    (void)world_run(world, SECOND);
    assert_int_equal(fake_http_count(world->http, "GET /me", NULL), probes + 1);
    assert_string_equal(hold_reason(), "");
    expect_all_delivered(MINUTE);
}

static void a_certificate_that_is_not_to_be_trusted_holds_too(void **state)
{
    (void)state;
    const struct fake_rule untrusted = {
        .request = "", .end = HTTP_NOT_SENT, .trouble = HTTP_CERTIFICATE};
    fake_intercom_script(world->intercom, &untrusted);
    put_many();
    world_start(world);
    (void)world_run(world, 20 * MINUTE);
    assert_string_equal(hold_reason(), "certificate");
    expect_all_pending();
    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(6 * MINUTE);
}

static void a_hold_is_lifted_slowly(void **state)
{
    (void)state;
    world->policy.connections = 32;
    fake_intercom_script(world->intercom, &unauthorized);
    put_many();
    world_start(world);
    (void)world_run(world, SECOND);
    fake_intercom_clear_rules(world->intercom);
    fake_intercom_set_latency(world->intercom, 900);
    int64_t probe_ms = 29 * SECOND + 900;
    (void)world_run(world, probe_ms);
    /* within the first second: one at a time, then two … */
    int before = fake_http_calls(world->http);
    (void)world_run(world, 800);
    assert_in_range(fake_http_calls(world->http) - before, 0, 2);
    expect_all_delivered(MINUTE);
}

static void a_clock_set_back_delays_no_probe(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &unauthorized);
    put_many();
    world_start(world);
    (void)world_run(world, SECOND);
    world->clock.wall_ms -= INT64_C(7) * 24 * HOUR;
    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(10 * MINUTE);
}

static void a_clock_set_forward_delays_no_probe(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &unauthorized);
    put_many();
    world_start(world);
    (void)world_run(world, SECOND);
    world->clock.wall_ms += INT64_C(7) * 24 * HOUR;
    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(10 * MINUTE);
}

/* --- 403 ------------------------------------------------------------------ */

static void a_403_is_probed_by_one_delivery_at_a_time(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &forbidden);
    put_many();
    world_start(world);
    (void)world_run(world, SECOND);
    assert_string_equal(hold_reason(), "forbidden");
    int before = fake_http_count(world->http, "POST /events", NULL);
    (void)world_run(world, HOUR);
    int probes = fake_http_count(world->http, "POST /events", NULL) - before;
    assert_in_range(probes, 10, 20);
    assert_int_equal(fake_http_count(world->http, "GET /me", NULL), 0);
    expect_all_pending();
    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(10 * MINUTE);
    assert_string_equal(hold_reason(), "");
}

static void a_hold_with_nothing_left_to_probe_with_is_calm(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &forbidden);
    int64_t id = world_put(world, "u1");
    world_start(world);
    (void)world_run(world, SECOND);
    assert_string_equal(hold_reason(), "forbidden");
    world_execute(world, "UPDATE outbox_delivery SET state = 'discarded', "
                         "aside = 'discarded', due_ms = NULL, settled_ms = 1");
    int turns = world->turns;
    (void)world_run(world, HOUR);
    assert_in_range(world->turns - turns, 1, 200);
    (void)id;
    fake_intercom_clear_rules(world->intercom);
    int64_t next = world_put(world, "u2");
    world_run_until(world, next, "delivered", MINUTE);
}

static void a_probe_put_off_by_its_own_wait_is_calm(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &forbidden);
    int64_t id = world_put(world, "u1");
    world_start(world);
    (void)world_run(world, SECOND);
    fake_intercom_clear_rules(world->intercom);
    const struct fake_rule down = {
        .request = "", .times = 1, .status = 503, .retry_after_s = 3600};
    fake_intercom_script(world->intercom, &down);
    int turns = world->turns;
    (void)world_run(world, 50 * MINUTE);
    assert_in_range(world->turns - turns, 1, 200);
    assert_string_equal(world_state(world, id), "pending");
    world_run_until(world, id, "delivered", 15 * MINUTE);
}

static void a_web_page_instead_of_an_answer_holds(void **state)
{
    (void)state;
    const struct fake_rule portal = {.request = "POST /events",
                                     .status = 200,
                                     .body = "<html>log in</html>",
                                     .is_html = true};
    fake_intercom_script(world->intercom, &portal);
    put_many();
    world_start(world);
    (void)world_run(world, 20 * MINUTE);
    assert_string_equal(hold_reason(), "html_answer");
    expect_all_pending();
    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(10 * MINUTE);
}

/* --- pauses --------------------------------------------------------------- */

static void a_pause_claims_nothing_until_it_is_lifted(void **state)
{
    (void)state;
    world_start(world);
    pause_sending();
    put_many();
    int turns = world->turns;
    (void)world_run(world, HOUR);
    assert_int_equal(fake_http_calls(world->http), 0);
    assert_in_range(world->turns - turns, 1, 200);
    resume_sending();
    expect_all_delivered(MINUTE);
}

static void what_is_under_way_at_a_pause_ends(void **state)
{
    (void)state;
    put_many();
    world_start(world);
    (void)world_run(world, 0);
    int under_way = fake_http_under_way(world->http);
    assert_true(under_way > 0);
    pause_sending();
    (void)world_run(world, SECOND);
    assert_int_equal(fake_http_calls(world->http), 2 * under_way);
    assert_int_equal(world->report.delivered, under_way);
    assert_int_equal(fake_http_recalls(world->http), 1);
    resume_sending();
    expect_all_delivered(MINUTE);
}

static void a_pause_during_a_hold_is_calm(void **state)
{
    (void)state;
    const struct fake_rule *const holds[] = {&unauthorized, &forbidden};
    for (int i = 0; i < 2; i++) {
        fake_intercom_script(world->intercom, holds[i]);
        int64_t id = world_put(world, i == 0 ? "u1" : "u2");
        if (world->relay == NULL)
            world_start(world);
        (void)world_run(world, SECOND);
        pause_sending();
        int turns = world->turns;
        (void)world_run(world, HOUR);
        assert_in_range(world->turns - turns, 1, 250);
        fake_intercom_clear_rules(world->intercom);
        resume_sending();
        world_run_until(world, id, "delivered", 10 * MINUTE);
    }
}

/* --- attributes ----------------------------------------------------------- */

static void missing_attributes_are_created_once_for_all(void **state)
{
    (void)state;
    fake_intercom_forget_attributes(world->intercom);
    put_many();
    world_start(world);
    expect_all_delivered(MINUTE);
    assert_int_equal(
        fake_http_count(world->http, "POST /data_attributes", NULL), 4);
    assert_int_equal(
        world_number(world, "SELECT max(attempts) FROM outbox_delivery", 0), 1);
}

static void attributes_that_exist_already_are_as_good(void **state)
{
    (void)state;
    const struct fake_rule exists = {
        .request = "POST /data_attributes",
        .status = 400,
        .body = ERRORS("parameter_invalid",
                       "You already have 'latest_store' in your data"),
        .acts = true,
    };
    fake_intercom_script(world->intercom, &exists);
    fake_intercom_forget_attributes(world->intercom);
    put_many();
    world_start(world);
    expect_all_delivered(MINUTE);
}

static void attributes_that_cannot_be_created_fail_nothing(void **state)
{
    (void)state;
    static const struct {
        struct fake_rule rule;
        const char *reason; /* of the hold; "": none */
    } rows[] = {
        {{.status = 403, .body = ERRORS("forbidden", "scope")},
         "attributes_missing"},
        {{.status = 401, .body = ERRORS("unauthorized", "x")}, "token_refused"},
        {{.status = 422, .body = ERRORS("parameter_invalid", "limit reached")},
         "attribute_refused"},
        {{.status = 500}, ""},
        {{.status = 429, .retry_after_s = 5}, ""},
        {{.end = HTTP_UNKNOWN, .trouble = HTTP_TIMED_OUT, .after_ms = 30000},
         ""},
        {{.end = HTTP_NOT_SENT, .trouble = HTTP_REFUSED}, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (i > 0) {
            (void)close_world(NULL);
            (void)open_world(NULL);
        }
        struct fake_rule rule = rows[i].rule;
        rule.request = "POST /data_attributes";
        fake_intercom_forget_attributes(world->intercom);
        fake_intercom_script(world->intercom, &rule);
        put_many();
        world_start(world);
        (void)world_run(world, 10 * MINUTE);
        assert_int_equal(world->report.failed, 0);
        assert_int_equal(world->report.delivered, 0);
        assert_string_equal(hold_reason(), rows[i].reason);
        fake_intercom_clear_rules(world->intercom);
        expect_all_delivered(20 * MINUTE);
    }
}

static void
a_flight_that_only_waited_for_attributes_is_not_unknown(void **state)
{
    (void)state;
    const struct fake_rule silent = {.request = "POST /data_attributes",
                                     .times = 1,
                                     .end = HTTP_UNKNOWN,
                                     .trouble = HTTP_TIMED_OUT,
                                     .after_ms = 30 * SECOND};
    fake_intercom_forget_attributes(world->intercom);
    fake_intercom_script(world->intercom, &silent);
    int64_t id = world_put(world, "u1");
    world_start(world);
    (void)world_run(world, 30 * SECOND + 30);
    assert_string_equal(world_state(world, id), "pending");
    assert_int_equal(world_number(world,
                                  "SELECT unknown + bound FROM outbox_delivery "
                                  "WHERE id = ?1",
                                  id),
                     0);
    world_run_until(world, id, "delivered", MINUTE);
}

static void a_probe_that_waits_for_the_attributes_is_calm(void **state)
{
    (void)state;
    /* A hold comes while the attributes are being created, and its probe is
     * due before that has ended. */
    const struct fake_rule slow = {.request = "POST /data_attributes",
                                   .status = 200,
                                   .after_ms = 25 * SECOND,
                                   .acts = true};
    const struct fake_rule late = {
        .request = "POST /contacts",
        .body_has = "\"late\"",
        .times = 1,
        .status = 401,
        .body = ERRORS("unauthorized", "x"),
    };
    fake_intercom_forget_attributes(world->intercom);
    fake_intercom_script(world->intercom, &slow);
    fake_intercom_script(world->intercom, &late);
    int64_t id = world_put(world, "u1");
    int64_t held = world_put(world, "late");
    world_start(world);
    int turns = world->turns;
    (void)world_run(world, 2 * MINUTE);
    assert_in_range(world->turns - turns, 1, 60);
    world_run_until(world, id, "delivered", 5 * MINUTE);
    world_run_until(world, held, "delivered", 5 * MINUTE);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        RULE(a_429_makes_all_wait_and_costs_nothing),
        RULE(a_429_without_a_time_waits_a_window),
        RULE(a_quota_paces_and_is_recorded),
        RULE(a_401_holds_at_once_and_fails_nothing),
        RULE(a_401_is_probed_by_get_me_and_lifted),
        RULE(a_new_token_is_probed_at_once),
        RULE(a_certificate_that_is_not_to_be_trusted_holds_too),
        RULE(a_hold_is_lifted_slowly),
        RULE(a_clock_set_back_delays_no_probe),
        RULE(a_clock_set_forward_delays_no_probe),
        RULE(a_403_is_probed_by_one_delivery_at_a_time),
        RULE(a_hold_with_nothing_left_to_probe_with_is_calm),
        RULE(a_probe_put_off_by_its_own_wait_is_calm),
        RULE(a_web_page_instead_of_an_answer_holds),
        RULE(a_pause_claims_nothing_until_it_is_lifted),
        RULE(what_is_under_way_at_a_pause_ends),
        RULE(a_pause_during_a_hold_is_calm),
        RULE(missing_attributes_are_created_once_for_all),
        RULE(attributes_that_exist_already_are_as_good),
        RULE(attributes_that_cannot_be_created_fail_nothing),
        RULE(a_flight_that_only_waited_for_attributes_is_not_unknown),
        RULE(a_probe_that_waits_for_the_attributes_is_calm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
