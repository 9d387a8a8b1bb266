#include "event/members.h"

#include "base/json.h"
#include "base/mem.h"
#include "event/members_scan.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { ESCAPE_BYTES = 6 }; /* \uXXXX */

/* cJSON ends a text at \u0000 and takes no half surrogate pair at all, but
 * both may well stand in a field that we do not use. So they are overwritten,
 * before parsing, by bytes that no UTF-8 has: a field that we use then fails,
 * and names its reason. */
const char MEMBER_NUL_MASK[] = "\xFF\xFF\xFF\xFF\xFF\xFF";
const char MEMBER_SURROGATE_MASK[] = "\xFE\xFE\xFE\xFE\xFE\xFE";

#define MEMBER_KEY(name, key) {key, sizeof(key) - 1},
const struct member_key member_keys[MEMBER_COUNT] = {MEMBERS(MEMBER_KEY)};
#undef MEMBER_KEY

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
        *mask = MEMBER_NUL_MASK;
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
        *mask = MEMBER_SURROGATE_MASK;
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

static void read_value(const cJSON *item, struct member_value *value)
{
    static const struct {
        int type;
        enum member_type is;
    } types[] = {
        {cJSON_NULL, MEMBER_NULL},     {cJSON_String, MEMBER_TEXT},
        {cJSON_Number, MEMBER_NUMBER}, {cJSON_True, MEMBER_TRUE},
        {cJSON_False, MEMBER_FALSE},   {cJSON_Array, MEMBER_LIST},
        {cJSON_Object, MEMBER_OBJECT},
    };
    if (item == NULL)
        return;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if ((item->type & 0xff) == types[i].type)
            value->type = types[i].is;
    }
    value->text = item->valuestring;
    value->number = item->valuedouble;
}

static bool read_tree(struct members *members, struct err *err)
{
    if (!cJSON_IsObject(members->tree))
        return err_set(err, ERR_INVALID, "not a JSON object");
    const cJSON *object =
        cJSON_GetObjectItemCaseSensitive(members->tree, "event");
    if (object == NULL || cJSON_IsNull(object))
        return err_set(err, ERR_INVALID, "event: missing");
    if (!cJSON_IsObject(object))
        return err_set(err, ERR_INVALID, "event: not an object");
    for (int i = 0; i < MEMBER_COUNT; i++) {
        const cJSON *item =
            cJSON_GetObjectItemCaseSensitive(object, member_keys[i].key);
        read_value(item, &members->values[i]);
        if (i == MEMBER_ENTITLEMENT_IDS && cJSON_IsArray(item))
            read_value(item->child, &members->entitlement);
    }
    return true;
}

bool members_read(const char *body, size_t length, struct members *members,
                  struct err *err)
{
    if (members_scan(body, length, members))
        return true;
    members->tree = parse_tree(body, length, err);
    if (members->tree != NULL && read_tree(members, err))
        return true;
    members_free(members);
    return false;
}

void members_free(struct members *members)
{
    cJSON_Delete(members->tree);
    free(members->texts);
    members->tree = NULL;
    members->texts = NULL;
}
