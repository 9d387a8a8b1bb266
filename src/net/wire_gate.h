/* wire_gate.h - calls that wait for a sync, which a thread of its own makes.
 *
 * So that the relay's thread can go on with its next transaction while the disk
 * takes the one before (promise 3: an attempt is on the disk before its first
 * byte leaves). One sync is for all calls that came while the sync before was
 * made. For src/net/http_wire.c alone; all of it is for one thread, the
 * relay's. */
#ifndef NET_WIRE_GATE_H
#define NET_WIRE_GATE_H

#include "net/wire_call.h"

#include <stdbool.h>

struct wire_gate; /* owned by who made it */

/* Both are called by the gate's thread, with the context. */
struct wire_gate_options {
    /* Sync what was committed before. False: it is not on the disk. */
    bool (*sync)(void *context);
    void *sync_context;
    /* Take over what comes out: calls that are to be made, and calls that have
     * ended without a byte sent. Both may be empty. */
    void (*let_out)(void *context, struct wire_queue *to_make,
                    struct wire_queue *ended);
    void *let_out_context;
};

/* Start the thread. 0, or errno: the system has none to give. */
int wire_gate_new(const struct wire_gate_options *options,
                  struct wire_gate **gate);

/* Let the call in; it comes out after a sync that begins from now on. */
void wire_gate_add(struct wire_gate *gate, struct wire_call *call);

/* Have a sync made from now on, for nobody. */
void wire_gate_sync(struct wire_gate *gate);

/* What is inside now comes out with this trouble. */
void wire_gate_take_back(struct wire_gate *gate, enum http_trouble trouble);

/* Wait until all that is inside has come out, and no sync is to be made. */
void wire_gate_wait(struct wire_gate *gate);

/* End the thread; nothing may be inside any more. NULL is fine. */
void wire_gate_free(struct wire_gate *gate);

#endif
