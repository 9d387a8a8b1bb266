/* fake_http.h - an HTTP seam without a network, under a fake clock: a small
 * Intercom that keeps contacts and events, and faults as a test scripts them.
 *
 * A request acts when it starts and is answered after its latency, so that a
 * call which is cut has acted: the harder case. Every call is kept, with its
 * times, for a test to look at. */
#ifndef SUPPORT_FAKE_HTTP_H
#define SUPPORT_FAKE_HTTP_H

#include "delivery/http.h"
#include "support/fake_clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAKE_MOST_CALLS = 20000,
    FAKE_MOST_RULES = 16,
    FAKE_MOST_CONTACTS = 2000,
    FAKE_MOST_EVENTS = 5000,
};

struct fake_http; /* owned by who made it */

/* A scripted answer. */
struct fake_rule {
    const char *request;  /* "POST /events": what the request begins with */
    const char *body_has; /* in its body; NULL: any */
    int times;            /* how often; 0: until the rules are cleared */
    enum http_end end;    /* HTTP_ANSWERED: with the status below */
    enum http_trouble trouble;
    int status;
    const char *body;       /* NULL: "" */
    int64_t after_ms;       /* 0: the usual latency */
    int64_t retry_after_s;  /* 0: none */
    int64_t quota_limit;    /* 0: no quota headers */
    int64_t quota_left;     /* … */
    int64_t quota_reset_ms; /* from now */
    bool is_html;
    bool acts; /* the contact or event is taken, whatever is answered */
};

struct fake_call {
    char request[200]; /* "POST /contacts" */
    char *body;        /* "" without; owned */
    char user[120];    /* whose: external_id, user_id, or of the contact's id */
    int64_t started_ms; /* monotonic */
    int64_t ended_ms;   /* -1: under way */
    enum http_end end;
    int status;
};

/* An event as Intercom dedupes it. */
struct fake_event {
    char user[120];
    char name[130];
    int64_t created_at;
    int times; /* taken so often; more than 1: deduped */
};

/* The clock is borrowed. */
struct fake_http *fake_http_new(struct fake_clock *clock);
void fake_http_free(struct fake_http *fake);
const struct http *fake_http_seam(struct fake_http *fake);

/* Add a rule; the first that fits counts. The texts are borrowed. */
void fake_http_script(struct fake_http *fake, const struct fake_rule *rule);
/* No rules any more; calls under way keep their answers. */
void fake_http_clear_rules(struct fake_http *fake);

/* How long every call takes from now on; 20 ms at first. */
void fake_http_set_latency(struct fake_http *fake, int64_t latency_ms);

/* Whether contacts can have our four custom attributes; true at first. Each
 * has to be created by POST /data_attributes if not. */
void fake_http_forget_attributes(struct fake_http *fake);

/* The calls so far. */
int fake_http_calls(const struct fake_http *fake);
const struct fake_call *fake_http_call(const struct fake_http *fake, int index);
/* How many of them begin with request (NULL: all) and are of user (NULL:
 * anyone's). */
int fake_http_count(const struct fake_http *fake, const char *request,
                    const char *user);
int fake_http_under_way(const struct fake_http *fake);
/* The most that were under way together. */
int fake_http_most_under_way(const struct fake_http *fake);

/* What Intercom has. */
int fake_http_events(const struct fake_http *fake);
const struct fake_event *fake_http_event(const struct fake_http *fake,
                                         int index);
/* The contact's attributes as they were last written; NULL: no contact. */
const char *fake_http_attributes(const struct fake_http *fake,
                                 const char *user);
/* Delete the contact at Intercom. */
void fake_http_delete_contact(struct fake_http *fake, const char *user);

#endif
