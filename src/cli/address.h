/* address.h - "127.0.0.1:8080" and "[::1]:8080". Pure. */
#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct address {
    char host[64]; /* numeric, without brackets */
    uint16_t port;
    bool is_ipv6;
};

/* True if only this machine can reach it. */
bool address_is_loopback(const struct address *address);

/* Read ADDR:PORT; a port alone, or ":PORT", is that of 127.0.0.1. Port 0 means
 * any free one. Fails with ERR_USAGE and what is wrong. */
MUST_CHECK bool address_parse(const char *text, struct address *address,
                              struct err *err);

#endif
