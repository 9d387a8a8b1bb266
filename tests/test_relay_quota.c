/* What a quota does to the sending: it waits and paces, and fails nothing. */
#include "relay/relay.h"

#include "answers.h"
#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND };
enum { USERS = 40 };

static void a_429_makes_all_wait_and_costs_nothing(void **state)
{
    (void)state;
    const struct fake_rule over = {
        .request = "POST /contacts",
        .times = 1,
        .status = 429,
        .body = ERROR_LIST("rate_limit_exceeded", "Exceeded"),
        .retry_after_s = 60,
    };
    world->policy.connections = 1;
    fake_intercom_script(world->intercom, &over);
    put_users(USERS);
    world_start(world);
    (void)world_run(world, 59 * SECOND);
    assert_int_equal(fake_http_calls(world->http), 1);
    expect_all_untried();
    int turns = world->turns;
    assert_true(turns < 20);
    expect_all_delivered(MINUTE);
    assert_int_equal(world_attempts(world, 1), 2);
    assert_int_equal(world_tries(world, 1), 0);
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
    put_users(USERS);
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

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        RULE(a_429_makes_all_wait_and_costs_nothing),
        RULE(a_429_without_a_time_waits_a_window),
        RULE(a_quota_paces_and_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
