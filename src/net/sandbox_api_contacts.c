/* The sandbox's paths under /contacts. */
#include "net/sandbox_api.h"

#include "base/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>

static int64_t now_s(const struct sandbox_api_call *call)
{
    return call->request->now_ms / 1000;
}

static void show(struct sandbox_api_call *call, uint32_t row)
{
    struct json json;
    json_begin(&json, &call->reply->body);
    sandbox_contacts_show(&call->world->contacts.rows[row], &json);
}

static void refuse_unknown(struct sandbox_api_call *call)
{
    sandbox_reply_error(call->reply, 404, "not_found", NULL, "User Not Found");
}

static void refuse_merged(struct sandbox_api_call *call, uint32_t row)
{
    const struct sandbox_contacts *contacts = &call->world->contacts;
    uint32_t left = sandbox_contacts_resolve(contacts, row);
    sandbox_reply_status(call->reply, 410);
    (void)snprintf(call->reply->link, sizeof(call->reply->link),
                   "</contacts/%s>; rel=\"canonical\"",
                   contacts->rows[left].id);
}

/* True if row is there to be read and written; else the reply says why not. */
static bool is_usable(struct sandbox_api_call *call, uint32_t row)
{
    if (row != SANDBOX_NO_ROW) {
        switch (call->world->contacts.rows[row].state) {
        case SANDBOX_ACTIVE:
            return true;
        case SANDBOX_MERGED:
            refuse_merged(call, row);
            return false;
        case SANDBOX_ARCHIVED:
        case SANDBOX_DELETED:
            break;
        }
    }
    refuse_unknown(call);
    return false;
}

/* Strict create: the id of the one that exists is in the message, and only
 * there. */
static void refuse_existing(struct sandbox_api_call *call, uint32_t row)
{
    const struct sandbox_contact *contact = &call->world->contacts.rows[row];
    bool is_archived =
        contact->state == SANDBOX_ARCHIVED || contact->state == SANDBOX_DELETED;
    sandbox_reply_error(
        call->reply, 409, "conflict", NULL,
        "%s contact matching those details already exists with id=%s",
        is_archived ? "An archived" : "A", contact->id);
}

static bool check_attributes(struct sandbox_api_call *call)
{
    const cJSON *values =
        cJSON_GetObjectItemCaseSensitive(call->body, "custom_attributes");
    const char *name = NULL;
    struct err err;
    if (values != NULL && !cJSON_IsObject(values) && !cJSON_IsNull(values)) {
        sandbox_reply_error(call->reply, 400, "type_mismatch",
                            "custom_attributes",
                            "custom_attributes must be an object");
        return false;
    }
    if (sandbox_attributes_check(&call->world->attributes, values, &name, &err))
        return true;
    sandbox_reply_error(call->reply, 400, "parameter_invalid", name, "%s",
                        err.text);
    return false;
}

/* The external id of the body, borrowed; NULL where there is none. False: it
 * is of a wrong type, and the reply says so. */
static bool read_external_id(struct sandbox_api_call *call, const char **text)
{
    const cJSON *item =
        cJSON_GetObjectItemCaseSensitive(call->body, "external_id");
    *text = cJSON_GetStringValue(item);
    if (item == NULL || cJSON_IsNull(item) || (*text != NULL && **text != '\0'))
        return true;
    sandbox_reply_error(call->reply, 400, "type_mismatch", "external_id",
                        "external_id must be a string that is not empty");
    return false;
}

static bool check_role(struct sandbox_api_call *call, const char *external_id)
{
    const cJSON *role = cJSON_GetObjectItemCaseSensitive(call->body, "role");
    if (role == NULL && external_id == NULL) {
        sandbox_reply_error(call->reply, 400, "parameter_not_found", "role",
                            "role or external_id is needed");
        return false;
    }
    if (role == NULL || cJSON_IsString(role))
        return true;
    sandbox_reply_error(call->reply, 400, "type_mismatch", "role",
                        "role must be a string");
    return false;
}

static void write_attributes(struct sandbox_api_call *call, uint32_t row)
{
    const cJSON *values =
        cJSON_GetObjectItemCaseSensitive(call->body, "custom_attributes");
    sandbox_contacts_write(&call->world->contacts, row, values, now_s(call));
}

void sandbox_api_create_contact(struct sandbox_api_call *call)
{
    struct sandbox_contacts *contacts = &call->world->contacts;
    const char *external_id = NULL;
    if (!read_external_id(call, &external_id) ||
        !check_role(call, external_id) || !check_attributes(call))
        return;
    uint32_t row = external_id == NULL
                       ? SANDBOX_NO_ROW
                       : sandbox_contacts_find_external(contacts, external_id);
    if (row != SANDBOX_NO_ROW) {
        refuse_existing(call, row);
        return;
    }
    row = sandbox_contacts_add(contacts, external_id, now_s(call));
    write_attributes(call, row);
    show(call, row);
}

void sandbox_api_show_contact(struct sandbox_api_call *call)
{
    uint32_t row =
        sandbox_contacts_find(&call->world->contacts, call->argument);
    if (is_usable(call, row))
        show(call, row);
}

void sandbox_api_update_contact(struct sandbox_api_call *call)
{
    struct sandbox_contacts *contacts = &call->world->contacts;
    uint32_t row = sandbox_contacts_find(contacts, call->argument);
    if (!is_usable(call, row) || !check_attributes(call))
        return;
    write_attributes(call, row);
    contacts->rows[row].updates++;
    show(call, row);
}

void sandbox_api_find_contact(struct sandbox_api_call *call)
{
    uint32_t row =
        sandbox_contacts_find_external(&call->world->contacts, call->argument);
    if (is_usable(call, row))
        show(call, row);
}

void sandbox_api_unarchive_contact(struct sandbox_api_call *call)
{
    struct sandbox_contacts *contacts = &call->world->contacts;
    uint32_t row = sandbox_contacts_find(contacts, call->argument);
    if (row != SANDBOX_NO_ROW && contacts->rows[row].state == SANDBOX_DELETED) {
        sandbox_reply_error(call->reply, 400, "client_error", NULL,
                            "This contact was permanently deleted");
        return;
    }
    if (row != SANDBOX_NO_ROW && contacts->rows[row].state == SANDBOX_ARCHIVED)
        contacts->rows[row].state = SANDBOX_ACTIVE;
    if (!is_usable(call, row))
        return;
    struct json json;
    json_begin(&json, &call->reply->body);
    json_open_object(&json);
    json_key_text(&json, "type", "contact");
    json_key_text(&json, "id", contacts->rows[row].id);
    json_key_text(&json, "external_id", contacts->rows[row].external_id);
    json_key_bool(&json, "archived", false);
    json_close(&json);
}
