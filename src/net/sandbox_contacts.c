#include "net/sandbox_contacts.h"

#include "base/mem.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a contact of Intercom's can have and one of the sandbox's has not. */
static const char *const absent[] = {
    "email",
    "phone",
    "name",
    "avatar",
    "owner_id",
    "signed_up_at",
    "last_seen_at",
    "last_replied_at",
    "last_contacted_at",
    "last_email_opened_at",
    "last_email_clicked_at",
    "language_override",
    "browser",
    "browser_version",
    "browser_language",
    "os",
    "android_app_name",
    "android_app_version",
    "android_device",
    "android_os_version",
    "android_sdk_version",
    "android_last_seen_at",
    "ios_app_name",
    "ios_app_version",
    "ios_device",
    "ios_os_version",
    "ios_sdk_version",
    "ios_last_seen_at",
    "utm_campaign",
    "utm_content",
    "utm_medium",
    "utm_source",
    "utm_term",
    "referrer",
    "enabled_push_messaging",
};

static const struct {
    const char *name;
    const char *path;
} lists[] = {
    {"tags", "tags"},
    {"notes", "notes"},
    {"companies", "companies"},
    {"opted_out_subscription_types", "subscriptions"},
    {"opted_in_subscription_types", "subscriptions"},
    {"social_profiles", "social_profiles"},
};

struct text_key {
    const struct sandbox_contacts *contacts;
    const char *text;
};

static bool has_id(const void *context, uint32_t row)
{
    const struct text_key *key = context;
    return strcmp(key->contacts->rows[row].id, key->text) == 0;
}

static bool has_external_id(const void *context, uint32_t row)
{
    const struct text_key *key = context;
    return strcmp(key->contacts->rows[row].external_id, key->text) == 0;
}

static uint64_t hash_text(const char *text)
{
    return sandbox_hash(0, text, strlen(text));
}

/* From the seed and the external id, so that a run can be repeated whatever
 * the order in which its contacts come; salt makes a second try differ. */
static void make_id(const struct sandbox_contacts *contacts,
                    const char *external_id, uint64_t salt, char *id)
{
    uint64_t first =
        sandbox_hash(contacts->seed + salt, external_id, strlen(external_id));
    uint64_t second = sandbox_hash(first, "id", 2);
    (void)snprintf(id, SANDBOX_ID_LENGTH + 1, "%016" PRIx64 "%08" PRIx32, first,
                   (uint32_t)second);
}

static void choose_id(const struct sandbox_contacts *contacts,
                      const char *external_id, char *id)
{
    uint64_t salt = external_id == NULL ? contacts->count : 0;
    do {
        make_id(contacts, external_id == NULL ? "" : external_id, salt, id);
        salt++;
    } while (sandbox_contacts_find(contacts, id) != SANDBOX_NO_ROW);
}

static void make_room(struct sandbox_contacts *contacts)
{
    if (contacts->count < contacts->capacity)
        return;
    contacts->capacity = contacts->capacity == 0 ? 64 : contacts->capacity * 2;
    contacts->rows = mem_resize(contacts->rows,
                                contacts->capacity * sizeof(*contacts->rows));
}

static cJSON *read_attributes(const struct sandbox_contact *contact)
{
    cJSON *attributes =
        contact->attributes == NULL ? NULL : cJSON_Parse(contact->attributes);
    return attributes == NULL ? cJSON_CreateObject() : attributes;
}

static void show_list(const struct sandbox_contact *contact, size_t index,
                      struct json *json)
{
    char url[96];
    (void)snprintf(url, sizeof(url), "/contacts/%s/%s", contact->id,
                   lists[index].path);
    json_key(json, lists[index].name);
    json_open_object(json);
    json_key_text(json, "type", "list");
    json_key(json, "data");
    json_open_array(json);
    json_close(json);
    json_key_text(json, "url", url);
    json_key_int64(json, "total_count", 0);
    json_key_bool(json, "has_more", false);
    json_close(json);
}

static void show_location(struct json *json)
{
    static const char *const parts[] = {"country", "region", "city",
                                        "country_code", "continent_code"};
    json_key(json, "location");
    json_open_object(json);
    json_key_text(json, "type", "location");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        json_key_null(json, parts[i]);
    json_close(json);
}

uint32_t sandbox_contacts_add(struct sandbox_contacts *contacts,
                              const char *external_id, int64_t now_s)
{
    make_room(contacts);
    uint32_t row = contacts->count;
    struct sandbox_contact *contact = &contacts->rows[row];
    *contact = (struct sandbox_contact){
        .external_id = mem_copy_text(external_id),
        .created_s = now_s,
        .updated_s = now_s,
    };
    choose_id(contacts, external_id, contact->id);
    contacts->count++;
    sandbox_table_add(&contacts->by_id, hash_text(contact->id), row);
    if (external_id != NULL)
        sandbox_table_add(&contacts->by_external_id, hash_text(external_id),
                          row);
    return row;
}

uint32_t sandbox_contacts_find(const struct sandbox_contacts *contacts,
                               const char *id)
{
    struct text_key key = {contacts, id};
    return sandbox_table_find(&contacts->by_id, hash_text(id), has_id, &key);
}

uint32_t sandbox_contacts_find_external(const struct sandbox_contacts *contacts,
                                        const char *external_id)
{
    struct text_key key = {contacts, external_id};
    return sandbox_table_find(&contacts->by_external_id, hash_text(external_id),
                              has_external_id, &key);
}

uint32_t sandbox_contacts_resolve(const struct sandbox_contacts *contacts,
                                  uint32_t row)
{
    while (contacts->rows[row].state == SANDBOX_MERGED)
        row = contacts->rows[row].merged_into;
    return row;
}

bool sandbox_contacts_merge(struct sandbox_contacts *contacts, uint32_t row,
                            uint32_t target, struct err *err)
{
    if (contacts->rows[row].state == SANDBOX_MERGED)
        return err_set(err, ERR_INVALID, "the contact is merged already");
    if (sandbox_contacts_resolve(contacts, target) == row)
        return err_set(err, ERR_INVALID,
                       "a contact cannot be merged into itself");
    contacts->rows[row].state = SANDBOX_MERGED;
    contacts->rows[row].merged_into = target;
    return true;
}

void sandbox_contacts_write(struct sandbox_contacts *contacts, uint32_t row,
                            const struct cJSON *changes, int64_t now_s)
{
    struct sandbox_contact *contact = &contacts->rows[row];
    contact->updated_s = now_s;
    if (changes == NULL || changes->child == NULL)
        return;
    cJSON *attributes = read_attributes(contact);
    const cJSON *change = NULL;
    cJSON_ArrayForEach(change, changes)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(attributes, change->string);
        if (!cJSON_IsNull(change))
            cJSON_AddItemToObject(attributes, change->string,
                                  cJSON_Duplicate(change, true));
    }
    free(contact->attributes);
    contact->attributes = cJSON_PrintUnformatted(attributes);
    cJSON_Delete(attributes);
}

void sandbox_contacts_show(const struct sandbox_contact *contact,
                           struct json *json)
{
    const char *attributes =
        contact->attributes == NULL ? "{}" : contact->attributes;
    json_open_object(json);
    json_key_text(json, "type", "contact");
    json_key_text(json, "id", contact->id);
    json_key_text(json, "workspace_id", "sandbox");
    json_key_text(json, "external_id", contact->external_id);
    json_key_text(json, "role", "user");
    json_key_int64(json, "created_at", contact->created_s);
    json_key_int64(json, "updated_at", contact->updated_s);
    json_key_bool(json, "has_hard_bounced", false);
    json_key_bool(json, "marked_email_as_spam", false);
    json_key_bool(json, "unsubscribed_from_emails", false);
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        json_key_null(json, absent[i]);
    json_key(json, "custom_attributes");
    json_raw(json, attributes, strlen(attributes));
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        show_list(contact, i, json);
    show_location(json);
    json_close(json);
}

void sandbox_contacts_free(struct sandbox_contacts *contacts)
{
    for (uint32_t row = 0; row < contacts->count; row++) {
        free(contacts->rows[row].external_id);
        free(contacts->rows[row].attributes);
    }
    free(contacts->rows);
    sandbox_table_free(&contacts->by_id);
    sandbox_table_free(&contacts->by_external_id);
    *contacts = (struct sandbox_contacts){.seed = contacts->seed};
}
