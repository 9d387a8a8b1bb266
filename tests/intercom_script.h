/* intercom_script.h - a test of the chain as a script: what it must ask for,
 * what it is answered, and how it must end. */
#ifndef TESTS_INTERCOM_SCRIPT_H
#define TESTS_INTERCOM_SCRIPT_H

#include "delivery/intercom.h"

#include "answers.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A          "63a07ddf05a32042dffac965"
#define B          "5f3c4a1e9d8b7c6a5f4e3d2c"
#define ATTRS      "{\"expires_at\":null}"
#define NEWEST     "{\"latest_store\":\"app_store\"}"
#define EVENT      "{\"event_name\":\"rc_renewal_event\",\"created_at\":17}"
#define CREATE     "POST /contacts"
#define SEND       "POST /events"
#define FIND       "GET /contacts/find_by_external_id/user%201%2F%C3%A4"
#define PUT(id)    "PUT /contacts/" id
#define REVIVE(id) "POST /contacts/" id "/unarchive"
#define NEW(attributes)                                                        \
    "{\"role\":\"user\",\"external_id\":\"user 1/\xC3\xA4\","                  \
    "\"custom_attributes\":" attributes "}"
#define NEW_BARE           "{\"role\":\"user\",\"external_id\":\"user 1/\xC3\xA4\"}"
#define CHANGE(attributes) "{\"custom_attributes\":" attributes "}"
#define IS(id)             "{\"type\":\"contact\",\"id\":\"" id "\"}"
#define EXISTS(id)                                                             \
    ERROR_LIST("conflict", "A contact matching those details already exists "  \
                           "with id=" id)
#define ARCHIVED(id)                                                           \
    ERROR_LIST("conflict", "An archived contact matching those details "       \
                           "already exists with id=" id)
#define NOT_FOUND ERROR_LIST("not_found", "User Not Found")
#define NO_ATTR                                                                \
    ERROR_LIST("parameter_invalid",                                            \
               "Custom attribute 'expires_at' does not exist")
#define HTML       "<html>hello</html>"
#define MERGED(id) "</contacts/" id ">; rel=\"canonical\""

/* Instead of a status. */
enum {
    TIMED_OUT = -1,
    REFUSED = -2,
};

struct exchange {
    const char *request;
    const char *sent; /* NULL: no body */
    int status;
    const char *answer; /* NULL: "" */
    const char *link;
};

struct script {
    const char *rule;
    const char *contact_id;
    const char *attributes;
    const char *newest;
    const char *event;
    struct exchange exchanges[INTERCOM_MOST_CALLS + 1];
    enum verdict_action action;
    const char *reason;
    const char *ends_with_contact; /* NULL: unchanged */
    bool attributes_written;
    bool may_have_left;
    bool attributes_are_created; /* the script has this repair */
};

static struct http_answer answer_to(const struct exchange *exchange)
{
    if (exchange->status == TIMED_OUT)
        return no_answer(HTTP_UNKNOWN, HTTP_TIMED_OUT);
    if (exchange->status == REFUSED)
        return no_answer(HTTP_NOT_SENT, HTTP_REFUSED);
    struct http_answer answer = plain_answer(
        exchange->status, exchange->answer == NULL ? "" : exchange->answer);
    (void)snprintf(answer.link, sizeof(answer.link), "%s",
                   exchange->link == NULL ? "" : exchange->link);
    return answer;
}

static void check_request(const struct script *script, int number,
                          const struct http_request *request)
{
    const struct exchange *expected = &script->exchanges[number];
    char line[256];
    (void)snprintf(line, sizeof(line), "%s %s", request->method, request->path);
    if (!text_equals(line, expected->request) ||
        !text_equals(request->body, expected->sent))
        fail_msg("%s: call %d is %s %s", script->rule, number + 1, line,
                 request->body == NULL ? "" : request->body);
    size_t length = request->body == NULL ? 0 : strlen(request->body);
    assert_int_equal(request->body_length, length);
}

static void check_end(const struct script *script,
                      const struct intercom_chain *chain,
                      const struct verdict *verdict)
{
    if (verdict->action != script->action ||
        !text_equals(verdict->reason, script->reason))
        fail_msg("%s: action %d, reason %s", script->rule, (int)verdict->action,
                 verdict->reason);
    const char *was = script->contact_id == NULL ? "" : script->contact_id;
    const char *is = script->ends_with_contact;
    assert_string_equal(chain->contact_id, is == NULL ? was : is);
    assert_int_equal(chain->contact_changed, is != NULL);
    if (chain->attributes_written != script->attributes_written ||
        chain->event_may_have_left != script->may_have_left)
        fail_msg("%s: attributes written %d, event may have left %d",
                 script->rule, chain->attributes_written,
                 chain->event_may_have_left);
    assert_int_equal(verdict->mend[0] != '\0', verdict->action == VERDICT_HOLD);
}

static void play(const struct script *script)
{
    const struct intercom_job job = {
        .user_id = "user 1/\xC3\xA4",
        .contact_id = script->contact_id,
        .attributes = script->attributes,
        .newest_attributes = script->newest,
        .event_body = script->event,
    };
    struct intercom_chain chain;
    struct http_request request;
    struct verdict verdict;
    bool created = false;
    int calls = 0;
    enum intercom_next next = intercom_begin(&chain, &job, &request);
    while (next != INTERCOM_END) {
        check_request(script, calls, &request);
        struct http_answer answer = answer_to(&script->exchanges[calls]);
        calls++;
        assert_int_equal(chain.calls, calls);
        next = intercom_take_answer(&chain, &answer, 1787572858000, &request,
                                    &verdict);
        if (next == INTERCOM_ATTRIBUTES_MISSING) {
            created = true;
            next = intercom_resume(&chain, &request, &verdict);
        }
    }
    if (script->exchanges[calls].request != NULL)
        fail_msg("%s: ended after %d calls", script->rule, calls);
    assert_int_equal(created, script->attributes_are_created);
    check_end(script, &chain, &verdict);
    intercom_free(&chain);
}

#define PLAY(...)                                                              \
    do {                                                                       \
        static const struct script scripts[] = {__VA_ARGS__};                  \
        for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)      \
            play(&scripts[i]);                                                 \
    } while (0)

#define DELIVERED        .action = VERDICT_GO_ON, .reason = NULL
#define ENDS(kind, word) .action = VERDICT_##kind, .reason = word

#endif
