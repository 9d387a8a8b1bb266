/* sandbox_listing.h - the sandbox's events or contacts as one JSON array,
 * written piece by piece: a million rows need no memory of their size. It shows
 * what was there when it began. One thread at a time, the world's. */
#ifndef NET_SANDBOX_LISTING_H
#define NET_SANDBOX_LISTING_H

#include "net/sandbox_world.h"

#include <stddef.h>

enum sandbox_listing_kind {
    SANDBOX_LIST_EVENTS,
    SANDBOX_LIST_CONTACTS,
};

struct sandbox_listing;

/* List everything, or (external_id given, borrowed) what is of that user. world
 * is kept. The result is owned by the caller. */
struct sandbox_listing *sandbox_listing_new(const struct sandbox_world *world,
                                            enum sandbox_listing_kind kind,
                                            const char *external_id);

/* Copy the next bytes, at most size > 0. Returns how many; 0: the end. */
size_t sandbox_listing_read(struct sandbox_listing *listing, char *bytes,
                            size_t size);

void sandbox_listing_free(struct sandbox_listing *listing);

#endif
