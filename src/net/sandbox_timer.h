/* sandbox_timer.h - one thread that wakes waiters when their time has come, or
 * when the peer of their socket has gone. It owns the waiting list; waiters are
 * borrowed until they are woken. */
#ifndef NET_SANDBOX_TIMER_H
#define NET_SANDBOX_TIMER_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct sandbox_timer;

/* Start the thread. wake is called on it, once a waiter, and never under the
 * timer's lock. Fails with ERR_IO. */
MUST_CHECK bool sandbox_timer_start(void (*wake)(void *waiter),
                                    struct sandbox_timer **timer,
                                    struct err *err);

/* Wake the waiter in delay_ms. Any thread. False: the timer has stopped, and
 * will not wake it. */
MUST_CHECK bool sandbox_timer_add(struct sandbox_timer *timer, void *waiter,
                                  int64_t delay_ms);

/* Wake the waiter once the peer of this connected socket has closed it. The
 * socket must stay open until then. */
MUST_CHECK bool sandbox_timer_add_until_gone(struct sandbox_timer *timer,
                                             void *waiter, int socket);

/* True if the peer of a connected socket has closed it. Takes nothing from it,
 * and never waits. */
bool sandbox_timer_peer_is_gone(int socket);

/* Wake all who wait, at once, and end the thread. NULL is fine. */
void sandbox_timer_stop(struct sandbox_timer *timer);

/* Free a stopped timer. NULL is fine. */
void sandbox_timer_free(struct sandbox_timer *timer);

#endif
