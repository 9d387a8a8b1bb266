/* What holds the sending as a whole, and the probes that end it. Nothing of it
 * may fail a delivery. */
#include "relay/relay.h"

#include "answers.h"
#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
enum { USERS = 40 };

static const struct fake_rule unauthorized = {
    .request = "",
    .status = 401,
    .body = ERROR_LIST("unauthorized", "Access Token Invalid"),
};
static const struct fake_rule forbidden = {
    .request = "POST /events",
    .status = 403,
    .body = ERROR_LIST("forbidden", "no scope"),
};

/* --- 401 ------------------------------------------------------------------ */

static void a_401_holds_at_once_and_fails_nothing(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &unauthorized);
    world->policy.connections = 4;
    put_users(USERS);
    world_start(world);
    (void)world_run(world, 29 * SECOND);
    assert_int_equal(fake_http_calls(world->http), 4); /* were under way */
    assert_string_equal(hold_reason(), "token_refused");
    expect_all_untried();
    assert_true(world->turns < 40);
    world_check(world);
}

static void a_401_is_probed_by_get_me_and_lifted(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &unauthorized);
    put_users(USERS);
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
    expect_all_untried();
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
    put_users(USERS);
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
    put_users(USERS);
    world_start(world);
    (void)world_run(world, 20 * MINUTE);
    assert_string_equal(hold_reason(), "certificate");
    expect_all_untried();
    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(6 * MINUTE);
}

static void a_hold_is_lifted_slowly(void **state)
{
    (void)state;
    world->policy.connections = 32;
    fake_intercom_script(world->intercom, &unauthorized);
    put_users(USERS);
    world_start(world);
    (void)world_run(world, SECOND);
    fake_intercom_clear_rules(world->intercom);
    fake_intercom_set_latency(world->intercom, 900);
    int64_t probe_ms = 29 * SECOND + 900;
    (void)world_run(world, probe_ms);
    /* within the first second: one at a time, then two … */
    int before = fake_http_calls(world->http);
    (void)world_run(world, 800);
    assert_in_range(fake_http_calls(world->http) - before, 1, 2);
    expect_all_delivered(MINUTE);
}

static void a_clock_set_back_delays_no_probe(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &unauthorized);
    put_users(USERS);
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
    put_users(USERS);
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
    put_users(USERS);
    world_start(world);
    (void)world_run(world, SECOND);
    assert_string_equal(hold_reason(), "forbidden");
    int before = fake_http_count(world->http, "POST /events", NULL);
    (void)world_run(world, HOUR);
    int probes = fake_http_count(world->http, "POST /events", NULL) - before;
    assert_in_range(probes, 10, 20);
    assert_int_equal(fake_http_count(world->http, "GET /me", NULL), 0);
    expect_all_untried();
    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(10 * MINUTE);
    assert_string_equal(hold_reason(), "");
}

static void a_hold_with_nothing_left_to_probe_with_is_calm(void **state)
{
    (void)state;
    fake_intercom_script(world->intercom, &forbidden);
    (void)world_put(world, "u1");
    world_start(world);
    (void)world_run(world, SECOND);
    assert_string_equal(hold_reason(), "forbidden");
    world_execute(world, "UPDATE outbox_delivery SET state = 'discarded', "
                         "aside = 'discarded', due_ms = NULL, settled_ms = 1");
    int turns = world->turns;
    (void)world_run(world, HOUR);
    assert_in_range(world->turns - turns, 1, 200);
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
    put_users(USERS);
    world_start(world);
    (void)world_run(world, 20 * MINUTE);
    assert_string_equal(hold_reason(), "html_answer");
    expect_all_untried();
    fake_intercom_clear_rules(world->intercom);
    expect_all_delivered(10 * MINUTE);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
