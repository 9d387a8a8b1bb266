/* followers.h - which deliveries come after one in its lane, remembered.
 *
 * Lanes lie all over their index, so that each look into it reads a page. It
 * holds several of the lane's ids, which are kept here for the next looks.
 * Ids never change, and later ones are larger: what is remembered stays true,
 * but for what was put back, adopted, settled or deleted since. Who uses it
 * looks at the rows, and begins with an empty one where a backup was restored
 * into the file, which gives ids again.
 *
 * A memory that forgets: each id has one place, which it shares with others. */
#ifndef OUTBOX_FOLLOWERS_H
#define OUTBOX_FOLLOWERS_H

#include <stdint.h>

enum { FOLLOWERS_MOST = 7 };

struct followers; /* owned by who made it */

/* An empty one, of half a MiB. */
struct followers *followers_new(void);

/* NULL is fine. */
void followers_free(struct followers *followers);

/* Remember what comes directly after id in its lane, in their order: at most
 * FOLLOWERS_MOST. */
void followers_put(struct followers *followers, int64_t id, const int64_t *ids,
                   int count);

/* Read that into ids, and forget it. Returns how many there are; 0: nothing is
 * known. */
int followers_take(struct followers *followers, int64_t id,
                   int64_t ids[FOLLOWERS_MOST]);

#endif
