/* sandbox_site.h - everything of the sandbox but its sockets: who may call, how
 * often, what goes wrong, what is answered, and what was counted. Pure: the
 * request carries the time. One thread at a time. */
#ifndef NET_SANDBOX_SITE_H
#define NET_SANDBOX_SITE_H

#include "net/sandbox.h"
#include "net/sandbox_api.h"
#include "net/sandbox_faults.h"
#include "net/sandbox_quota.h"
#include "net/sandbox_reply.h"
#include "net/sandbox_world.h"

#include <stdbool.h>
#include <stdint.h>

/* Statuses that calls are counted by: below this. 0 is "no answer". */
enum { SANDBOX_STATUS_COUNT = 600 };

struct sandbox_site {
    struct sandbox_world world;
    struct sandbox_quota quota;
    struct sandbox_faults faults;
    char *token; /* owned; NULL: any is taken */
    int64_t latency_ms;
    uint64_t seed;
    uint64_t requests; /* of all paths */
    int64_t calls[SANDBOX_ROUTE_COUNT][SANDBOX_STATUS_COUNT];
    int64_t open_connections;
    int64_t peak_connections;
};

/* How an answer leaves. */
enum sandbox_leave {
    SANDBOX_LEAVE_WHOLE,
    SANDBOX_LEAVE_CUT,   /* part of it, then the connection ends */
    SANDBOX_LEAVE_RESET, /* none of it: the connection ends */
    SANDBOX_LEAVE_NEVER, /* none of it: the connection stays */
};

struct sandbox_outcome {
    struct sandbox_reply reply;
    enum sandbox_leave leave;
    int64_t delay_ms; /* wait so long before it leaves */
    uint32_t calling; /* owed to sandbox_world_end_call when it leaves */
};

/* Set a site up; free it with sandbox_site_free. options is borrowed for the
 * call; address and port are not looked at. Fails with ERR_INVALID. */
MUST_CHECK bool sandbox_site_init(struct sandbox_site *site,
                                  const struct sandbox_options *options,
                                  int64_t now_ms, struct err *err);

/* Replace the faults, and bring what they speak of into the world. Fails with
 * ERR_INVALID; then the old ones stay. */
MUST_CHECK bool sandbox_site_set_faults(struct sandbox_site *site,
                                        const char *spec, int64_t now_ms,
                                        struct err *err);

/* Serve one request to its end and fill *outcome; its reply is the caller's to
 * free. */
void sandbox_site_serve(struct sandbox_site *site,
                        const struct sandbox_request *request,
                        struct sandbox_outcome *outcome);

/* Fill *summary; free it with sandbox_summary_free. */
void sandbox_site_summarize(const struct sandbox_site *site,
                            struct sandbox_summary *summary);

void sandbox_site_free(struct sandbox_site *site);

#endif
