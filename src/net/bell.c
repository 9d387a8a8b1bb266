#include "net/bell.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool bell_open(struct bell *bell)
{
    *bell = (struct bell){
        .descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
    };
    return bell->descriptor >= 0;
}

void bell_close(struct bell *bell)
{
    if (bell->descriptor >= 0)
        (void)close(bell->descriptor);
    bell->descriptor = -1;
}

void bell_ring(struct bell *bell)
{
    uint64_t one = 1;
    if (!bell->is_heard || bell->has_rung)
        return;
    bell->has_rung = true;
    (void)!write(bell->descriptor, &one, sizeof(one));
}

void bell_hear(struct bell *bell)
{
    bell->is_heard = true;
}

void bell_silence(struct bell *bell)
{
    uint64_t count;
    bell->is_heard = false;
    if (bell->has_rung)
        (void)!read(bell->descriptor, &count, sizeof(count));
    bell->has_rung = false;
}
