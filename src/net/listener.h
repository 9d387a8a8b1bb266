/* listener.h - opens a TCP socket that listens. Any thread. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "base/err.h"

#include <stdint.h>

/* Listen on a numeric IPv4 or IPv6 address (NULL: 127.0.0.1) and a port (0: any
 * free one). *descriptor is non-blocking, closed on exec, and owned by the
 * caller; *bound is the port. Fails with ERR_INVALID (no address), ERR_ACCESS
 * (in use, or not allowed) or ERR_IO; the text names address and port. */
MUST_CHECK bool listener_open(const char *address, uint16_t port,
                              int *descriptor, uint16_t *bound,
                              struct err *err);

#endif
