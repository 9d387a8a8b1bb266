/* sandbox_loop.h - the thread that answers: it waits, and lets libmicrohttpd do
 * what is to be done. Owns the thread and what wakes it, not the daemon.
 *
 * libmicrohttpd 0.9.75 is not left to wait by itself: when one look brings as
 * many events as it can take at once (128), it waits for more before it answers
 * any of them, for as long as nothing comes. From here it is only ever called
 * when there is something, and never waits. */
#ifndef NET_SANDBOX_LOOP_H
#define NET_SANDBOX_LOOP_H

#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct MHD_Connection;
struct MHD_Daemon;

/* Start it with all bytes zero. */
struct sandbox_loop {
    struct MHD_Daemon *daemon; /* borrowed; NULL while not started */
    int woken;                 /* eventfd */
    bool has_room_again;       /* the thread's */
    atomic_bool is_ending;
    pthread_t thread;
};

/* Start the thread. The daemon is one with MHD_USE_EPOLL and without threads
 * and timeouts of its own. Fails with ERR_IO. */
MUST_CHECK bool sandbox_loop_start(struct sandbox_loop *loop,
                                   struct MHD_Daemon *daemon, struct err *err);

/* Let a suspended connection go on. Any thread, until the loop is stopped. */
void sandbox_loop_resume(const struct sandbox_loop *loop,
                         struct MHD_Connection *connection);

/* A connection has ended. Called by the daemon, so in the thread. */
void sandbox_loop_make_room(struct sandbox_loop *loop);

/* End the thread, whatever is under way. Fine for one that did not start. */
void sandbox_loop_stop(struct sandbox_loop *loop);

#endif
