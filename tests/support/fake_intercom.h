/* fake_intercom.h - a small Intercom behind support/fake_http.h: it keeps
 * contacts and events, and fails as a test scripts it.
 *
 * A request acts when it starts and is answered after its latency, so that a
 * call which is cut has acted: the harder case. */
#ifndef SUPPORT_FAKE_INTERCOM_H
#define SUPPORT_FAKE_INTERCOM_H

#include "support/fake_http.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FAKE_MOST_RULES = 16,
    FAKE_MOST_CONTACTS = 2000,
    FAKE_MOST_EVENTS = 5000,
};

struct fake_intercom; /* owned by who made it */

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

/* An event as Intercom dedupes it. */
struct fake_event {
    char user[120];
    char name[130];
    int64_t created_at;
    int times; /* taken so often; more than 1: deduped */
};

/* The clock is borrowed. */
struct fake_intercom *fake_intercom_new(struct fake_clock *clock);
void fake_intercom_free(struct fake_intercom *fake);

/* What a seam needs to be answered by it. */
struct fake_server fake_intercom_server(struct fake_intercom *fake);

/* Add a rule; the first that fits counts. The texts are borrowed. */
void fake_intercom_script(struct fake_intercom *fake,
                          const struct fake_rule *rule);
/* No rules any more; calls under way keep their answers. */
void fake_intercom_clear_rules(struct fake_intercom *fake);

/* How long every call takes from now on; 20 ms at first. */
void fake_intercom_set_latency(struct fake_intercom *fake, int64_t latency_ms);

/* Whether contacts can have our four custom attributes; true at first. Each
 * has to be created by POST /data_attributes if not. */
void fake_intercom_forget_attributes(struct fake_intercom *fake);

/* What Intercom has. */
int fake_intercom_events(const struct fake_intercom *fake);
const struct fake_event *fake_intercom_event(const struct fake_intercom *fake,
                                             int index);
/* The contact's attributes as they were last written; NULL: no contact. */
const char *fake_intercom_attributes(const struct fake_intercom *fake,
                                     const char *user);
/* Delete the contact at Intercom. */
void fake_intercom_delete_contact(struct fake_intercom *fake, const char *user);

#endif
