/* demo_place.h - where a demo happens: a temporary directory with an outbox in
 * it, sample events, and a stand-in Intercom. Owns them; leaves nothing behind.
 * The main thread. */
#ifndef CLI_DEMO_PLACE_H
#define CLI_DEMO_PLACE_H

#include "base/err.h"
#include "net/sandbox.h"
#include "relay/thread.h"

#include <limits.h>
#include <stdint.h>

enum {
    DEMO_BUSY_MS = 5000,
    DEMO_SEED = 42, /* of faults and jitter: the demo is always the same */
};

/* What goes wrong at the stand-in Intercom: a name that somebody archived, a
 * user whose contact was deleted for good, and an API that is overloaded now
 * and then. */
#define DEMO_FAULTS                                                            \
    "reject=rc_product_change_event,"                                          \
    "deleted=demo-user-10,503@events:0.25"

struct demo_place {
    char directory[PATH_MAX]; /* "": not made */
    char database[PATH_MAX];
    struct sandbox *sandbox;
};

/* What became of the samples (demo_events.ndjson). */
struct demo_samples {
    int64_t enqueued, duplicate, refused;
    char refusal[256]; /* the outbox's words about the last one refused */
};

/* Make all of it. Call demo_place_remove() in any case. */
MUST_CHECK bool demo_place_make(struct demo_place *place,
                                const struct sandbox_options *options,
                                struct err *err);
void demo_place_remove(struct demo_place *place);

/* Put the samples into the outbox. */
MUST_CHECK bool demo_place_put_samples(const struct demo_place *place,
                                       struct demo_samples *samples,
                                       struct err *err);

/* Start a relay from the outbox to the sandbox. */
MUST_CHECK bool demo_place_start_relay(const struct demo_place *place,
                                       const struct relay_policy *policy,
                                       struct relay_thread **thread,
                                       struct err *err);

#endif
