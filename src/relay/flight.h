/* flight.h - one delivery under way: its claim, its chain, its calls so far.
 *
 * From the commit of its attempt to the commit of its outcome. Owned by the
 * relay, which moves it from list to list. */
#ifndef RELAY_FLIGHT_H
#define RELAY_FLIGHT_H

#include "delivery/backoff.h"
#include "delivery/intercom.h"
#include "outbox/outbox.h"
#include "relay/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who a finished call belongs to: the first member of its owner. */
enum call_owner {
    OWNER_FLIGHT,
    OWNER_UPKEEP,
};

struct flight {
    enum call_owner owner;
    struct outbox_claim claim;
    struct plan plan;
    struct intercom_chain chain;
    /* Owned: those that have ended, and behind them the one under way, of
     * which only the request is known. */
    struct outbox_call *calls;
    size_t call_count;           /* that have ended */
    struct verdict verdict;      /* once it has ended */
    struct http_request request; /* a call that is put off … */
    int64_t call_at_ms;          /* … until then (monotonic) */
    char *sent_events;           /* the user's, this one added; or NULL */
    bool is_probe;
    /* As recorded, which counts once it is committed. */
    const char *outcome;
    int64_t ended_ms; /* wall clock */
    struct flight *next;
};

/* Make a flight; takes over the claim, but for its payload, which is freed (as
 * the plan is made, and 1 MiB for each that is under way is much), and the
 * plan. */
struct flight *flight_new(struct outbox_claim *claim, struct plan *plan,
                          bool is_probe);

/* The first call. */
void flight_begin(struct flight *flight, struct http_request *request);

/* A call ended: note it, and say what is next, as intercom_take_answer(). */
enum intercom_next flight_take_answer(struct flight *flight,
                                      const struct http_answer *answer,
                                      int64_t now_ms,
                                      struct http_request *request);

/* The missing attributes exist now, as intercom_resume(). */
enum intercom_next flight_resume(struct flight *flight,
                                 struct http_request *request);

struct flight_policy {
    struct backoff backoff;
    int64_t give_up_ms; /* age of tries at which a delivery fails … */
    int64_t open_ms;    /* … counted in the time that sending was possible */
    int64_t timeout_ms; /* of one request */
    uint32_t random;    /* of this retry */
};

/* Room for what a person reads of the end, and for its one word. */
struct flight_words {
    char result[256];
    char reason[40]; /* "merged with #41" */
};

/* What the outbox is to record of an ended flight. Borrows from it and from
 * words. */
void flight_describe_end(struct flight *flight,
                         const struct flight_policy *policy, int64_t now_ms,
                         struct outbox_end *end, struct flight_words *words);

/* NULL is fine. */
void flight_free(struct flight *flight);

#endif
