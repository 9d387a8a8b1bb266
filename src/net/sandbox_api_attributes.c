/* The sandbox's paths under /data_attributes. */
#include "net/sandbox_api.h"

#include "base/json.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <string.h>

/* Intercom's own limit of custom attributes. */
enum { MOST_ATTRIBUTES = 250 };

/* Attributes that every workspace has; they carry no id. */
static const struct {
    const char *name;
    const char *label;
    const char *type;
} standard[] = {
    {"id", "ID", "string"},
    {"external_id", "User ID", "string"},
    {"name", "Name", "string"},
    {"email", "Email", "string"},
    {"signed_up_at", "Signed up", "date"},
};

static void write_standard(struct json *json, size_t index)
{
    json_open_object(json);
    json_key_text(json, "type", "data_attribute");
    json_key_text(json, "name", standard[index].name);
    json_key_text(json, "full_name", standard[index].name);
    json_key_text(json, "label", standard[index].label);
    json_key_text(json, "data_type", standard[index].type);
    json_key_bool(json, "api_writable", index > 0);
    json_key_bool(json, "ui_writable", false);
    json_key_bool(json, "messenger_writable", true);
    json_key_bool(json, "custom", false);
    json_key_bool(json, "archived", false);
    json_key_text(json, "model", "contact");
    json_close(json);
}

static const char *body_text(const struct sandbox_api_call *call,
                             const char *key)
{
    return cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(call->body, key));
}

static bool is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_- ";
    return *name != '\0' && name[strspn(name, allowed)] == '\0';
}

static void refuse(struct sandbox_api_call *call, const char *field,
                   const char *message)
{
    sandbox_reply_error(call->reply, 400, "parameter_invalid", field, "%s",
                        message);
}

static bool check_new(struct sandbox_api_call *call, const char *name,
                      const char *model, enum sandbox_type type)
{
    if (!text_equals(model, "contact") && !text_equals(model, "company"))
        refuse(call, "model",
               "The Data Attribute model field must be either contact or "
               "company");
    else if (name == NULL || !is_name(name))
        refuse(call, "name",
               "Your name for this attribute must only contain alphanumeric "
               "characters, currency symbols, and hyphens");
    else if (type == SANDBOX_NO_TYPE)
        refuse(call, "data_type", "Data Type isn't an option");
    else if (call->world->attributes.count >= MOST_ATTRIBUTES)
        refuse(call, NULL, "You have reached the limit of 250 attributes");
    else
        return true;
    return false;
}

/* Intercom calls the data of contacts "people data" in this message. */
static const char *data_word(bool of_company)
{
    return of_company ? "company" : "people";
}

void sandbox_api_list_attributes(struct sandbox_api_call *call)
{
    const struct sandbox_attributes *all = &call->world->attributes;
    const char *model = call->request->query_model;
    bool companies = text_equals(model, "company");
    struct json json;
    if (model != NULL && !companies && !text_equals(model, "contact")) {
        sandbox_reply_error(call->reply, 422, "parameter_invalid", NULL,
                            "model=%s is not supported", model);
        return;
    }
    json_begin(&json, &call->reply->body);
    json_open_object(&json);
    json_key_text(&json, "type", "list");
    json_key(&json, "data");
    json_open_array(&json);
    for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++) {
        if (!companies)
            write_standard(&json, i);
    }
    for (size_t i = 0; i < all->count; i++) {
        if (model == NULL || all->rows[i].of_company == companies)
            sandbox_attributes_write(&all->rows[i], &json);
    }
    json_close(&json);
    json_close(&json);
}

void sandbox_api_create_attribute(struct sandbox_api_call *call)
{
    struct sandbox_attributes *all = &call->world->attributes;
    const char *name = body_text(call, "name");
    const char *model = body_text(call, "model");
    enum sandbox_type type =
        sandbox_attributes_read_type(body_text(call, "data_type"));
    if (!check_new(call, name, model, type))
        return;
    bool of_company = text_equals(model, "company");
    const struct sandbox_attribute *known = sandbox_attributes_find(all, name);
    if (known != NULL) {
        sandbox_reply_error(call->reply, 400, "parameter_invalid", NULL,
                            "You already have '%s' in your %s data. To save "
                            "this as new %s data, use a different name.",
                            name, data_word(known->of_company),
                            data_word(of_company));
        return;
    }
    struct json json;
    struct sandbox_attribute *added =
        sandbox_attributes_add(all, name, type, call->request->now_ms / 1000);
    added->of_company = of_company;
    json_begin(&json, &call->reply->body);
    sandbox_attributes_write(added, &json);
}
