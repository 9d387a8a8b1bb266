/* peer_part.h - the inside of the simulated Intercom, for tests/sim/peer*.c. */
#ifndef SIM_PEER_PART_H
#define SIM_PEER_PART_H

#include "net/sandbox_site.h"
#include "sim/peer.h"

enum { PEER_WORKSPACES = 2 };

/* A request that came, with what is drawn of it. */
struct peer_call {
    struct weather_fate fate;
    char method[8];
    char *path; /* owned */
    char *body; /* owned; NULL: none */
    int token;
    int user;   /* of the ledger; 0: the destination's own call */
    int64_t id; /* delivery */
    int number; /* attempt */
    int workspace;
    bool is_event;
    bool has_acted;
    bool knows_version;
    int64_t started_ms;         /* monotonic */
    struct sandbox_reply reply; /* once it has acted, or was judged */
    struct peer_call *next;     /* in limbo */
};

struct peer {
    struct sim *sim;
    struct sandbox_site sites[PEER_WORKSPACES];
    int workspace;
    int token;
    int last_token;
    enum weather_state weather;
    int64_t timeout_ms;
    int64_t server_ahead_ms; /* its clock less monotonic time */
    int marked_user;
    int64_t refused_for_quota;
    struct peer_call *limbo; /* cut by the client, perhaps still to be done */
};

/* Let Intercom do what the request asks; the reply is its own. */
void peer_act(struct peer *peer, struct peer_call *call);
void peer_free_call(struct peer_call *call);

/* The name of a user at both ends. */
void peer_name_user(int user, char *out, size_t size);

#endif
