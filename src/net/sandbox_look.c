#include "net/sandbox_look.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/sandbox_listing.h"
#include "net/sandbox_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a handler gets: the path's segments behind /_sandbox, decoded. */
struct look {
    struct sandbox_site *site;
    const struct sandbox_request *request;
    struct sandbox_reply *reply;
    const char *name;   /* the second segment; NULL: none */
    const char *action; /* the third */
};

enum { MOST_SEGMENTS = 3 };

static void refuse(struct look *look, int status, const char *why)
{
    sandbox_reply_error(look->reply, status, "sandbox", NULL, "%s", why);
}

static void show_listing(struct look *look, enum sandbox_listing_kind kind)
{
    const char *user = look->request->query_user;
    char *decoded = NULL;
    if (user != NULL && !sandbox_text_decode(user, strlen(user), &decoded)) {
        refuse(look, 400, "user must be percent-encoded");
        return;
    }
    look->reply->listing =
        sandbox_listing_new(&look->site->world, kind, decoded);
    free(decoded);
}

static void show_events(struct look *look)
{
    show_listing(look, SANDBOX_LIST_EVENTS);
}

static void show_contacts(struct look *look)
{
    show_listing(look, SANDBOX_LIST_CONTACTS);
}

static void show_route(const struct sandbox_site *site, size_t route,
                       struct json *json)
{
    bool is_open = false;
    for (int status = 0; status < SANDBOX_STATUS_COUNT; status++) {
        if (site->calls[route][status] == 0)
            continue;
        char key[16] = "none";
        if (status > 0)
            (void)snprintf(key, sizeof(key), "%d", status);
        if (!is_open) {
            json_key(json, sandbox_api_route_name(route));
            json_open_object(json);
        }
        is_open = true;
        json_key_int64(json, key, site->calls[route][status]);
    }
    if (is_open)
        json_close(json);
}

static void show_stats(struct look *look)
{
    const struct sandbox_site *site = look->site;
    const struct sandbox_events *events = &site->world.events;
    int64_t rate_limited = 0;
    struct json json;
    json_begin(&json, &look->reply->body);
    json_open_object(&json);
    json_key(&json, "calls");
    json_open_object(&json);
    for (size_t route = 0; route < SANDBOX_ROUTE_COUNT; route++) {
        show_route(site, route, &json);
        rate_limited += site->calls[route][429];
    }
    json_close(&json);
    json_key_int64(&json, "contacts", site->world.contacts.count);
    json_key_int64(&json, "events", events->count);
    json_key_int64(&json, "duplicates", events->duplicates);
    json_key(&json, "events_by_name");
    json_open_object(&json);
    for (uint32_t row = 0; row < events->name_count; row++)
        json_key_int64(&json, events->names[row].text,
                       events->names[row].events);
    json_close(&json);
    json_key_int64(&json, "metadata_keys_dropped",
                   site->world.metadata_keys_dropped);
    json_key_int64(&json, "parallel_same_user", site->world.parallel_same_user);
    json_key_int64(&json, "rate_limited", rate_limited);
    json_key_int64(&json, "open_connections", site->open_connections);
    json_key_int64(&json, "peak_connections", site->peak_connections);
    json_close(&json);
}

static uint32_t find_contact(const struct look *look, const char *name)
{
    const struct sandbox_contacts *contacts = &look->site->world.contacts;
    uint32_t row = sandbox_contacts_find(contacts, name);
    return row != SANDBOX_NO_ROW
               ? row
               : sandbox_contacts_find_external(contacts, name);
}

static void merge_contact(struct look *look, uint32_t row)
{
    struct err err;
    uint32_t target = find_contact(look, look->request->body);
    if (target == SANDBOX_NO_ROW)
        refuse(look, 404, "no contact to merge into");
    else if (!sandbox_contacts_merge(&look->site->world.contacts, row, target,
                                     &err))
        refuse(look, 400, err.text);
}

static void change_contact(struct look *look)
{
    struct sandbox_contacts *contacts = &look->site->world.contacts;
    uint32_t row = find_contact(look, look->name);
    if (row == SANDBOX_NO_ROW)
        refuse(look, 404, "no such contact");
    else if (text_equals(look->action, "archive"))
        contacts->rows[row].state = SANDBOX_ARCHIVED;
    else if (text_equals(look->action, "delete"))
        contacts->rows[row].state = SANDBOX_DELETED;
    else if (text_equals(look->action, "merge"))
        merge_contact(look, row);
    else
        refuse(look, 404, "archive, delete or merge it");
}

static void change_token(struct look *look)
{
    free(look->site->token);
    look->site->token = look->request->body_length == 0
                            ? NULL
                            : mem_copy_text(look->request->body);
}

static void change_faults(struct look *look)
{
    struct err err;
    if (!sandbox_site_set_faults(look->site, look->request->body,
                                 look->request->now_ms, &err))
        refuse(look, 400, err.text);
}

static void change_quota(struct look *look)
{
    int64_t limit = 0;
    if (text_parse_int64(look->request->body, 1, INT32_MAX, &limit))
        look->site->quota.limit = limit;
    else
        refuse(look, 400, "the quota is a number from 1");
}

static void change_latency(struct look *look)
{
    int64_t latency_ms = 0;
    if (text_parse_int64(look->request->body, 0, 600000, &latency_ms))
        look->site->latency_ms = latency_ms;
    else
        refuse(look, 400, "the latency is a number of ms, up to ten minutes");
}

static void change_attribute(struct look *look)
{
    struct sandbox_attributes *all = &look->site->world.attributes;
    enum sandbox_type type = sandbox_attributes_read_type(look->request->body);
    if (look->request->body_length > 0 && type == SANDBOX_NO_TYPE) {
        refuse(look, 400, "no such data type");
        return;
    }
    sandbox_attributes_remove(all, look->name);
    if (type != SANDBOX_NO_TYPE)
        sandbox_attributes_add(all, look->name, type,
                               look->request->now_ms / 1000);
}

static const struct {
    const char *method;
    const char *word;
    int segments;
    void (*handle)(struct look *look);
} pages[] = {
    {"GET", "events", 1, show_events},
    {"GET", "contacts", 1, show_contacts},
    {"GET", "stats", 1, show_stats},
    {"POST", "contacts", 3, change_contact},
    {"POST", "token", 1, change_token},
    {"POST", "faults", 1, change_faults},
    {"POST", "quota", 1, change_quota},
    {"POST", "latency", 1, change_latency},
    {"POST", "attributes", 2, change_attribute},
};

/* Cut the path behind /_sandbox/ into decoded segments, owned by the caller.
 * Returns how many there are; 0: it is no path of ours. */
static int read_segments(const char *path, char **segments)
{
    int count = 0;
    const char *rest = path + strlen("/_sandbox");
    while (*rest == '/' && count < MOST_SEGMENTS) {
        size_t length = strcspn(++rest, "/");
        if (!sandbox_text_decode(rest, length, &segments[count]))
            return 0;
        rest += length;
        count++;
    }
    return *rest == '\0' ? count : 0;
}

static void open_page(struct look *look, char **segments, int count)
{
    look->name = segments[1];
    look->action = segments[2];
    for (size_t i = 0; count > 0 && i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (pages[i].segments == count &&
            text_equals(pages[i].method, look->request->method) &&
            text_equals(pages[i].word, segments[0])) {
            pages[i].handle(look);
            return;
        }
    }
    refuse(look, 404, "no such page of the sandbox");
}

void sandbox_look_answer(struct sandbox_site *site,
                         const struct sandbox_request *request,
                         struct sandbox_reply *reply)
{
    struct look look = {.site = site, .request = request, .reply = reply};
    char *segments[MOST_SEGMENTS] = {NULL};
    int count = read_segments(request->path, segments);
    reply->content_type = "application/json; charset=utf-8";
    open_page(&look, segments, count);
    for (int i = 0; i < MOST_SEGMENTS; i++)
        free(segments[i]);
    if (reply->body.length == 0 && reply->listing == NULL)
        buf_add_text(&reply->body, "{\"ok\":true}\n");
}
