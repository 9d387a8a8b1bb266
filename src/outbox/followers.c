#include "outbox/followers.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Of 1,000 lanes that move on in turns, seven in eight are remembered. */
enum { PLACES = 8192 };

/* A line of the processor's cache. */
struct place {
    int64_t id;                  /* 0: nobody */
    int64_t ids[FOLLOWERS_MOST]; /* 0: no more */
};

struct followers {
    struct place places[PLACES];
};

static struct place *place_of(struct followers *followers, int64_t id)
{
    return &followers->places[(uint64_t)id % PLACES];
}

struct followers *followers_new(void)
{
    return mem_new(sizeof(struct followers));
}

void followers_free(struct followers *followers)
{
    free(followers);
}

void followers_put(struct followers *followers, int64_t id, const int64_t *ids,
                   int count)
{
    assert(count <= FOLLOWERS_MOST);
    if (count == 0)
        return;
    struct place *place = place_of(followers, id);
    *place = (struct place){.id = id};
    memcpy(place->ids, ids, (size_t)count * sizeof(*ids));
}

int followers_take(struct followers *followers, int64_t id,
                   int64_t ids[FOLLOWERS_MOST])
{
    struct place *place = place_of(followers, id);
    int count = 0;
    if (place->id != id)
        return 0;
    place->id = 0;
    while (count < FOLLOWERS_MOST && place->ids[count] != 0) {
        ids[count] = place->ids[count];
        count++;
    }
    return count;
}
