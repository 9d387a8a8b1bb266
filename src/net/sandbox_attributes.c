#include "net/sandbox_attributes.h"

#include "base/mem.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

/* Up to here every integer is a double of its own. */
#define MOST_EXACT 9007199254740992.0

static const char *const type_names[] = {
    [SANDBOX_STRING] = "string", [SANDBOX_INTEGER] = "integer",
    [SANDBOX_FLOAT] = "float",   [SANDBOX_BOOLEAN] = "boolean",
    [SANDBOX_DATE] = "date",     [SANDBOX_NO_TYPE] = "none",
};

/* From Intercom's documentation of its RevenueCat integration. */
static const struct {
    const char *name;
    enum sandbox_type type;
} needed[] = {
    {"latest_store", SANDBOX_STRING},
    {"latest_entitlement", SANDBOX_STRING},
    {"expires_at", SANDBOX_DATE},
    {"subscription_status", SANDBOX_STRING},
};

static bool fits(enum sandbox_type type, const cJSON *value)
{
    switch (type) {
    case SANDBOX_STRING:
        return cJSON_IsString(value);
    case SANDBOX_INTEGER:
    case SANDBOX_DATE:
        return sandbox_attributes_is_whole(value);
    case SANDBOX_FLOAT:
        return cJSON_IsNumber(value);
    case SANDBOX_BOOLEAN:
        return cJSON_IsBool(value);
    case SANDBOX_NO_TYPE:
        break;
    }
    return false;
}

bool sandbox_attributes_is_whole(const struct cJSON *value)
{
    return cJSON_IsNumber(value) && value->valuedouble >= -MOST_EXACT &&
           value->valuedouble <= MOST_EXACT &&
           (double)(int64_t)value->valuedouble == value->valuedouble;
}

enum sandbox_type sandbox_attributes_read_type(const char *text)
{
    if (text_equals(text, "datetime"))
        return SANDBOX_DATE;
    int type = 0;
    while (type < SANDBOX_NO_TYPE && !text_equals(text, type_names[type]))
        type++;
    return (enum sandbox_type)type;
}

void sandbox_attributes_add_needed(struct sandbox_attributes *attributes,
                                   int64_t now_s)
{
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        sandbox_attributes_add(attributes, needed[i].name, needed[i].type,
                               now_s);
}

struct sandbox_attribute *
sandbox_attributes_add(struct sandbox_attributes *attributes, const char *name,
                       enum sandbox_type type, int64_t now_s)
{
    attributes->rows = mem_resize(
        attributes->rows, (attributes->count + 1) * sizeof(*attributes->rows));
    struct sandbox_attribute *added = &attributes->rows[attributes->count++];
    *added = (struct sandbox_attribute){
        .name = mem_copy_text(name),
        .id = ++attributes->last_id,
        .created_s = now_s,
        .type = type,
    };
    return added;
}

struct sandbox_attribute *
sandbox_attributes_find(const struct sandbox_attributes *attributes,
                        const char *name)
{
    for (size_t i = 0; i < attributes->count; i++) {
        if (text_equals(attributes->rows[i].name, name))
            return &attributes->rows[i];
    }
    return NULL;
}

void sandbox_attributes_remove(struct sandbox_attributes *attributes,
                               const char *name)
{
    struct sandbox_attribute *gone = sandbox_attributes_find(attributes, name);
    if (gone == NULL)
        return;
    free(gone->name);
    *gone = attributes->rows[--attributes->count];
}

bool sandbox_attributes_check(const struct sandbox_attributes *attributes,
                              const struct cJSON *values, const char **name,
                              struct err *err)
{
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, values)
    {
        const struct sandbox_attribute *attribute =
            sandbox_attributes_find(attributes, value->string);
        *name = value->string;
        if (attribute == NULL || attribute->of_company)
            return err_set(err, ERR_NOT_FOUND,
                           "Custom attribute '%s' does not exist",
                           value->string);
        if (!cJSON_IsNull(value) && !fits(attribute->type, value))
            return err_set(err, ERR_INVALID,
                           "Custom attribute '%s' must be of type %s",
                           value->string, type_names[attribute->type]);
    }
    return true;
}

void sandbox_attributes_write(const struct sandbox_attribute *attribute,
                              struct json *json)
{
    struct buf full_name;
    buf_init(&full_name, 4096);
    buf_add_text(&full_name, "custom_attributes.");
    buf_add_text(&full_name, attribute->name);
    json_open_object(json);
    json_key_int64(json, "id", attribute->id);
    json_key_text(json, "type", "data_attribute");
    json_key_text(json, "name", attribute->name);
    json_key_text(json, "full_name", buf_text(&full_name));
    json_key_text(json, "label", attribute->name);
    json_key_text(json, "data_type", type_names[attribute->type]);
    json_key_bool(json, "api_writable", true);
    json_key_bool(json, "ui_writable", false);
    json_key_bool(json, "messenger_writable", false);
    json_key_bool(json, "custom", true);
    json_key_bool(json, "archived", false);
    json_key_text(json, "admin_id", "1");
    json_key_int64(json, "created_at", attribute->created_s);
    json_key_int64(json, "updated_at", attribute->created_s);
    json_key_text(json, "model", attribute->of_company ? "company" : "contact");
    json_close(json);
    buf_free(&full_name);
}

void sandbox_attributes_free(struct sandbox_attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++)
        free(attributes->rows[i].name);
    free(attributes->rows);
    *attributes = (struct sandbox_attributes){0};
}
