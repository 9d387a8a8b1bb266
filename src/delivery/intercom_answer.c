#include "delivery/intercom_answer.h"

#include "base/json.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { HEX_ID_DIGITS = 24 };

/* --- errors -------------------------------------------------------------- */

/* Copy a text, or a number written as one ("code": 422 was seen). */
static void copy_value(const cJSON *object, const char *key, char *out,
                       size_t size)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsString(value))
        text_copy(out, size, value->valuestring);
    else if (cJSON_IsNumber(value))
        (void)snprintf(out, size, "%.0f", value->valuedouble);
}

/* The object that holds the first error, wherever a server put it. */
static const cJSON *first_error(const cJSON *tree)
{
    const cJSON *errors = cJSON_GetObjectItemCaseSensitive(tree, "errors");
    if (cJSON_IsArray(errors))
        return cJSON_GetArrayItem(errors, 0);
    if (cJSON_IsObject(errors))
        return errors;
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(tree, "error");
    return cJSON_IsObject(error) ? error : tree;
}

void intercom_read_error(const struct http_answer *answer,
                         struct intercom_error *error)
{
    *error = (struct intercom_error){0};
    if (answer->is_html || answer->body_length == 0)
        return;
    struct err err;
    cJSON *tree = json_parse(answer->body, answer->body_length, &err);
    if (tree == NULL) {
        (void)snprintf(error->message, sizeof(error->message), "%.*s",
                       (int)sizeof(error->message) - 1, answer->body);
        return;
    }
    const cJSON *first = first_error(tree);
    copy_value(first, "code", error->code, sizeof(error->code));
    copy_value(first, "field", error->field, sizeof(error->field));
    copy_value(first, "message", error->message, sizeof(error->message));
    cJSON_Delete(tree);
}

/* --- the token ----------------------------------------------------------- */

void intercom_read_me(const struct http_answer *answer, struct intercom_me *me)
{
    struct err err;
    *me = (struct intercom_me){0};
    if (answer->is_html || answer->body_length == 0)
        return;
    cJSON *tree = json_parse(answer->body, answer->body_length, &err);
    const cJSON *app = cJSON_GetObjectItemCaseSensitive(tree, "app");
    copy_value(app, "name", me->workspace, sizeof(me->workspace));
    copy_value(app, "region", me->region, sizeof(me->region));
    cJSON_Delete(tree);
}

/* --- ids ----------------------------------------------------------------- */

/* Ids go into paths: nothing but these characters is ever taken for one. */
static bool is_id_character(char byte)
{
    return isalnum((unsigned char)byte) || byte == '-' || byte == '_';
}

/* Copy the id at the front of text, which must end at a byte of ends. */
static bool copy_id(const char *text, size_t length, const char *ends, char *id)
{
    size_t used = 0;
    while (used < length && is_id_character(text[used]))
        used++;
    if (used == 0 || used >= INTERCOM_ID_BYTES || used == length ||
        strchr(ends, text[used]) == NULL)
        return false;
    memcpy(id, text, used);
    id[used] = '\0';
    return true;
}

/* The first byte behind the JSON string that begins at *at ('"'); end if it
 * does not end. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\' && at + 1 < end)
            at++;
    }
    return at < end ? at + 1 : end;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && isspace((unsigned char)*at))
        at++;
    return at;
}

/* True if the string at *at is the key "id"; *value is then its value. */
static bool is_id_key(const char *at, const char *end, const char **value)
{
    if (end - at < 4 || memcmp(at, "\"id\"", 4) != 0)
        return false;
    at = skip_space(at + 4, end);
    if (at == end || *at != ':')
        return false;
    *value = skip_space(at + 1, end);
    return true;
}

/* A scan instead of a parser: a contact with many attributes is longer than
 * what is kept of an answer, and its id stands near the front. */
bool intercom_read_contact_id(const struct http_answer *answer, char *id)
{
    const char *end = answer->body + answer->body_length;
    int depth = 0;
    if (answer->is_html)
        return false;
    for (const char *at = answer->body; at < end;) {
        const char *value;
        if (*at == '"') {
            if (depth == 1 && is_id_key(at, end, &value))
                return value < end && *value == '"' &&
                       copy_id(value + 1, (size_t)(end - value) - 1, "\"", id);
            at = skip_string(at, end);
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    }
    return false;
}

bool intercom_read_conflict_id(const char *message, char *id)
{
    const char *at = message;
    while ((at = strstr(at, "id=")) != NULL) {
        at += strlen("id=");
        size_t digits = strspn(at, "0123456789abcdefABCDEF");
        if (digits == HEX_ID_DIGITS && !is_id_character(at[digits])) {
            memcpy(id, at, digits);
            id[digits] = '\0';
            return true;
        }
    }
    return false;
}

bool intercom_read_link_id(const char *link, char *id)
{
    static const char path[] = "/contacts/";
    bool found = false;
    for (const char *at = strchr(link, '<'); at != NULL;) {
        const char *next = strchr(at + 1, '<');
        size_t length = next == NULL ? strlen(at) : (size_t)(next - at);
        const char *contact = memmem(at, length, path, strlen(path));
        bool canonical = memmem(at, length, "canonical", 9) != NULL;
        if (contact != NULL && (canonical || !found)) {
            contact += strlen(path);
            size_t rest = length - (size_t)(contact - at);
            found = copy_id(contact, rest, ">?", id) || found;
            if (canonical && found)
                return true;
        }
        at = next;
    }
    return found;
}
