#include "support/world_test.h"

#include "base/mem.h"

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
