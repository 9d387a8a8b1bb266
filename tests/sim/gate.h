/* gate.h - requests that wait for a sync, in a simulated relay: an HTTP seam
 * before another one.
 *
 * What src/net/wire_gate.c does in a thread of its own happens when the
 * machine says so, as the relay's process and between two of its turns. Calls
 * that were taken back come out at the next sync, as there. */
#ifndef SIM_GATE_H
#define SIM_GATE_H

#include "delivery/http.h"
#include "outbox/store.h"
#include "sim/sim.h"

#include <stdbool.h>

struct gate; /* owned by who made it */

/* Before the seam, for this process of the machine; all borrowed. */
struct gate *gate_new(struct sim *sim, int process, const struct http *inner,
                      struct store *store);
/* NULL is fine. */
void gate_free(struct gate *gate);

/* The seam for the relay; borrowed. */
const struct http *gate_seam(struct gate *gate);

/* A sync is to be made, whether calls wait for it or not. */
bool gate_waits(const struct gate *gate);

/* Make it, and let out what waited. False: it has failed, and the relay is to
 * be told. */
bool gate_pass(struct gate *gate);

#endif
