/* sandbox_fixture.h - a sandbox without sockets, for tests: one site, asked
 * and answered in the same thread, at a time that stands still. */
#ifndef TESTS_SANDBOX_FIXTURE_H
#define TESTS_SANDBOX_FIXTURE_H

#include "net/sandbox_listing.h"
#include "net/sandbox_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_S  INT64_C(1700000005)
#define NOW_MS (NOW_S * 1000)

static struct sandbox_site site;
static struct sandbox_request next; /* headers of the requests to come */
static struct sandbox_outcome last; /* what the last one ended in */
static char text[1 << 20];          /* its body */

static int open_site(void **state)
{
    const struct sandbox_options options = {.seed = 1};
    struct err err;
    (void)state;
    if (!sandbox_site_init(&site, &options, NOW_MS, &err))
        return -1;
    next = (struct sandbox_request){
        .authorization = "Bearer token",
        .version = "2.16",
        .content_type = "application/json",
        .now_ms = NOW_MS,
    };
    return 0;
}

static int close_site(void **state)
{
    (void)state;
    sandbox_reply_free(&last.reply);
    sandbox_site_free(&site);
    return 0;
}

/* Serve one request; its body is left in text, its outcome in last. Returns
 * the status. */
static int ask(const char *method, const char *path, const char *body)
{
    sandbox_reply_free(&last.reply);
    next.method = method;
    next.path = path;
    next.body = body;
    next.body_length = strlen(body);
    sandbox_site_serve(&site, &next, &last);
    size_t length = 0;
    if (last.reply.listing == NULL) {
        length = last.reply.body.length;
        memcpy(text, buf_text(&last.reply.body), length);
    } else {
        size_t got = 0;
        while ((got = sandbox_listing_read(last.reply.listing, text + length,
                                           100)) > 0)
            length += got;
    }
    text[length] = '\0';
    return last.reply.status;
}

static void assert_answer_has(const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
}

static inline void assert_answer_lacks(const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in: %s", part, text);
}

/* Create a contact and return its id. */
static inline const char *create(const char *external_id)
{
    char body[200];
    (void)snprintf(body, sizeof(body),
                   "{\"role\":\"user\",\"external_id\":\"%s\"}", external_id);
    assert_int_equal(ask("POST", "/contacts", body), 200);
    uint32_t row =
        sandbox_contacts_find_external(&site.world.contacts, external_id);
    assert_int_not_equal(row, SANDBOX_NO_ROW);
    return site.world.contacts.rows[row].id;
}

/* Send an event; returns the status. */
static inline int send_event(const char *name, const char *user,
                             int64_t created_s)
{
    char body[300];
    (void)snprintf(body, sizeof(body),
                   "{\"event_name\":\"%s\",\"user_id\":\"%s\","
                   "\"created_at\":%lld}",
                   name, user, (long long)created_s);
    return ask("POST", "/events", body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)

#endif
