/* peer.h - the simulated Intercom: the sandbox's rules behind the relay's HTTP
 * seam, in two workspaces, with the weather between.
 *
 * Whatever it is sent it writes into the ledger, and checks what can be seen
 * from there. It never does what a request asks after our next call of that
 * user: what the design takes for granted (promises 2 and 3). */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "sim/sim.h"
#include "sim/weather.h"
#include "support/fake_http.h"

#include <stdbool.h>
#include <stdint.h>

/* A relay's process as the peer knows it. */
struct peer_client {
    struct peer *peer;
    int process;
    int token; /* that it sends */
};

struct peer *peer_new(struct sim *sim, int64_t timeout_ms);
void peer_free(struct peer *peer);

/* What a seam of this client needs; the client is borrowed. */
struct fake_server peer_server(struct peer_client *client);

void peer_set_weather(struct peer *peer, enum weather_state weather);
enum weather_state peer_weather(const struct peer *peer);

/* The token that is valid; 0: none is. */
int peer_token(const struct peer *peer);
void peer_revoke_token(struct peer *peer);
/* A new one, perhaps of the other workspace. */
void peer_renew_token(struct peer *peer, bool of_other_workspace);
int peer_workspace(const struct peer *peer);

/* How many calls in ten seconds; 0: any number. */
void peer_set_quota(struct peer *peer, int64_t limit);

/* What people do in Intercom. */
void peer_meddle(struct peer *peer);
/* Take back what would fail deliveries for good. */
void peer_mend(struct peer *peer);

/* The entitlement that a user's contact has: the number of the event that it
 * was written for; 0: none; -1: there is no (active) contact. */
int peer_entitlement(const struct peer *peer, int user);

/* Calls that were answered 429 so far. */
int64_t peer_refused_for_quota(const struct peer *peer);

#endif
