/* bell.h - one thread tells another, which sleeps in poll(), that there is
 * something new; for src/net/http_wire.c. */
#ifndef NET_BELL_H
#define NET_BELL_H

#include <stdbool.h>

/* All of it is used with the mutex of what is new held, but for the descriptor:
 * it is readable once the bell has rung. */
struct bell {
    int descriptor;
    bool is_heard; /* the other side waits for it */
    bool has_rung;
};

/* Make one that nobody hears yet. False: errno says why; bell_close() is fine
 * all the same. */
bool bell_open(struct bell *bell);
void bell_close(struct bell *bell);

/* Wake who hears it; nothing, if that has been done, or nobody does: who is
 * awake looks before he sleeps. */
void bell_ring(struct bell *bell);

/* About to sleep; awake again. */
void bell_hear(struct bell *bell);
void bell_silence(struct bell *bell);

#endif
