#include "net/sandbox_world.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/sandbox_text.h"

#include <stdlib.h>

static void forget_archived_names(struct sandbox_world *world)
{
    for (size_t i = 0; i < world->archived_name_count; i++)
        free(world->archived_names[i]);
    free(world->archived_names);
    world->archived_names = NULL;
    world->archived_name_count = 0;
}

void sandbox_world_end_call(struct sandbox_world *world, uint32_t row,
                            const void *call)
{
    if (row != SANDBOX_NO_ROW && world->contacts.rows[row].calling == call)
        world->contacts.rows[row].calling = NULL;
}

void sandbox_world_archive_name(struct sandbox_world *world, const char *name)
{
    if (name == NULL) {
        forget_archived_names(world);
        return;
    }
    size_t size = (world->archived_name_count + 1) * sizeof(char *);
    world->archived_names = mem_resize(world->archived_names, size);
    world->archived_names[world->archived_name_count++] =
        sandbox_text_fold_name(name);
}

bool sandbox_world_is_archived(const struct sandbox_world *world,
                               const char *name)
{
    if (world->archived_name_count == 0)
        return false;
    bool found = false;
    char *folded = sandbox_text_fold_name(name);
    for (size_t i = 0; i < world->archived_name_count && !found; i++)
        found = text_equals(world->archived_names[i], folded);
    free(folded);
    return found;
}

void sandbox_world_free(struct sandbox_world *world)
{
    forget_archived_names(world);
    sandbox_contacts_free(&world->contacts);
    sandbox_attributes_free(&world->attributes);
    sandbox_events_free(&world->events);
}
