#include "net/sandbox_api.h"

#include "base/json.h"
#include "base/text.h"
#include "net/sandbox_text.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef void handler(struct sandbox_api_call *call);

static void show_me(struct sandbox_api_call *call)
{
    static const char me[] =
        "{\"type\":\"admin\",\"id\":\"1\",\"email\":\"sandbox@example.com\","
        "\"name\":\"subrelay sandbox\",\"email_verified\":true,"
        "\"app\":{\"type\":\"app\",\"id_code\":\"sandbox\","
        "\"name\":\"subrelay sandbox\",\"created_at\":1700000000,"
        "\"secure\":false,\"identity_verification\":false,"
        "\"timezone\":\"Etc/UTC\",\"region\":\"US\"},"
        "\"avatar\":{\"type\":\"avatar\",\"image_url\":null},"
        "\"has_inbox_seat\":true}";
    buf_add(&call->reply->body, me, sizeof(me) - 1);
}

/* A '*' in a path stands for one segment, which is the handler's argument. */
static const struct route {
    const char *name;
    const char *method;
    const char *path;
    handler *handle;
    bool takes_body;
} routes[SANDBOX_ROUTE_COUNT - 1] = {
    /* clang-format off */
    {"POST /events", "POST", "/events", sandbox_api_create_event, true},
    {"POST /contacts", "POST", "/contacts",
     sandbox_api_create_contact, true},
    {"PUT /contacts/{id}", "PUT", "/contacts/*",
     sandbox_api_update_contact, true},
    {"GET /contacts/{id}", "GET", "/contacts/*",
     sandbox_api_show_contact, false},
    {"GET /contacts/find_by_external_id/{external_id}", "GET",
     "/contacts/find_by_external_id/*", sandbox_api_find_contact, false},
    {"POST /contacts/{id}/unarchive", "POST", "/contacts/*/unarchive",
     sandbox_api_unarchive_contact, false},
    {"GET /data_attributes", "GET", "/data_attributes",
     sandbox_api_list_attributes, false},
    {"POST /data_attributes", "POST", "/data_attributes",
     sandbox_api_create_attribute, true},
    {"GET /me", "GET", "/me", show_me, false},
    /* clang-format on */
};

/* True if path has the pattern; *start and *length are the segment that the
 * '*' stands for. */
static bool path_matches(const char *pattern, const char *path,
                         const char **start, size_t *length)
{
    size_t before = strcspn(pattern, "*");
    if (strncmp(pattern, path, before) != 0)
        return false;
    if (pattern[before] == '\0')
        return path[before] == '\0';
    *start = path + before;
    *length = strcspn(*start, "/");
    return *length > 0 && text_equals(*start + *length, pattern + before + 1);
}

static const struct route *find_route(const struct sandbox_request *request,
                                      const char **start, size_t *length)
{
    for (size_t i = 0; i < SANDBOX_ROUTE_COUNT - 1; i++) {
        if (text_equals(routes[i].method, request->method) &&
            path_matches(routes[i].path, request->path, start, length))
            return &routes[i];
    }
    return NULL;
}

/* No route: 405 if another method has one, else 404. */
static void refuse_path(const struct sandbox_request *request,
                        struct sandbox_reply *reply)
{
    int status = 404;
    const char *start = NULL;
    size_t length = 0;
    for (size_t i = 0; i < SANDBOX_ROUTE_COUNT - 1; i++) {
        if (path_matches(routes[i].path, request->path, &start, &length))
            status = 405;
    }
    sandbox_reply_status(reply, status);
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    return content_type != NULL &&
           strncasecmp(content_type, json, sizeof(json) - 1) == 0;
}

/* The body as an object, owned by the caller; NULL: the reply says why not. */
static cJSON *read_body(const struct sandbox_request *request,
                        struct sandbox_reply *reply)
{
    if (!is_json(request->content_type)) {
        sandbox_reply_status(reply, 415);
        return NULL;
    }
    struct err err;
    cJSON *body = json_parse(request->body, request->body_length, &err);
    if (body == NULL) {
        sandbox_reply_error(reply, 400, "bad_request", NULL, "%s", err.text);
    } else if (!cJSON_IsObject(body)) {
        sandbox_reply_error(reply, 400, "bad_request", NULL,
                            "The body must be a JSON object");
        cJSON_Delete(body);
        body = NULL;
    }
    return body;
}

static void run(const struct route *route, struct sandbox_api_call *call)
{
    cJSON *body = NULL;
    call->reply->content_type = "application/json; charset=utf-8";
    if (call->request->body_too_large) {
        sandbox_reply_status(call->reply, 413);
        return;
    }
    if (route->takes_body) {
        body = read_body(call->request, call->reply);
        if (body == NULL)
            return;
    }
    call->body = body;
    route->handle(call);
    cJSON_Delete(body);
}

size_t sandbox_api_route(const struct sandbox_request *request)
{
    const char *start = NULL;
    size_t length = 0;
    const struct route *route = find_route(request, &start, &length);
    return route == NULL ? SANDBOX_ROUTE_COUNT - 1 : (size_t)(route - routes);
}

const char *sandbox_api_route_name(size_t route)
{
    assert(route < SANDBOX_ROUTE_COUNT);
    return route == SANDBOX_ROUTE_COUNT - 1 ? "other" : routes[route].name;
}

uint32_t sandbox_api_answer(struct sandbox_world *world,
                            const struct sandbox_request *request,
                            struct sandbox_reply *reply)
{
    const char *start = NULL;
    size_t length = 0;
    char *argument = NULL;
    struct sandbox_api_call call = {
        .world = world,
        .request = request,
        .reply = reply,
        .calling = SANDBOX_NO_ROW,
    };
    const struct route *route = find_route(request, &start, &length);
    if (route == NULL) {
        refuse_path(request, reply);
        return SANDBOX_NO_ROW;
    }
    if (start != NULL && !sandbox_text_decode(start, length, &argument)) {
        sandbox_reply_status(reply, 400);
        return SANDBOX_NO_ROW;
    }
    call.argument = argument;
    run(route, &call);
    free(argument);
    return call.calling;
}
