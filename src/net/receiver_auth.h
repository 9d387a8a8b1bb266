/* receiver_auth.h - whether a webhook comes from whom we agreed with.
 *
 * RevenueCat sends a fixed Authorization value, a signature, or both; what is
 * configured must be right, all of it. Compared in constant time. The texts of
 * errors are for the log, never for the sender, and hold no secret. Any
 * thread. */
#ifndef NET_RECEIVER_AUTH_H
#define NET_RECEIVER_AUTH_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a signature's time may be from ours. */
enum { RECEIVER_AUTH_TOLERANCE_S = 300 };

/* Longer signature headers are refused unread. */
enum { RECEIVER_AUTH_MOST_HEADER_BYTES = 1024 };

struct receiver_auth; /* owned by who made it */

/* Both are copied; NULL: not demanded. Spaces around the Authorization value
 * do not count, as HTTP has it. */
struct receiver_auth *receiver_auth_new(const char *authorization,
                                        const char *secret);

/* The secrets are overwritten first. NULL is fine. */
void receiver_auth_free(struct receiver_auth *auth);

/* True if a signature is demanded: the whole body has to be there for it. */
bool receiver_auth_needs_body(const struct receiver_auth *auth);

/* Judge the Authorization header (NULL: there is none). Fails with
 * ERR_ACCESS. True if none is demanded. */
MUST_CHECK bool receiver_auth_check_value(const struct receiver_auth *auth,
                                          const char *value, struct err *err);

/* Judge "t=<unix seconds>,v1=<hex>" (NULL: there is no such header), HMAC-
 * SHA256 over "<t>.<body>". Several v1 may be given, one of them has to be
 * right; other parts are passed over. Fails with ERR_ACCESS. True if none is
 * demanded. */
MUST_CHECK bool receiver_auth_check_signature(const struct receiver_auth *auth,
                                              const char *header,
                                              const char *body, size_t length,
                                              int64_t now_ms, struct err *err);

#endif
