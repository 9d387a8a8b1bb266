#include "support/world_test.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

struct world *world;

int open_world(void **state)
{
    (void)state;
    world = mem_new(sizeof(*world));
    world_open(world);
    return 0;
}

int close_world(void **state)
{
    (void)state;
    world_close(world);
    free(world);
    world = NULL;
    return 0;
}

void put_users(int users)
{
    for (int i = 0; i < users; i++) {
        char user[16];
        (void)snprintf(user, sizeof(user), "u%d", i);
        (void)world_put(world, user);
    }
}

void expect_all_delivered(int64_t within_ms)
{
    for (int64_t id = 1; id <= world->events; id++)
        world_run_until(world, id, "delivered", within_ms);
    world_check(world);
}

void expect_all_untried(void)
{
    assert_int_equal(count_in("pending"), world->events);
    assert_int_equal(world_number(world,
                                  "SELECT coalesce(sum(tries), 0) FROM "
                                  "outbox_delivery",
                                  0),
                     0);
    assert_int_equal(world->report.failed, 0);
}

int64_t count_in(const char *state)
{
    char sql[120];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM outbox_delivery WHERE state = '%s'",
                   state);
    return world_number(world, sql, 0);
}

const char *hold_reason(void)
{
    return world_text(world, "SELECT hold_reason FROM outbox_destination", 0);
}

int64_t start_put_off(int64_t retry_after_s)
{
    const struct fake_rule down = {.request = "POST /events",
                                   .times = 1,
                                   .status = 503,
                                   .retry_after_s = retry_after_s};
    fake_intercom_script(world->intercom, &down);
    int64_t id = world_put(world, "u1");
    world_start(world);
    return id;
}
