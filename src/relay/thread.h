/* thread.h - a relay on a thread of its own, with real clock, sockets, file.
 *
 * Used by `run`, `demo` and `tui --run`. Start and join from one thread;
 * thread_stop_relay() from any. Signals are blocked in the new thread. */
#ifndef RELAY_THREAD_H
#define RELAY_THREAD_H

#include "base/err.h"
#include "relay/relay.h"

#include <stdbool.h>
#include <stdint.h>

struct relay_thread; /* owned by who started it */

struct relay_thread_options {
    const char *database_path;
    const char *api_url;    /* "https://api.intercom.io"; no final '/' */
    const char *token;      /* never NULL */
    const char *token_file; /* read again before probes; NULL: none */
    bool insecure_http;     /* plain http to other than loopback */
    struct relay_policy policy;
    struct metrics *metrics; /* borrowed until the join; NULL: nobody watches */
};

/* Take the lock of the file, open it, begin an epoch, start the thread; all
 * options are copied. When it returns true the relay is working. Fails with
 * ERR_BUSY and who holds the lock (pid, since when), ERR_INVALID for a bad
 * URL (plain http to a host that is not loopback without insecure_http), and
 * as store_open() does. */
MUST_CHECK bool relay_thread_start(const struct relay_thread_options *options,
                                   struct relay_thread **thread,
                                   struct err *err);

/* A descriptor that becomes readable when the relay has ended; borrowed. */
int relay_thread_end_descriptor(const struct relay_thread *thread);

/* Stop claiming; what is under way has grace_ms. Called again with 0 it ends
 * at once. Any thread; returns at once. */
void relay_thread_stop(struct relay_thread *thread, int64_t grace_ms);

/* Wait for the end and free the thread. False: the relay failed, err says why
 * (ERR_SUPERSEDED, ERR_IO …). *report is filled either way. */
MUST_CHECK bool relay_thread_join(struct relay_thread *thread,
                                  struct relay_report *report, struct err *err);

#endif
