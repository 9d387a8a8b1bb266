#include "support/fake_http.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct under_way {
    int call; /* index into calls */
    void *owner;
    int64_t due_ms; /* monotonic */
    struct http_answer answer;
    char body[1024];
    struct under_way *next; /* in order of due_ms */
};

struct contact {
    char user[120];
    char id[25];
    char attributes[1024];
    bool is_deleted;
};

struct fake_http {
    struct http seam;
    struct fake_clock *clock;
    int64_t latency_ms;
    struct fake_rule rules[FAKE_MOST_RULES];
    int rule_count;
    struct fake_call calls[FAKE_MOST_CALLS];
    int call_count;
    struct under_way *under_way;
    int under_way_count;
    int most_under_way;
    struct under_way *returned; /* its answer is borrowed by the caller */
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

static struct contact *find_user(struct fake_http *fake, const char *user)
{
    for (int i = 0; i < fake->contact_count; i++) {
        struct contact *contact = &fake->contacts[i];
        if (!contact->is_deleted && text_equals(contact->user, user))
            return contact;
    }
    return NULL;
}

static struct contact *find_id(struct fake_http *fake, const char *id)
{
    for (int i = 0; i < fake->contact_count; i++) {
        struct contact *contact = &fake->contacts[i];
        if (!contact->is_deleted && strcmp(contact->id, id) == 0)
            return contact;
    }
    return NULL;
}

static void show_contact(struct under_way *call, const char *id)
{
    (void)snprintf(call->body, sizeof(call->body),
                   "{\"type\":\"contact\",\"id\":\"%s\"}", id);
}

static void refuse(struct under_way *call, int status, const char *code,
                   const char *message)
{
    call->answer.status = status;
    (void)snprintf(call->body, sizeof(call->body),
                   "{\"type\":\"error.list\",\"request_id\":null,\"errors\":"
                   "[{\"code\":\"%s\",\"message\":\"%s\"}]}",
                   code, message);
}

static bool attributes_can_be_written(struct fake_http *fake,
                                      const cJSON *attributes,
                                      struct under_way *call)
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

static void create_contact(struct fake_http *fake, const cJSON *body,
                           struct under_way *call)
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

static void update_contact(struct fake_http *fake, const char *id,
                           const cJSON *body, struct under_way *call)
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

static struct fake_event *find_event(struct fake_http *fake,
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

static void take_event(struct fake_http *fake, const cJSON *body,
                       struct under_way *call)
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

static void find_contact(struct fake_http *fake, const char *user,
                         struct under_way *call)
{
    const struct contact *contact = find_user(fake, user);
    if (contact == NULL)
        refuse(call, 404, "not_found", "User Not Found");
    else
        show_contact(call, contact->id);
}

static void act(struct fake_http *fake, const struct http_request *request,
                const cJSON *body, struct under_way *call)
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

static struct fake_rule *find_rule(struct fake_http *fake, const char *request,
                                   const char *body)
{
    for (int i = 0; i < fake->rule_count; i++) {
        struct fake_rule *rule = &fake->rules[i];
        if (rule->times >= 0 && text_has_prefix(request, rule->request) &&
            (rule->body_has == NULL || strstr(body, rule->body_has) != NULL))
            return rule;
    }
    return NULL;
}

static void apply_rule(struct fake_http *fake, struct fake_rule *rule,
                       struct under_way *call)
{
    struct http_answer *answer = &call->answer;
    answer->end = rule->end;
    answer->trouble = rule->trouble;
    answer->status = rule->status;
    answer->is_html = rule->is_html;
    copy(call->body, sizeof(call->body), rule->body);
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

static void name_user(struct fake_http *fake,
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

static void put_in_order(struct fake_http *fake, struct under_way *call)
{
    struct under_way **at = &fake->under_way;
    while (*at != NULL && (*at)->due_ms <= call->due_ms)
        at = &(*at)->next;
    call->next = *at;
    *at = call;
    if (++fake->under_way_count > fake->most_under_way)
        fake->most_under_way = fake->under_way_count;
}

static struct under_way *make_call(struct fake_http *fake, void *owner)
{
    struct under_way *call = mem_new(sizeof(*call));
    call->owner = owner;
    call->call = fake->call_count;
    call->due_ms = fake->clock->monotonic_ms + fake->latency_ms;
    call->answer = (struct http_answer){
        .end = HTTP_ANSWERED,
        .status = 200,
        .quota_limit = HTTP_NONE,
        .quota_left = HTTP_NONE,
        .quota_reset_s = HTTP_NONE,
        .retry_after_s = HTTP_NONE,
        .date_s = HTTP_NONE,
        .started_ms = fake->clock->wall_ms,
    };
    return call;
}

static void start(void *context, const struct http_request *request,
                  void *owner)
{
    struct fake_http *fake = context;
    struct under_way *call = make_call(fake, owner);
    assert(owner != NULL && fake->call_count < FAKE_MOST_CALLS);
    struct fake_call *kept = &fake->calls[fake->call_count++];
    *kept = (struct fake_call){
        .body = request->body == NULL
                    ? mem_copy_text("")
                    : mem_copy_bytes(request->body, request->body_length),
        .started_ms = fake->clock->monotonic_ms,
        .ended_ms = -1,
    };
    (void)snprintf(kept->request, sizeof(kept->request), "%s %s",
                   request->method, request->path);
    cJSON *body = cJSON_Parse(kept->body);
    name_user(fake, request, body, kept);
    struct fake_rule *rule = find_rule(fake, kept->request, kept->body);
    if (rule == NULL || rule->acts)
        act(fake, request, body, call);
    if (rule != NULL)
        apply_rule(fake, rule, call);
    cJSON_Delete(body);
    put_in_order(fake, call);
}

static bool next_done(void *context, struct http_done *done)
{
    struct fake_http *fake = context;
    free(fake->returned);
    fake->returned = NULL;
    struct under_way *call = fake->under_way;
    if (call == NULL || call->due_ms > fake->clock->monotonic_ms)
        return false;
    fake->under_way = call->next;
    fake->under_way_count--;
    struct fake_call *kept = &fake->calls[call->call];
    kept->ended_ms = fake->clock->monotonic_ms;
    kept->end = call->answer.end;
    kept->status = call->answer.status;
    call->answer.took_ms = kept->ended_ms - kept->started_ms;
    call->answer.body = call->body;
    call->answer.body_length = strlen(call->body);
    fake->returned = call;
    done->owner = call->owner;
    done->answer = call->answer;
    return true;
}

static void wait_for_something(void *context, int descriptor, int64_t most_ms)
{
    struct fake_http *fake = context;
    int64_t now = fake->clock->monotonic_ms;
    int64_t until = now + (most_ms > 0 ? most_ms : 0);
    (void)descriptor;
    if (fake->under_way != NULL && fake->under_way->due_ms < until)
        until = fake->under_way->due_ms;
    if (until > now)
        fake_clock_advance(fake->clock, until - now);
}

static void stop(void *context)
{
    struct fake_http *fake = context;
    for (struct under_way *call = fake->under_way; call != NULL;
         call = call->next) {
        if (call->due_ms <= fake->clock->monotonic_ms)
            continue; /* answered in time */
        call->answer.end = HTTP_UNKNOWN;
        call->answer.trouble = HTTP_STOPPED;
        call->answer.status = 0;
        call->body[0] = '\0';
        copy(call->answer.trouble_text, sizeof(call->answer.trouble_text),
             "stopped");
        call->due_ms = fake->clock->monotonic_ms;
    }
}

/* --- the interface -------------------------------------------------------- */

struct fake_http *fake_http_new(struct fake_clock *clock)
{
    struct fake_http *fake = mem_new(sizeof(*fake));
    fake->clock = clock;
    fake->latency_ms = 20;
    fake->seam = (struct http){
        .context = fake,
        .start = start,
        .next_done = next_done,
        .wait = wait_for_something,
        .stop = stop,
    };
    return fake;
}

void fake_http_free(struct fake_http *fake)
{
    free(fake->returned);
    while (fake->under_way != NULL) {
        struct under_way *next = fake->under_way->next;
        free(fake->under_way);
        fake->under_way = next;
    }
    for (int i = 0; i < fake->call_count; i++)
        free(fake->calls[i].body);
    free(fake);
}

const struct http *fake_http_seam(struct fake_http *fake)
{
    return &fake->seam;
}

void fake_http_script(struct fake_http *fake, const struct fake_rule *rule)
{
    assert(fake->rule_count < FAKE_MOST_RULES);
    fake->rules[fake->rule_count++] = *rule;
}

void fake_http_clear_rules(struct fake_http *fake)
{
    fake->rule_count = 0;
}

void fake_http_set_latency(struct fake_http *fake, int64_t latency_ms)
{
    fake->latency_ms = latency_ms;
}

void fake_http_forget_attributes(struct fake_http *fake)
{
    fake->attributes_missing = 4;
}

int fake_http_calls(const struct fake_http *fake)
{
    return fake->call_count;
}

const struct fake_call *fake_http_call(const struct fake_http *fake, int index)
{
    assert(index >= 0 && index < fake->call_count);
    return &fake->calls[index];
}

int fake_http_count(const struct fake_http *fake, const char *request,
                    const char *user)
{
    int count = 0;
    for (int i = 0; i < fake->call_count; i++) {
        const struct fake_call *call = &fake->calls[i];
        count += (request == NULL || text_has_prefix(call->request, request)) &&
                 (user == NULL || strcmp(call->user, user) == 0);
    }
    return count;
}

int fake_http_under_way(const struct fake_http *fake)
{
    return fake->under_way_count;
}

int fake_http_most_under_way(const struct fake_http *fake)
{
    return fake->most_under_way;
}

int fake_http_events(const struct fake_http *fake)
{
    return fake->event_count;
}

const struct fake_event *fake_http_event(const struct fake_http *fake,
                                         int index)
{
    assert(index >= 0 && index < fake->event_count);
    return &fake->events[index];
}

const char *fake_http_attributes(const struct fake_http *fake, const char *user)
{
    const struct contact *contact =
        find_user((struct fake_http *)(uintptr_t)fake, user);
    return contact == NULL ? NULL : contact->attributes;
}

void fake_http_delete_contact(struct fake_http *fake, const char *user)
{
    struct contact *contact = find_user(fake, user);
    if (contact != NULL)
        contact->is_deleted = true;
}
