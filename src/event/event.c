#include "event/event.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "event/catalog.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_NAME_BYTES = 200, /* id, type */
    MOST_USER_CHARACTERS = 100,
    ESCAPE_BYTES = 6, /* \uXXXX */
};

/* 9999-12-31T23:59:59.999Z */
static const double LATEST_MS = 253402300799999.0;

/* cJSON ends a text at \u0000 and takes no half surrogate pair at all, but
 * both may well stand in a field that we do not use. So they are overwritten,
 * before parsing, by bytes that no UTF-8 has: a field that we use then fails,
 * and names its reason. */
static const char NUL_MASK[] = "\xFF\xFF\xFF\xFF\xFF\xFF";
static const char SURROGATE_MASK[] = "\xFE\xFE\xFE\xFE\xFE\xFE";

struct text_field {
    const char *key;
    const char *name; /* for reasons */
    size_t offset;    /* in struct event */
    size_t most_bytes;
};

struct time_field {
    const char *key;
    const char *name;
    size_t offset;
};

/* clang-format off */
#define TEXT(key, most_bytes) \
    {#key, "event." #key, offsetof(struct event, key), most_bytes}
#define TIME(key) {#key, "event." #key, offsetof(struct event, key)}

static const struct text_field names[] = {
    TEXT(id, MOST_NAME_BYTES),
    TEXT(type, MOST_NAME_BYTES),
};

static const struct text_field texts[] = {
    /* its length is counted in characters: check_user() */
    {"app_user_id", "event.app_user_id", offsetof(struct event, user_id),
     SIZE_MAX},
    TEXT(app_id, EVENT_MOST_TEXT_BYTES),
    TEXT(product_id, EVENT_MOST_TEXT_BYTES),
    TEXT(period_type, EVENT_MOST_TEXT_BYTES),
    TEXT(environment, EVENT_MOST_TEXT_BYTES),
    TEXT(store, EVENT_MOST_TEXT_BYTES),
    TEXT(cancel_reason, EVENT_MOST_TEXT_BYTES),
    TEXT(expiration_reason, EVENT_MOST_TEXT_BYTES),
};

static const struct time_field times[] = {
    TIME(event_timestamp_ms),
    TIME(purchased_at_ms),
    TIME(expiration_at_ms),
    TIME(grace_period_expiration_at_ms),
};
/* clang-format on */

/* The field's place in *event. */
static void *field_of(struct event *event, size_t offset)
{
    return (char *)event + offset;
}

/* The first item of that key; NULL if there is none or it is null. */
static const cJSON *find_item(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(item) ? NULL : item;
}

/* The four hex digits at `digits`; -1: they are none. */
static int read_hex4(const char *digits, size_t length)
{
    if (length < 4)
        return -1;
    int code = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char digit = (unsigned char)digits[i];
        if (!isxdigit(digit))
            return -1;
        int value = isdigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
        code = code * 16 + value;
    }
    return code;
}

/* Look at the \uXXXX that begins at escape. *used is how far to go on, *mask
 * what has to be written over it or NULL. False: the digits are no digits,
 * which cJSON would take as \u0000. */
static bool judge_escape(const char *escape, size_t length, size_t *used,
                         const char **mask)
{
    int code = read_hex4(escape + 2, length - 2);
    *used = ESCAPE_BYTES;
    *mask = NULL;
    if (code < 0)
        return false;
    if (code == 0)
        *mask = NUL_MASK;
    if (code < 0xD800 || code > 0xDFFF)
        return true;
    const char *next = escape + ESCAPE_BYTES;
    size_t rest = length - ESCAPE_BYTES;
    int low = -1;
    if (code <= 0xDBFF && rest >= 2 && next[0] == '\\' && next[1] == 'u')
        low = read_hex4(next + 2, rest - 2);
    if (low >= 0xDC00 && low <= 0xDFFF)
        *used = 2 * (size_t)ESCAPE_BYTES;
    else
        *mask = SURROGATE_MASK;
    return true;
}

/* Overwrite the escapes that cJSON cannot take. *masked is a copy of the body
 * (owned by the caller), or NULL if there is nothing to overwrite. Fails on an
 * escape that is no JSON. */
static bool mask_escapes(const char *body, size_t length, char **masked,
                         struct err *err)
{
    *masked = NULL;
    size_t at = 0;
    for (;;) {
        const char *found = memchr(body + at, '\\', length - at);
        if (found == NULL || found + 1 == body + length)
            return true;
        at = (size_t)(found - body);
        size_t used = 2;
        const char *mask = NULL;
        if (found[1] == 'u' && !judge_escape(found, length - at, &used, &mask))
            break;
        if (mask != NULL && *masked == NULL)
            *masked = mem_copy_bytes(body, length);
        if (mask != NULL)
            memcpy(*masked + at, mask, ESCAPE_BYTES);
        at += used;
    }
    free(*masked);
    *masked = NULL;
    return err_set(err, ERR_INVALID, "not JSON (at byte %zu)", at + 1);
}

/* True if the brackets outside of strings nest deeper than cJSON goes. */
static bool is_nested_too_deeply(const char *body, size_t length)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        if (in_string && body[i] == '\\')
            i++;
        else if (body[i] == '"')
            in_string = !in_string;
        else if (!in_string && (body[i] == '{' || body[i] == '['))
            depth++;
        else if (!in_string && (body[i] == '}' || body[i] == ']'))
            depth--;
        if (depth > CJSON_NESTING_LIMIT)
            return true;
    }
    return false;
}

/* Parse bytes that cJSON would misread as they are. NULL: err is filled. */
static cJSON *parse_tree(const char *body, size_t length, struct err *err)
{
    const char *nul = length == 0 ? NULL : memchr(body, '\0', length);
    if (nul != NULL) {
        (void)err_set(err, ERR_INVALID, "not JSON (a NUL at byte %zu)",
                      (size_t)(nul - body) + 1);
        return NULL;
    }
    char *masked = NULL;
    if (length > 0 && !mask_escapes(body, length, &masked, err))
        return NULL;
    cJSON *tree = json_parse(masked == NULL ? body : masked, length, err);
    free(masked);
    if (tree == NULL && is_nested_too_deeply(body, length))
        (void)err_set(err, ERR_INVALID, "nested deeper than %d levels",
                      CJSON_NESTING_LIMIT);
    return tree;
}

static bool check_text(const char *text, const char *name, size_t most_bytes,
                       struct err *err)
{
    size_t length = strlen(text);
    if (!text_is_utf8(text, length)) {
        const char *fault = "not valid UTF-8";
        if (strstr(text, NUL_MASK) != NULL)
            fault = "has a \\u0000";
        else if (strstr(text, SURROGATE_MASK) != NULL)
            fault = "has half a surrogate pair";
        return err_set(err, ERR_INVALID, "%s: %s", name, fault);
    }
    if (length > most_bytes)
        return err_set(err, ERR_INVALID, "%s: longer than %zu bytes", name,
                       most_bytes);
    return true;
}

static bool read_text(const cJSON *item, const char *name, size_t most_bytes,
                      const char **text, struct err *err)
{
    *text = NULL;
    if (item == NULL)
        return true;
    if (!cJSON_IsString(item))
        return err_set(err, ERR_INVALID, "%s: not a string", name);
    if (!check_text(item->valuestring, name, most_bytes, err))
        return false;
    *text = item->valuestring;
    return true;
}

static bool read_time(const cJSON *item, const char *name, int64_t *time_ms,
                      struct err *err)
{
    *time_ms = EVENT_NO_TIME;
    if (item == NULL)
        return true;
    if (!cJSON_IsNumber(item))
        return err_set(err, ERR_INVALID, "%s: not a number", name);
    double number = item->valuedouble;
    if (number < 0)
        return err_set(err, ERR_INVALID, "%s: before 1970", name);
    if (!(number <= LATEST_MS))
        return err_set(err, ERR_INVALID, "%s: after the year 9999", name);
    if (number != (double)(int64_t)number)
        return err_set(err, ERR_INVALID,
                       "%s: not a whole number of milliseconds", name);
    *time_ms = (int64_t)number;
    return true;
}

static bool read_name(const cJSON *object, const struct text_field *field,
                      struct event *event, struct err *err)
{
    const char **text = field_of(event, field->offset);
    if (!read_text(find_item(object, field->key), field->name,
                   field->most_bytes, text, err))
        return false;
    if (*text == NULL)
        return err_set(err, ERR_INVALID, "%s: missing", field->name);
    if (**text == '\0')
        return err_set(err, ERR_INVALID, "%s: empty", field->name);
    return true;
}

static bool read_entitlement(const cJSON *object, struct event *event,
                             struct err *err)
{
    const cJSON *list = find_item(object, "entitlement_ids");
    event->entitlement = NULL;
    if (list == NULL)
        return true;
    if (!cJSON_IsArray(list))
        return err_set(err, ERR_INVALID, "event.entitlement_ids: not a list");
    const cJSON *first = cJSON_IsNull(list->child) ? NULL : list->child;
    return read_text(first, "event.entitlement_ids[0]", EVENT_MOST_TEXT_BYTES,
                     &event->entitlement, err);
}

static bool read_conversion(const cJSON *object, struct event *event,
                            struct err *err)
{
    const cJSON *item = find_item(object, "is_trial_conversion");
    event->is_trial_conversion = cJSON_IsTrue(item);
    if (item == NULL || cJSON_IsBool(item))
        return true;
    return err_set(err, ERR_INVALID,
                   "event.is_trial_conversion: not true or false");
}

static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text & 0xC0) != 0x80)
            count++;
    }
    return count;
}

static bool check_user(struct event *event, struct err *err)
{
    const char *user_id = event->user_id;
    event->user_id = NULL;
    if (user_id == NULL || *user_id == '\0')
        return true;
    if (count_characters(user_id) > MOST_USER_CHARACTERS)
        return err_set(err, ERR_INVALID,
                       "event.app_user_id: longer than %d characters",
                       MOST_USER_CHARACTERS);
    if (strchr(user_id, '/') != NULL)
        return err_set(err, ERR_INVALID, "event.app_user_id: has a '/'");
    event->user_id = user_id;
    return true;
}

/* Read all but id and type. Every field is set even when one is wrong; err is
 * about the last wrong one. */
static bool read_fields(const cJSON *object, struct event *event,
                        struct err *err)
{
    bool good = true;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        good &= read_text(find_item(object, texts[i].key), texts[i].name,
                          texts[i].most_bytes, field_of(event, texts[i].offset),
                          err);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        good &= read_time(find_item(object, times[i].key), times[i].name,
                          field_of(event, times[i].offset), err);
    good &= read_entitlement(object, event, err);
    good &= read_conversion(object, event, err);
    good &= check_user(event, err);
    return good;
}

static bool read_event(struct event *event, struct err *err)
{
    if (!cJSON_IsObject(event->tree))
        return err_set(err, ERR_INVALID, "not a JSON object");
    const cJSON *object = find_item(event->tree, "event");
    if (object == NULL)
        return err_set(err, ERR_INVALID, "event: missing");
    if (!cJSON_IsObject(object))
        return err_set(err, ERR_INVALID, "event: not an object");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!read_name(object, &names[i], event, err))
            return false;
    }
    struct err about_field = {0};
    if (read_fields(object, event, &about_field))
        return true;
    enum event_kind kind;
    if (!catalog_find_type(event->type, false, false, &kind))
        return true;
    return err_set(err, about_field.code, "%s", about_field.text);
}

bool event_parse(const char *body, size_t length, struct event *event,
                 struct err *err)
{
    *event = (struct event){0};
    if (length > EVENT_MOST_BYTES)
        return err_set(err, ERR_INVALID, "larger than %d bytes",
                       EVENT_MOST_BYTES);
    event->tree = parse_tree(body, length, err);
    if (event->tree == NULL)
        return false;
    if (read_event(event, err))
        return true;
    event_free(event);
    return false;
}

void event_free(struct event *event)
{
    cJSON_Delete(event->tree);
    *event = (struct event){0};
}

bool event_user_is_anonymous(const char *user_id)
{
    static const char prefix[] = "$RCAnonymousID:";
    if (!text_has_prefix(user_id, prefix))
        return false;
    const char *digits = user_id + sizeof(prefix) - 1;
    return strlen(digits) == 32 &&
           strspn(digits, "0123456789abcdefABCDEF") == 32;
}
