/* sandbox.h - a stand-in Intercom on a real socket, for tests, the demo and
 * whoever wants to see what subrelay sends. It owns its listener, its threads
 * (one that answers, one that delays) and the world it pretends: contacts,
 * data attributes and events, all in memory.
 *
 * It answers as Intercom's API 2.16 does (GET /me, /contacts, /data_attributes,
 * POST /events). Where Intercom's behaviour is not known, it takes the
 * stricter reading, so that a mistake shows here first:
 * - null metadata values are refused; so is a created_at in milliseconds, or
 *   one more than future_s ahead ("future created_at");
 * - an archived or deleted contact is not found by events, PUT and find;
 * - a merged contact takes events under its old external_id, answers 409 with
 *   its old id to a create, and 410 with a Link to everything else.
 * Contacts here have role, external_id and custom_attributes; other documented
 * fields are taken and not kept.
 *
 * Outside Intercom's paths, without a token and beyond the quota:
 *   GET  /_sandbox/events[?user=]     what arrived, in order, one JSON array
 *   GET  /_sandbox/contacts[?user=]   likewise
 *   GET  /_sandbox/stats              counts; "parallel_same_user" says how
 *        often an event came while one of the same user was being answered
 *        (seen reliably from a latency of 1 ms up)
 *   POST /_sandbox/contacts/ID/archive, …/delete, …/merge (body: the id to
 *        merge into); ID is either of a contact's two ids
 *   POST /_sandbox/token, /faults, /quota, /latency   body: the new value
 *   POST /_sandbox/attributes/NAME    body: a data type; empty removes it */
#ifndef NET_SANDBOX_H
#define NET_SANDBOX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The quota of a sandbox that was given none: calls per 10 s. More than it can
 * answer, so never what limits. */
enum { SANDBOX_QUOTA_UNLIMITED = 10000000 };

/* Contact ids and the faults' dice come from the seed. */
struct sandbox_options {
    const char *address; /* numeric; NULL: 127.0.0.1. Borrowed for the call */
    uint16_t port;       /* 0: any free one, see sandbox_port */
    /* Start without the four attributes that subrelay writes, as a new
     * workspace does. */
    bool attributes_missing;
    int64_t quota;      /* calls per 10 s; 0: SANDBOX_QUOTA_UNLIMITED */
    int64_t latency_ms; /* what every answer is delayed by; 0: nothing */
    const char *faults; /* sandbox_faults.h has the grammar; NULL: none */
    uint64_t seed;
    const char *token; /* the only one taken; NULL: any */
    int64_t future_s;  /* how far ahead created_at may be; 0: a day */
};

struct sandbox;

/* Start listening and answering. *sandbox is owned by the caller
 * (sandbox_stop). Fails with ERR_INVALID for an option that makes no sense (the
 * text names the word of a bad fault), ERR_ACCESS when the port is taken or not
 * allowed, ERR_IO otherwise. */
MUST_CHECK bool sandbox_start(const struct sandbox_options *options,
                              struct sandbox **sandbox, struct err *err);

/* The port it listens on. */
uint16_t sandbox_port(const struct sandbox *sandbox);

/* Close every connection, answered or not, end the threads, free everything.
 * NULL is fine. */
void sandbox_stop(struct sandbox *sandbox);

/* Replace the faults while running. Fails with ERR_INVALID; then the old ones
 * stay. Any thread. */
MUST_CHECK bool sandbox_set_faults(struct sandbox *sandbox, const char *spec,
                                   struct err *err);

struct sandbox_name_count {
    char *name;     /* as Intercom folds it: lower case, . and $ as - */
    int64_t events; /* without duplicates */
};

/* What arrived so far. */
struct sandbox_summary {
    int64_t calls;      /* /_sandbox aside */
    int64_t contacts;   /* of any state */
    int64_t events;     /* without duplicates */
    int64_t duplicates; /* events that were merged into an earlier one */
    int64_t rate_limited;
    int64_t refused; /* answers of status 400 and up, 429 aside */
    int64_t parallel_same_user;
    int64_t metadata_keys_dropped;
    int64_t peak_connections;
    struct sandbox_name_count *names; /* owned, in order of first arrival */
    size_t name_count;
};

/* Fill *summary; free it with sandbox_summary_free. Any thread. */
void sandbox_summarize(struct sandbox *sandbox,
                       struct sandbox_summary *summary);
void sandbox_summary_free(struct sandbox_summary *summary);

#endif
