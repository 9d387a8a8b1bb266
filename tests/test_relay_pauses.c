/* Pauses: what an operator stops until an operator lets it go on. */
#include "relay/relay.h"

#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
enum { USERS = 40 };

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

static void a_pause_claims_nothing_until_it_is_lifted(void **state)
{
    (void)state;
    world_start(world);
    pause_sending();
    put_users(USERS);
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
    put_users(USERS);
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
    static const struct fake_rule holds[] = {
        {.request = "", .status = 401},
        {.request = "POST /events", .status = 403},
    };
    for (int i = 0; i < 2; i++) {
        fake_intercom_script(world->intercom, &holds[i]);
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

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        RULE(a_pause_claims_nothing_until_it_is_lifted),
        RULE(what_is_under_way_at_a_pause_ends),
        RULE(a_pause_during_a_hold_is_calm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
