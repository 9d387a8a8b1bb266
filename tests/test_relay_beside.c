/* A relay beside an application that commits to the same file: it leaves the
 * lock free. A real outbox; the network and the time are scripted. */
#include "relay/relay.h"

#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { USERS = 300, STEPS = 60 };

/* The least time between two turns that claimed something. */
static int64_t least_between_commits(void)
{
    return world_number(
        world,
        "SELECT min(next - started_ms) FROM (SELECT started_ms, "
        "lead(started_ms) OVER (ORDER BY started_ms) AS next FROM (SELECT "
        "DISTINCT started_ms FROM outbox_attempt))",
        0);
}

static void the_lock_is_left_free_while_others_write(void **state)
{
    (void)state;
    fake_intercom_set_latency(world->intercom, 1);
    put_users(USERS);
    world_start(world);
    for (int i = 0; i < STEPS; i++) {
        (void)world_put(world, "other");
        (void)world_run(world, 1);
    }
    assert_in_range(least_between_commits(), 3, 10);
    /* and the relay gets on, too */
    assert_true(world->report.delivered > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_lock_is_left_free_while_others_write, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
