/* run_receiver.h - the receiver beside the relay: what it needs is read from
 * files once, before anything starts. The main thread. */
#ifndef CLI_RUN_RECEIVER_H
#define CLI_RUN_RECEIVER_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/address.h"
#include "cli/run_options.h"
#include "net/receiver.h"
#include "relay/metrics.h"

struct run_receiver {
    struct address address;
    char *authorization;    /* owned; NULL: not demanded */
    char *secret;           /* owned; NULL: not demanded */
    struct buf certificate; /* empty: plain http */
    struct buf key;
};

/* Read what settings that were checked name; nothing without --listen. Fails
 * as file_read() and file_read_secret() do. */
MUST_CHECK bool run_receiver_read(const struct run_settings *settings,
                                  struct run_receiver *receiver,
                                  struct err *err);

/* Secrets are overwritten first. */
void run_receiver_free(struct run_receiver *receiver);

/* Start it on this database, and say where it listens. metrics is borrowed
 * until the join. Fails as receiver_start() does. */
MUST_CHECK bool run_receiver_start(const struct run_receiver *receiver,
                                   const char *database,
                                   struct metrics *metrics,
                                   struct receiver **started, struct err *err);

#endif
