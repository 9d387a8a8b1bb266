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
