/* The sandbox's POST /events. */
#include "net/sandbox_api.h"

#include "base/buf.h"
#include "base/json.h"

#include <cjson/cJSON.h>

enum {
    MOST_METADATA_KEYS = 10, /* Intercom silently ignores the rest */
    /* A body escaped: six bytes of one at most. */
    MOST_METADATA_BYTES = 6 * SANDBOX_BODY_LIMIT,
};

struct event {
    const char *name;
    int64_t created_s;
    uint32_t user;
};

static bool refuse_type(struct sandbox_api_call *call, const char *field,
                        const char *type)
{
    sandbox_reply_error(call->reply, 400, "type_mismatch", field,
                        "%s must be %s", field, type);
    return false;
}

static bool refuse_missing(struct sandbox_api_call *call, const char *field)
{
    sandbox_reply_error(call->reply, 400, "parameter_not_found", field,
                        "%s is needed", field);
    return false;
}

static bool refuse_value(struct sandbox_api_call *call, const char *field,
                         const char *why)
{
    sandbox_reply_error(call->reply, 422, "parameter_invalid", field, "%s",
                        why);
    return false;
}

static const cJSON *body_item(const struct sandbox_api_call *call,
                              const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(call->body, key);
}

static bool read_name(struct sandbox_api_call *call, struct event *event)
{
    const cJSON *name = body_item(call, "event_name");
    if (name == NULL || cJSON_IsNull(name))
        return refuse_missing(call, "event_name");
    if (!cJSON_IsString(name) || *name->valuestring == '\0')
        return refuse_type(call, "event_name", "a string that is not empty");
    event->name = name->valuestring;
    return true;
}

/* A time in milliseconds lies thousands of years ahead: the same refusal. */
static bool read_created_at(struct sandbox_api_call *call, struct event *event)
{
    const cJSON *created = body_item(call, "created_at");
    int64_t latest_s = call->request->now_ms / 1000 + call->world->future_s;
    if (created == NULL || cJSON_IsNull(created))
        return refuse_missing(call, "created_at");
    if (!sandbox_attributes_is_whole(created))
        return refuse_type(call, "created_at", "an integer of unix seconds");
    if (created->valuedouble < 0)
        return refuse_value(call, "created_at", "created_at is before 1970");
    if (created->valuedouble > (double)latest_s)
        return refuse_value(call, "created_at",
                            "The event has a future created_at");
    event->created_s = (int64_t)created->valuedouble;
    return true;
}

/* Of the three ways to name a contact, by the first that is there. Contacts
 * have no email here, so that finds none. */
static bool read_user(struct sandbox_api_call *call, struct event *event)
{
    const struct sandbox_contacts *contacts = &call->world->contacts;
    const cJSON *user_id = body_item(call, "user_id");
    const cJSON *id = body_item(call, "id");
    event->user = SANDBOX_NO_ROW;
    if (user_id == NULL && id == NULL && body_item(call, "email") == NULL)
        return refuse_missing(call, "user_id");
    if (user_id != NULL && !cJSON_IsString(user_id))
        return refuse_type(call, "user_id", "a string");
    if (user_id != NULL)
        event->user =
            sandbox_contacts_find_external(contacts, user_id->valuestring);
    else if (id != NULL && cJSON_IsString(id))
        event->user = sandbox_contacts_find(contacts, id->valuestring);
    return true;
}

/* Rich links and amounts are the only objects. */
static bool is_known_object(const cJSON *value)
{
    const cJSON *currency = cJSON_GetObjectItemCaseSensitive(value, "currency");
    const cJSON *amount = cJSON_GetObjectItemCaseSensitive(value, "amount");
    const cJSON *url = cJSON_GetObjectItemCaseSensitive(value, "url");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(value, "value");
    return cJSON_GetArraySize(value) == 2 &&
           ((cJSON_IsString(url) && cJSON_IsString(text)) ||
            (cJSON_IsNumber(amount) && cJSON_IsString(currency)));
}

static bool is_metadata_value(const cJSON *value)
{
    return cJSON_IsString(value) || cJSON_IsNumber(value) ||
           cJSON_IsBool(value) ||
           (cJSON_IsObject(value) && is_known_object(value));
}

/* Not cJSON's printer: three quarters of it is sscanf on each number. */
static void write_value(const cJSON *value, struct json *json)
{
    const cJSON *item = NULL;
    if (cJSON_IsString(value)) {
        json_text(json, value->valuestring);
    } else if (cJSON_IsBool(value)) {
        json_bool(json, cJSON_IsTrue(value));
    } else if (sandbox_attributes_is_whole(value)) {
        json_int64(json, (int64_t)value->valuedouble);
    } else if (cJSON_IsNumber(value)) {
        json_double(json, value->valuedouble);
    } else {
        json_open_object(json);
        cJSON_ArrayForEach(item, value)
        {
            json_key(json, item->string);
            write_value(item, json);
        }
        json_close(json);
    }
}

static bool check_metadata(struct sandbox_api_call *call, const cJSON *metadata)
{
    const cJSON *value = NULL;
    int count = 0;
    if (metadata != NULL && !cJSON_IsObject(metadata) &&
        !cJSON_IsNull(metadata))
        return refuse_type(call, "metadata", "an object");
    cJSON_ArrayForEach(value, metadata)
    {
        if (++count > MOST_METADATA_KEYS)
            break;
        if (is_metadata_value(value))
            continue;
        sandbox_reply_error(call->reply, 422, "parameter_invalid", "metadata",
                            "Metadata key '%s': null and nested values are "
                            "not supported",
                            value->string);
        return false;
    }
    return true;
}

/* Write the first ten keys as an object; the others are counted and gone. */
static void write_metadata(struct sandbox_world *world, const cJSON *metadata,
                           struct buf *out)
{
    const cJSON *value = NULL;
    struct json json;
    int count = 0;
    json_begin(&json, out);
    json_open_object(&json);
    cJSON_ArrayForEach(value, metadata)
    {
        if (++count > MOST_METADATA_KEYS) {
            world->metadata_keys_dropped++;
            continue;
        }
        json_key(&json, value->string);
        write_value(value, &json);
    }
    json_close(&json);
}

/* Remember that this user's event is being answered; another one that still is
 * breaks subrelay's promise of one call a user at a time. */
static void note_call(struct sandbox_api_call *call, uint32_t user)
{
    struct sandbox_world *world = call->world;
    struct sandbox_contact *contact = &world->contacts.rows[user];
    if (contact->calling != NULL && world->is_awaited != NULL &&
        world->is_awaited(contact->calling))
        world->parallel_same_user++;
    contact->calling = call->request->call;
    call->calling = user;
}

static void store(struct sandbox_api_call *call, const struct event *event,
                  uint32_t contact)
{
    const cJSON *metadata = body_item(call, "metadata");
    struct buf text;
    if (!check_metadata(call, metadata))
        return;
    buf_init(&text, MOST_METADATA_BYTES);
    write_metadata(call->world, metadata, &text);
    struct sandbox_arrival arrival = {
        .name = event->name,
        .metadata = buf_text(&text),
        .created_s = event->created_s,
        .received_ms = call->request->now_ms,
        .contact = contact,
        .user = event->user,
    };
    if (sandbox_events_add(&call->world->events, &arrival) ==
        SANDBOX_TOO_MANY_NAMES) {
        sandbox_reply_error(call->reply, 422, "422", NULL,
                            "Cannot have more than %d active event names",
                            SANDBOX_NAME_LIMIT);
    } else {
        call->reply->status = 202;
        call->reply->content_type = NULL;
    }
    buf_free(&text);
}

void sandbox_api_create_event(struct sandbox_api_call *call)
{
    struct sandbox_world *world = call->world;
    struct event event;
    if (!read_name(call, &event) || !read_created_at(call, &event) ||
        !read_user(call, &event))
        return;
    if (event.user != SANDBOX_NO_ROW)
        note_call(call, event.user);
    if (sandbox_world_is_archived(world, event.name)) {
        refuse_value(call, "event_name", "event name archived");
        return;
    }
    uint32_t contact =
        event.user == SANDBOX_NO_ROW
            ? SANDBOX_NO_ROW
            : sandbox_contacts_resolve(&world->contacts, event.user);
    if (contact == SANDBOX_NO_ROW ||
        world->contacts.rows[contact].state != SANDBOX_ACTIVE) {
        sandbox_reply_error(call->reply, 404, "not_found", NULL,
                            "User Not Found");
        return;
    }
    store(call, &event, contact);
}
