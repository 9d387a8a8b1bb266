/* test_mapping_published.c - the mapping of whole webhooks, against the
 * payloads that are published. */
#include "mapping_fixture.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *read_json(const char *path)
{
    struct buf contents;
    struct err err;
    buf_init(&contents, EVENT_MOST_BYTES);
    if (!file_read(path, &contents, &err))
        fail_msg("%s", err.text);
    cJSON *tree = cJSON_Parse(buf_text(&contents));
    buf_free(&contents);
    if (tree == NULL)
        fail_msg("%s: not JSON", path);
    return tree;
}

static bool is_allowed_extra(const char *path)
{
    return text_equals(path, ".event_payload.metadata.environment") ||
           text_equals(path, ".event_payload.metadata.app_id") ||
           text_equals(path,
                       ".user_payload.custom_attributes.subscription_status");
}

/* Every key of the published one is in ours with the same value; ours has no
 * other but the allowed ones. */
static void compare(const cJSON *published, const cJSON *ours, const char *path)
{
    char inner[256];
    const cJSON *item;
    if (!cJSON_IsObject(published)) {
        if (!cJSON_Compare(published, ours, true))
            fail_msg("%s differs", path);
        return;
    }
    cJSON_ArrayForEach(item, published)
    {
        (void)snprintf(inner, sizeof(inner), "%s.%s", path, item->string);
        compare(item, cJSON_GetObjectItemCaseSensitive(ours, item->string),
                inner);
    }
    cJSON_ArrayForEach(item, ours)
    {
        (void)snprintf(inner, sizeof(inner), "%s.%s", path, item->string);
        if (!cJSON_HasObjectItem(published, item->string) &&
            !is_allowed_extra(inner))
            fail_msg("%s is not published", inner);
    }
}

static void published_payloads_are_met_key_for_key(void **state)
{
    (void)state;
    static const enum event_kind published[] = {
        KIND_INITIAL_PURCHASE,
        KIND_TRIAL_STARTED,
        KIND_TRIAL_CONVERTED,
        KIND_TRIAL_CANCELLED,
        KIND_RENEWAL,
        KIND_CANCELLATION,
        KIND_NON_SUBSCRIPTION_PURCHASE,
        KIND_EXPIRATION,
    };
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        const char *name = catalog_kind(published[i])->default_name;
        char path[512];
        struct event event;
        struct envelope envelope;
        (void)snprintf(path, sizeof(path), TEST_DATA "/envelopes/%s.json",
                       name);
        cJSON *theirs = read_json(path);
        (void)snprintf(path, sizeof(path),
                       TEST_DATA "/webhooks_published/%s.json", name);
        read_event(path, &event);
        map_done(&event, &envelope);
        cJSON *ours = write_tree(mapping_write_envelope, &envelope);
        compare(theirs, ours, "");
        cJSON_Delete(ours);
        cJSON_Delete(theirs);
        event_free(&event);
    }
}

struct webhook_row {
    const char *file;
    enum mapping_result result;
    enum event_kind kind;
    int64_t created_at_s;
    const char *status;
    const char *reason;
};

static void check_webhook(const struct webhook_row *row)
{
    char path[512];
    struct event event;
    struct envelope envelope = {0};
    const char *reason = NULL;
    (void)snprintf(path, sizeof(path), TEST_DATA "/webhooks/%s.json",
                   row->file);
    read_event(path, &event);
    assert_int_equal(map(&event, &envelope, &reason), row->result);
    if (!text_equals(reason, row->reason))
        fail_msg("%s: reason %s", row->file, reason);
    assert_int_equal(envelope.kind, row->kind);
    assert_int_equal(envelope.created_at_s, row->created_at_s);
    if (!text_equals(envelope.subscription_status, row->status))
        fail_msg("%s: status %s", row->file, envelope.subscription_status);
    event_free(&event);
}

static void webhooks_become_what_the_table_says(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct webhook_row rows[] = {
        {"billing_issue", MAPPING_DONE, KIND_BILLING_ISSUE, 1764000600,
         "grace_period", NULL},
        {"cancellation", MAPPING_DONE, KIND_CANCELLATION, 1764000360,
         "cancelled", NULL},
        {"cancellation_refund", MAPPING_DONE, KIND_CANCELLATION, 1764000420,
         "cancelled", NULL},
        {"expiration", MAPPING_DONE, KIND_EXPIRATION, 1764000540,
         "expired", NULL},
        {"granted_entitlement", MAPPING_DONE, KIND_NON_SUBSCRIPTION_PURCHASE,
         1764000895, "promotional", NULL},
        {"initial_purchase", MAPPING_DONE, KIND_INITIAL_PURCHASE, 1764000055,
         "active", NULL},
        {"non_subscription_purchase", MAPPING_DONE,
         KIND_NON_SUBSCRIPTION_PURCHASE, 1764000475, NULL, NULL},
        {"product_change", MAPPING_DONE, KIND_PRODUCT_CHANGE, 1764000660,
         "active", NULL},
        {"renewal", MAPPING_DONE, KIND_RENEWAL, 1764000295, "active", NULL},
        {"sandbox_renewal", MAPPING_SKIPPED, KIND_NONE, 0, NULL,
         "sandbox_event"},
        {"subscription_extended", MAPPING_DONE, KIND_NONE, 0, "active", NULL},
        {"subscription_paused", MAPPING_DONE, KIND_NONE, 0, "paused", NULL},
        {"transfer", MAPPING_SKIPPED, KIND_NONE, 0, NULL, "no_intercom_event"},
        {"trial_cancelled", MAPPING_DONE, KIND_TRIAL_CANCELLED, 1764000240,
         "cancelled_trial", NULL},
        {"trial_converted", MAPPING_DONE, KIND_TRIAL_CONVERTED, 1764000175,
         "active", NULL},
        {"trial_started", MAPPING_DONE, KIND_TRIAL_STARTED, 1764000115,
         "trial", NULL},
        {"uncancellation", MAPPING_DONE, KIND_NONE, 0, "active", NULL},
        {"unknown_type", MAPPING_SKIPPED, KIND_NONE, 0, NULL,
         "no_intercom_event"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_webhook(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(published_payloads_are_met_key_for_key),
        TEST(webhooks_become_what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
