/* receiver.h - takes webhooks over HTTP into the outbox, and tells how all is.
 *
 * POST /webhooks/revenuecat is answered with 200 only after the commit is
 * durable. GET /healthz, /readyz and /metrics are for machines that watch.
 * Two threads: one moves bytes, one writes with a store of its own, so that a
 * locked outbox does not keep anybody from being answered. Start and join from
 * one thread, receiver_stop() from any. Signals are blocked in both. */
#ifndef NET_RECEIVER_H
#define NET_RECEIVER_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct receiver; /* owned by who started it */

struct receiver_options {
    const char *database_path;
    const char *address; /* numeric; NULL: 127.0.0.1 */
    uint16_t port;       /* 0: any free one */
    /* Both NULL: anybody may send. */
    const char *authorization; /* the value demanded */
    const char *secret;        /* a signature by it is demanded */
    /* PEM texts; both NULL: plain http. */
    const char *tls_certificate;
    const char *tls_key;
    /* Append the metrics of whatever stands above this floor; NULL: none.
     * Called on the receiver's thread, until receiver_join() has returned. */
    void (*add_metrics)(void *context, struct buf *out);
    void *metrics_context;
};

/* Listen and serve; all options are copied. Raises the process's own limit of
 * descriptors as far as it may. Fails with ERR_ACCESS (port in use, or not
 * allowed), ERR_INVALID (certificate and key), and as store_open() does. */
MUST_CHECK bool receiver_start(const struct receiver_options *options,
                               struct receiver **receiver, struct err *err);

/* The port that it listens on. */
uint16_t receiver_port(const struct receiver *receiver);

/* A descriptor that becomes readable when the receiver has ended; borrowed. */
int receiver_end_descriptor(const struct receiver *receiver);

/* Accept nothing more; requests under way may end until grace_ms are over,
 * then they are cut. Any thread; returns at once. */
void receiver_stop(struct receiver *receiver, int64_t grace_ms);

/* Wait for the end and free it. False: it has not ended because it was asked
 * to; err says why. */
MUST_CHECK bool receiver_join(struct receiver *receiver, struct err *err);

#endif
