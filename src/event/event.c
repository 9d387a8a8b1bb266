#include "event/event.h"

#include "base/text.h"
#include "event/catalog.h"

#include <string.h>

enum {
    MOST_NAME_BYTES = 200, /* id, type */
    MOST_USER_CHARACTERS = 100,
};

/* 9999-12-31T23:59:59.999Z */
static const double LATEST_MS = 253402300799999.0;

struct text_field {
    enum member member;
    const char *name; /* for reasons */
    size_t offset;    /* in struct event */
    size_t most_bytes;
};

struct time_field {
    enum member member;
    const char *name;
    size_t offset;
};

/* clang-format off */
#define TEXT(member, key, most_bytes) \
    {MEMBER_##member, "event." #key, offsetof(struct event, key), most_bytes}
#define TIME(member, key) \
    {MEMBER_##member, "event." #key, offsetof(struct event, key)}

static const struct text_field names[] = {
    TEXT(ID, id, MOST_NAME_BYTES),
    TEXT(TYPE, type, MOST_NAME_BYTES),
};

static const struct text_field texts[] = {
    /* its length is counted in characters: check_user() */
    {MEMBER_APP_USER_ID, "event.app_user_id", offsetof(struct event, user_id),
     SIZE_MAX},
    TEXT(APP_ID, app_id, EVENT_MOST_TEXT_BYTES),
    TEXT(PRODUCT_ID, product_id, EVENT_MOST_TEXT_BYTES),
    TEXT(PERIOD_TYPE, period_type, EVENT_MOST_TEXT_BYTES),
    TEXT(ENVIRONMENT, environment, EVENT_MOST_TEXT_BYTES),
    TEXT(STORE, store, EVENT_MOST_TEXT_BYTES),
    TEXT(CANCEL_REASON, cancel_reason, EVENT_MOST_TEXT_BYTES),
    TEXT(EXPIRATION_REASON, expiration_reason, EVENT_MOST_TEXT_BYTES),
};

static const struct time_field times[] = {
    TIME(EVENT_TIMESTAMP_MS, event_timestamp_ms),
    TIME(PURCHASED_AT_MS, purchased_at_ms),
    TIME(EXPIRATION_AT_MS, expiration_at_ms),
    TIME(GRACE_PERIOD_EXPIRATION_AT_MS, grace_period_expiration_at_ms),
};
/* clang-format on */

/* The field's place in *event. */
static void *field_of(struct event *event, size_t offset)
{
    return (char *)event + offset;
}

/* Absent, or null, which is the same to us. */
static bool is_absent(const struct member_value *value)
{
    return value->type == MEMBER_ABSENT || value->type == MEMBER_NULL;
}

static bool check_text(const char *text, const char *name, size_t most_bytes,
                       struct err *err)
{
    size_t length = strlen(text);
    if (!text_is_utf8(text, length)) {
        const char *fault = "not valid UTF-8";
        if (strstr(text, MEMBER_NUL_MASK) != NULL)
            fault = "has a \\u0000";
        else if (strstr(text, MEMBER_SURROGATE_MASK) != NULL)
            fault = "has half a surrogate pair";
        return err_set(err, ERR_INVALID, "%s: %s", name, fault);
    }
    if (length > most_bytes)
        return err_set(err, ERR_INVALID, "%s: longer than %zu bytes", name,
                       most_bytes);
    return true;
}

static bool read_text(const struct member_value *value, const char *name,
                      size_t most_bytes, const char **text, struct err *err)
{
    *text = NULL;
    if (is_absent(value))
        return true;
    if (value->type != MEMBER_TEXT)
        return err_set(err, ERR_INVALID, "%s: not a string", name);
    if (!check_text(value->text, name, most_bytes, err))
        return false;
    *text = value->text;
    return true;
}

static bool read_time(const struct member_value *value, const char *name,
                      int64_t *time_ms, struct err *err)
{
    *time_ms = EVENT_NO_TIME;
    if (is_absent(value))
        return true;
    if (value->type != MEMBER_NUMBER)
        return err_set(err, ERR_INVALID, "%s: not a number", name);
    double number = value->number;
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

static bool read_name(struct event *event, const struct text_field *field,
                      struct err *err)
{
    const char **text = field_of(event, field->offset);
    if (!read_text(&event->members.values[field->member], field->name,
                   field->most_bytes, text, err))
        return false;
    if (*text == NULL)
        return err_set(err, ERR_INVALID, "%s: missing", field->name);
    if (**text == '\0')
        return err_set(err, ERR_INVALID, "%s: empty", field->name);
    return true;
}

static bool read_entitlement(struct event *event, struct err *err)
{
    const struct member_value *list =
        &event->members.values[MEMBER_ENTITLEMENT_IDS];
    event->entitlement = NULL;
    if (is_absent(list))
        return true;
    if (list->type != MEMBER_LIST)
        return err_set(err, ERR_INVALID, "event.entitlement_ids: not a list");
    return read_text(&event->members.entitlement, "event.entitlement_ids[0]",
                     EVENT_MOST_TEXT_BYTES, &event->entitlement, err);
}

static bool read_conversion(struct event *event, struct err *err)
{
    const struct member_value *value =
        &event->members.values[MEMBER_IS_TRIAL_CONVERSION];
    event->is_trial_conversion = value->type == MEMBER_TRUE;
    if (is_absent(value) || value->type == MEMBER_TRUE ||
        value->type == MEMBER_FALSE)
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
static bool read_fields(struct event *event, struct err *err)
{
    const struct member_value *values = event->members.values;
    bool good = true;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        good &= read_text(&values[texts[i].member], texts[i].name,
                          texts[i].most_bytes, field_of(event, texts[i].offset),
                          err);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        good &= read_time(&values[times[i].member], times[i].name,
                          field_of(event, times[i].offset), err);
    good &= read_entitlement(event, err);
    good &= read_conversion(event, err);
    good &= check_user(event, err);
    return good;
}

static bool read_event(struct event *event, struct err *err)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!read_name(event, &names[i], err))
            return false;
    }
    struct err about_field = {0};
    if (read_fields(event, &about_field))
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
    if (!members_read(body, length, &event->members, err))
        return false;
    if (read_event(event, err))
        return true;
    event_free(event);
    return false;
}

void event_free(struct event *event)
{
    members_free(&event->members);
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
