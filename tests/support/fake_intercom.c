#include "support/fake_intercom.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct contact {
    char user[120];
    char id[25];
    char attributes[1024];
    bool is_deleted;
};

struct fake_intercom {
    struct fake_clock *clock;
    int64_t latency_ms;
    struct fake_rule rules[FAKE_MOST_RULES];
    int rule_count;
    struct contact contacts[FAKE_MOST_CONTACTS];
    int contact_count;
    struct fake_event events[FAKE_MOST_EVENTS];
    int event_count;
    int attributes_missing;
};

/* --- the small Intercom --------------------------------------------------- */

static void copy(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text == NULL ? "" : text);
}

static const char *member_of(const cJSON *tree, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, name));
}

static struct contact *find_user(struct fake_intercom *fake, const char *user)
{
    for (int i = 0; i < fake->contact_count; i++) {
        struct contact *contact = &fake->contacts[i];
        if (!contact->is_deleted && text_equals(contact->user, user))
            return contact;
    }
    return NULL;
}

static struct contact *find_id(struct fake_intercom *fake, const char *id)
{
    for (int i = 0; i < fake->contact_count; i++) {
        struct contact *contact = &fake->contacts[i];
        if (!contact->is_deleted && strcmp(contact->id, id) == 0)
            return contact;
    }
    return NULL;
}

/* The answer's body becomes this. */
static void say(struct fake_exchange *call, const char *text)
{
    free(call->body);
    call->body = mem_copy_text(text);
}

static void show_contact(struct fake_exchange *call, const char *id)
{
    char text[120];
    (void)snprintf(text, sizeof(text), "{\"type\":\"contact\",\"id\":\"%s\"}",
                   id);
    say(call, text);
}

static void refuse(struct fake_exchange *call, int status, const char *code,
                   const char *message)
{
    char text[400];
    call->answer.status = status;
    (void)snprintf(text, sizeof(text),
                   "{\"type\":\"error.list\",\"request_id\":null,\"errors\":"
                   "[{\"code\":\"%s\",\"message\":\"%s\"}]}",
                   code, message);
    say(call, text);
}

static bool attributes_can_be_written(struct fake_intercom *fake,
                                      const cJSON *attributes,
                                      struct fake_exchange *call)
{
    if (attributes == NULL || fake->attributes_missing == 0)
        return true;
    refuse(call, 400, "parameter_invalid",
           "Custom attribute 'latest_store' does not exist");
    return false;
}

static void write_attributes(struct contact *contact, const cJSON *attributes)
{
    if (attributes == NULL)
        return;
    char *text = cJSON_PrintUnformatted(attributes);
    copy(contact->attributes, sizeof(contact->attributes), text);
    cJSON_free(text);
}

static void create_contact(struct fake_intercom *fake, const cJSON *body,
                           struct fake_exchange *call)
{
    const char *user = member_of(body, "external_id");
    const cJSON *attributes =
        cJSON_GetObjectItemCaseSensitive(body, "custom_attributes");
    struct contact *known = find_user(fake, user);
    if (known != NULL) {
        char message[160];
        (void)snprintf(message, sizeof(message),
                       "A contact matching those details already exists with "
                       "id=%s",
                       known->id);
        refuse(call, 409, "conflict", message);
        return;
    }
    if (!attributes_can_be_written(fake, attributes, call))
        return;
    assert(fake->contact_count < FAKE_MOST_CONTACTS);
    struct contact *made = &fake->contacts[fake->contact_count++];
    copy(made->user, sizeof(made->user), user);
    (void)snprintf(made->id, sizeof(made->id), "5f%022x", fake->contact_count);
    write_attributes(made, attributes);
    show_contact(call, made->id);
}

static void update_contact(struct fake_intercom *fake, const char *id,
                           const cJSON *body, struct fake_exchange *call)
{
    struct contact *contact = find_id(fake, id);
    const cJSON *attributes =
        cJSON_GetObjectItemCaseSensitive(body, "custom_attributes");
    if (contact == NULL) {
        refuse(call, 404, "not_found", "User Not Found");
    } else if (attributes_can_be_written(fake, attributes, call)) {
        write_attributes(contact, attributes);
        show_contact(call, id);
    }
}

static struct fake_event *find_event(struct fake_intercom *fake,
                                     const struct fake_event *wanted)
{
    for (int i = 0; i < fake->event_count; i++) {
        struct fake_event *event = &fake->events[i];
        if (event->created_at == wanted->created_at &&
            strcmp(event->user, wanted->user) == 0 &&
            strcmp(event->name, wanted->name) == 0)
            return event;
    }
    return NULL;
}

static void take_event(struct fake_intercom *fake, const cJSON *body,
                       struct fake_exchange *call)
{
    struct fake_event event = {.times = 1};
    copy(event.user, sizeof(event.user), member_of(body, "user_id"));
    copy(event.name, sizeof(event.name), member_of(body, "event_name"));
    event.created_at = (int64_t)cJSON_GetNumberValue(
        cJSON_GetObjectItemCaseSensitive(body, "created_at"));
    if (find_user(fake, event.user) == NULL) {
        refuse(call, 404, "not_found", "User Not Found");
        return;
    }
    struct fake_event *known = find_event(fake, &event);
    if (known != NULL) {
        known->times++;
    } else {
        assert(fake->event_count < FAKE_MOST_EVENTS);
        fake->events[fake->event_count++] = event;
    }
    call->answer.status = 202;
}

static void find_contact(struct fake_intercom *fake, const char *user,
                         struct fake_exchange *call)
{
    const struct contact *contact = find_user(fake, user);
    if (contact == NULL)
        refuse(call, 404, "not_found", "User Not Found");
    else
        show_contact(call, contact->id);
}

static void act(struct fake_intercom *fake, const struct http_request *request,
                const cJSON *body, struct fake_exchange *call)
{
    static const char by_user[] = "/contacts/find_by_external_id/";
    bool is_post = strcmp(request->method, "POST") == 0;
    if (text_has_prefix(request->path, by_user))
        find_contact(fake, request->path + sizeof(by_user) - 1, call);
    else if (strcmp(request->path, "/contacts") == 0 && is_post)
        create_contact(fake, body, call);
    else if (text_has_prefix(request->path, "/contacts/"))
        update_contact(fake, request->path + strlen("/contacts/"), body, call);
    else if (strcmp(request->path, "/events") == 0)
        take_event(fake, body, call);
    else if (strcmp(request->path, "/data_attributes") == 0)
        fake->attributes_missing -= fake->attributes_missing > 0;
}

/* --- calls ---------------------------------------------------------------- */

static struct fake_rule *find_rule(struct fake_intercom *fake,
                                   const char *request, const char *body)
{
    for (int i = 0; i < fake->rule_count; i++) {
        struct fake_rule *rule = &fake->rules[i];
        if (rule->times >= 0 && text_has_prefix(request, rule->request) &&
            (rule->body_has == NULL || strstr(body, rule->body_has) != NULL))
            return rule;
    }
    return NULL;
}

static void apply_rule(struct fake_intercom *fake, struct fake_rule *rule,
                       struct fake_exchange *call)
{
    struct http_answer *answer = &call->answer;
    answer->end = rule->end;
    answer->trouble = rule->trouble;
    answer->status = rule->status;
    answer->is_html = rule->is_html;
    say(call, rule->body);
    if (rule->end != HTTP_ANSWERED)
        copy(answer->trouble_text, sizeof(answer->trouble_text), "scripted");
    if (rule->after_ms > 0)
        call->due_ms = fake->clock->monotonic_ms + rule->after_ms;
    if (rule->retry_after_s > 0)
        answer->retry_after_s = rule->retry_after_s;
    if (rule->quota_limit > 0) {
        answer->quota_limit = rule->quota_limit;
        answer->quota_left = rule->quota_left;
        answer->quota_reset_s =
            (fake->clock->wall_ms + rule->quota_reset_ms) / 1000;
    }
    if (rule->times > 0 && --rule->times == 0)
        rule->times = -1; /* used up */
}

static void name_user(struct fake_intercom *fake,
                      const struct http_request *request, const cJSON *body,
                      struct fake_call *call)
{
    const char *user = member_of(body, "external_id");
    if (user == NULL)
        user = member_of(body, "user_id");
    if (user == NULL && text_has_prefix(request->path, "/contacts/")) {
        const struct contact *contact =
            find_id(fake, request->path + strlen("/contacts/"));
        user = contact == NULL ? NULL : contact->user;
    }
    copy(call->user, sizeof(call->user), user);
}

static void take(void *context, struct fake_exchange *exchange)
{
    struct fake_intercom *fake = context;
    struct fake_call *call = exchange->call;
    cJSON *body = cJSON_Parse(call->body);
    name_user(fake, exchange->request, body, call);
    exchange->due_ms = fake->clock->monotonic_ms + fake->latency_ms;
    struct fake_rule *rule = find_rule(fake, call->request, call->body);
    if (rule == NULL || rule->acts)
        act(fake, exchange->request, body, exchange);
    if (rule != NULL)
        apply_rule(fake, rule, exchange);
    cJSON_Delete(body);
}

/* --- the interface -------------------------------------------------------- */

struct fake_intercom *fake_intercom_new(struct fake_clock *clock)
{
    struct fake_intercom *fake = mem_new(sizeof(*fake));
    fake->clock = clock;
    fake->latency_ms = 20;
    return fake;
}

void fake_intercom_free(struct fake_intercom *fake)
{
    free(fake);
}

struct fake_server fake_intercom_server(struct fake_intercom *fake)
{
    return (struct fake_server){.context = fake, .take = take};
}

void fake_intercom_script(struct fake_intercom *fake,
                          const struct fake_rule *rule)
{
    assert(fake->rule_count < FAKE_MOST_RULES);
    fake->rules[fake->rule_count++] = *rule;
}

void fake_intercom_clear_rules(struct fake_intercom *fake)
{
    fake->rule_count = 0;
}

void fake_intercom_set_latency(struct fake_intercom *fake, int64_t latency_ms)
{
    fake->latency_ms = latency_ms;
}

void fake_intercom_forget_attributes(struct fake_intercom *fake)
{
    fake->attributes_missing = 4;
}

int fake_intercom_events(const struct fake_intercom *fake)
{
    return fake->event_count;
}

const struct fake_event *fake_intercom_event(const struct fake_intercom *fake,
                                             int index)
{
    assert(index >= 0 && index < fake->event_count);
    return &fake->events[index];
}

const char *fake_intercom_attributes(const struct fake_intercom *fake,
                                     const char *user)
{
    const struct contact *contact =
        find_user((struct fake_intercom *)(uintptr_t)fake, user);
    return contact == NULL ? NULL : contact->attributes;
}

void fake_intercom_delete_contact(struct fake_intercom *fake, const char *user)
{
    struct contact *contact = find_user(fake, user);
    if (contact != NULL)
        contact->is_deleted = true;
}
