/* receiver_stats.h - what the receiver has done since it started.
 *
 * Counted by its threads, written as metrics by one of them. */
#ifndef NET_RECEIVER_STATS_H
#define NET_RECEIVER_STATS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/histogram.h"
#include "net/receiver_answer.h"

#include <stdatomic.h>
#include <stdint.h>

/* What can be asked for. */
/* clang-format off */
#define RECEIVER_ROUTES(ROUTE)                                                 \
    /*    constant  path                     word       methods         */     \
    ROUTE(WEBHOOK,  "/webhooks/revenuecat",  "webhook", "POST")                \
    ROUTE(HEALTH,   "/healthz",              "healthz", "GET, HEAD")           \
    ROUTE(READY,    "/readyz",               "readyz",  "GET, HEAD")           \
    ROUTE(METRICS,  "/metrics",              "metrics", "GET, HEAD")           \
    ROUTE(OTHER,    NULL,                    "other",   "")
/* clang-format on */

#define RECEIVER_ROUTE_CONSTANT(constant, path, word, methods)                 \
    RECEIVER_ROUTE_##constant,
enum receiver_route {
    RECEIVER_ROUTES(RECEIVER_ROUTE_CONSTANT) RECEIVER_ROUTE_COUNT
};
#undef RECEIVER_ROUTE_CONSTANT

/* Why a connection was closed by us before its time. */
#define RECEIVER_CUTS(CUT)                                                     \
    CUT(HEAD, "slow_head")                                                     \
    CUT(BODY, "slow_body")                                                     \
    CUT(ANSWER, "slow_reader")                                                 \
    CUT(IDLE, "idle")                                                          \
    CUT(ROOM, "no_room")                                                       \
    CUT(SIZE, "endless_body")                                                  \
    CUT(STOP, "end_of_grace")

#define RECEIVER_CUT_CONSTANT(constant, word) RECEIVER_CUT_##constant,
enum receiver_cut { RECEIVER_CUTS(RECEIVER_CUT_CONSTANT) RECEIVER_CUT_COUNT };
#undef RECEIVER_CUT_CONSTANT

struct receiver_stats {
    _Atomic int64_t answers[RECEIVER_ROUTE_COUNT][RECEIVER_ANSWER_COUNT];
    _Atomic int64_t malformed; /* answered by libmicrohttpd itself */
    _Atomic int64_t connections;
    _Atomic int64_t accepted;
    _Atomic int64_t accept_failures;
    _Atomic int64_t cuts[RECEIVER_CUT_COUNT];
    _Atomic int64_t commits_failed;
    struct histogram group_events; /* webhooks a commit */
    struct histogram commit_us;
    struct histogram request_ms; /* of a webhook: head to answer */
};

void receiver_stats_init(struct receiver_stats *stats);

/* Add one; any thread. */
void receiver_stats_count(_Atomic int64_t *counter);

/* Append all of it in Prometheus's text format. */
void receiver_stats_write(const struct receiver_stats *stats, struct buf *out);

#endif
