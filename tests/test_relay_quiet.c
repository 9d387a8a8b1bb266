/* What a user may be in for after a request that we cut: quiet, whoever asks;
 * and the times that other waits are counted from. A real outbox; the network
 * and the time are scripted. */
#include "relay/relay.h"

#include "outbox/operation.h"
#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

/* An operator does this with one delivery. */
static void operate(const char *action, int64_t id)
{
    const struct operation_request request = {
        .action = action,
        .who = "ana",
        .filter = "1",
        .now_ms = world->clock.wall_ms,
    };
    struct operation_plan plan;
    struct err err;
    bool more = true;
    struct store *store = world->producer;
    assert_true(operation_plan_begin(store, &request, &plan, &err) &&
                operation_plan_add(store, &plan, &id, 1, &err) &&
                operation_plan_finish(store, &plan, &err));
    assert_int_equal(plan.planned, 1);
    assert_true(operation_start(store, plan.id, request.now_ms, &err));
    while (more)
        assert_true(operation_step(store, request.now_ms, &more, &err));
    if (world->relay != NULL)
        (void)relay_notice_changes(world->relay);
}

/* A relay is killed with a call of u1 under way, which left now; another one
 * starts a second later. Returns the delivery's id. */
static int64_t cut_a_call(void)
{
    int64_t id = world_put(world, "u1");
    fake_intercom_set_latency(world->intercom, 10 * SECOND);
    world_start(world);
    (void)world_run(world, 0);
    assert_int_equal(fake_http_under_way(world->http), 1);
    world_crash(world);
    fake_intercom_set_latency(world->intercom, 20);
    (void)world_put(world, "u2");
    fake_clock_advance(&world->clock, SECOND);
    world_start(world);
    return id;
}

/* No call of u1 until 30 s after the cut one left; then at once. */
static void expect_quiet(int64_t cut_ms)
{
    (void)world_run(world, 2 * MINUTE);
    assert_int_equal(fake_http_count(world->http, "POST /events", "u2"), 1);
    int64_t next_ms = 0;
    for (int i = 1; i < fake_http_calls(world->http) && next_ms == 0; i++) {
        if (strcmp(fake_http_call(world->http, i)->user, "u1") == 0)
            next_ms = fake_http_call(world->http, i)->started_ms;
    }
    assert_in_range(next_ms - cut_ms, 30 * SECOND, 33 * SECOND);
    world_check(world);
}

static int64_t cut_ms(void)
{
    return fake_http_call(world->http, 0)->started_ms;
}

static void an_operators_retry_does_not_end_it(void **state)
{
    (void)state;
    int64_t id = cut_a_call();
    (void)world_run(world, SECOND);
    operate("retry", id);
    expect_quiet(cut_ms());
    assert_string_equal(world_state(world, id), "delivered");
}

static void the_next_of_the_user_is_quiet_too(void **state)
{
    (void)state;
    int64_t id = cut_a_call();
    int64_t next = world_put(world, "u1");
    (void)world_run(world, SECOND);
    operate("discard", id);
    expect_quiet(cut_ms());
    assert_string_equal(world_state(world, id), "discarded");
    assert_string_equal(world_state(world, next), "delivered");
}

static void so_is_one_that_comes_when_nothing_waits(void **state)
{
    (void)state;
    int64_t id = cut_a_call();
    (void)world_run(world, SECOND);
    operate("discard", id);
    (void)world_run(world, SECOND);
    int64_t next = world_put(world, "u1");
    expect_quiet(cut_ms());
    assert_string_equal(world_state(world, next), "delivered");
}

static void a_clock_that_is_set_back_does_not_make_it_longer(void **state)
{
    (void)state;
    int64_t id = cut_a_call();
    (void)world_run(world, SECOND);
    world->clock.wall_ms -= INT64_C(20) * HOUR;
    operate("retry", id);
    (void)world_run(world, 61 * SECOND);
    assert_string_equal(world_state(world, id), "delivered");
}

static void nor_any_other_wait(void **state)
{
    (void)state;
    int64_t id = start_put_off(90);
    (void)world_run(world, SECOND);
    world->clock.wall_ms -= INT64_C(20) * HOUR;
    (void)world_run(world, 80 * SECOND);
    assert_string_equal(world_state(world, id), "pending");
    (void)world_run(world, 45 * SECOND); /* it may take a look to be seen */
    assert_string_equal(world_state(world, id), "delivered");
}

/* It waits for its user to be quiet, and goes as the operator's retry then. */
static void a_retry_that_waits_stays_an_operators(void **state)
{
    (void)state;
    int64_t id = cut_a_call();
    (void)world_run(world, SECOND);
    operate("retry", id);
    (void)world_run(world, SECOND);
    world->clock.wall_ms -= HOUR;
    (void)world_run(world, 2 * MINUTE);
    assert_string_equal(world_state(world, id), "delivered");
    assert_string_equal(world_text(world,
                                   "SELECT cause FROM outbox_attempt WHERE "
                                   "delivery_id = ?1 AND number = 2",
                                   id),
                        "operation 1");
}

/* It was behind another one, so nobody saw to it when the clock was set back.
 */
static void nor_one_that_comes_to_light_later(void **state)
{
    (void)state;
    int64_t id = start_put_off(90);
    (void)world_run(world, SECOND);
    world_execute(world, "UPDATE outbox_delivery SET not_before_ms = "
                         "not_before_ms + 34560000000, due_ms = due_ms + "
                         "34560000000");
    (void)world_run(world, 2 * MINUTE);
    assert_string_equal(world_state(world, id), "delivered");
}

/* The hour of a contact that is missing begins when it is first missing. */
static void what_failed_before_does_not_shorten_the_hour(void **state)
{
    (void)state;
    const struct fake_rule poison = {
        .request = "POST /events", .body_has = "\"u1\"", .status = 500};
    const struct fake_rule missing = {
        .request = "POST /events", .body_has = "\"u1\"", .status = 404};
    fake_intercom_script(world->intercom, &poison);
    int64_t id = world_put(world, "u1");
    world_start(world);
    (void)world_run(world, 5 * HOUR);
    fake_intercom_clear_rules(world->intercom);
    fake_intercom_script(world->intercom, &missing);
    int64_t since_ms = world->clock.monotonic_ms;
    while (strcmp(world_reason(world, id), "contact_missing") != 0) {
        assert_true(world->clock.monotonic_ms - since_ms <= 2 * HOUR);
        (void)world_run(world, MINUTE);
    }
    assert_string_equal(world_state(world, id), "pending");
    (void)world_run(world, HOUR - 2 * MINUTE);
    assert_string_equal(world_state(world, id), "pending");
    world_run_until(world, id, "failed", 2 * HOUR);
    assert_string_equal(world_reason(world, id), "contact_missing");
}

/* A relay that was halted while another one took over: its calls have been
 * answered meanwhile, and their chains do not go on. */
static void one_that_was_halted_makes_no_further_call(void **state)
{
    (void)state;
    (void)world_put(world, "u1");
    world_start(world);
    (void)world_run(world, 0);
    assert_int_equal(fake_http_under_way(world->http), 1);
    fake_clock_advance(&world->clock, MINUTE);
    world_execute(world, "UPDATE outbox_relay SET epoch = epoch + 1");
    assert_int_equal(world_run(world, SECOND), RELAY_HAS_FAILED);
    assert_int_equal(world->err.code, ERR_SUPERSEDED);
    assert_int_equal(fake_http_calls(world->http), 1);
}

#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(an_operators_retry_does_not_end_it),
        RULE(the_next_of_the_user_is_quiet_too),
        RULE(so_is_one_that_comes_when_nothing_waits),
        RULE(a_clock_that_is_set_back_does_not_make_it_longer),
        RULE(nor_any_other_wait),
        RULE(a_retry_that_waits_stays_an_operators),
        RULE(nor_one_that_comes_to_light_later),
        RULE(what_failed_before_does_not_shorten_the_hour),
        RULE(one_that_was_halted_makes_no_further_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
