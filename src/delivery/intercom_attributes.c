#include "delivery/intercom_attributes.h"

#include "base/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *data_type;
} attributes[INTERCOM_ATTRIBUTE_COUNT] = {
    {"latest_store", "string"},
    {"latest_entitlement", "string"},
    {"expires_at", "date"},
    {"subscription_status", "string"},
};

void intercom_write_attribute(int index, struct buf *out)
{
    assert(index >= 0 && index < INTERCOM_ATTRIBUTE_COUNT);
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    json_key_text(&json, "name", attributes[index].name);
    json_key_text(&json, "model", "contact");
    json_key_text(&json, "data_type", attributes[index].data_type);
    json_close(&json);
}

void intercom_judge_attribute(const struct http_answer *answer, int64_t now_ms,
                              struct verdict *verdict)
{
    verdict_judge(CALL_CREATE_ATTRIBUTE, answer, now_ms, verdict);
}

/* As text, not as JSON: the list of a large workspace is longer than what is
 * kept of an answer, and the names stand in quotes either way. */
static bool names_attribute(const struct http_answer *answer, const char *name)
{
    char quoted[64];
    (void)snprintf(quoted, sizeof(quoted), "\"%s\"", name);
    return strstr(answer->body, quoted) != NULL;
}

bool intercom_find_missing_attributes(const struct http_answer *answer,
                                      struct buf *missing)
{
    if (answer->end != HTTP_ANSWERED || answer->status != 200 ||
        answer->is_html || strstr(answer->body, "\"data\"") == NULL)
        return false;
    for (int i = 0; i < INTERCOM_ATTRIBUTE_COUNT; i++) {
        if (names_attribute(answer, attributes[i].name))
            continue;
        if (missing->length > 0)
            buf_add_text(missing, ", ");
        buf_add_text(missing, attributes[i].name);
    }
    return missing->length == 0 || !answer->body_was_cut;
}
