#include "mapping_fixture.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An event with these members beside id. */
static void make_event(const char *members, struct event *event)
{
    struct buf body;
    struct err err;
    buf_init(&body, EVENT_MOST_BYTES);
    buf_add_format(&body, "{\"event\":{\"id\":\"i\",%s}}", members);
    if (!event_parse(buf_text(&body), body.length, event, &err))
        fail_msg("%s: %s", members, err.text);
    buf_free(&body);
}

static void expect_text(const struct event *event, writer *write,
                        const char *text)
{
    struct envelope envelope;
    struct buf out;
    buf_init(&out, EVENT_MOST_BYTES);
    map_done(event, &envelope);
    write(&envelope, &out);
    assert_string_equal(buf_text(&out), text);
    buf_free(&out);
}

#define USER "\"app_user_id\":\"u\","
#define STAMPS                                                                 \
    "\"event_timestamp_ms\":1999,\"purchased_at_ms\":2999,"                    \
    "\"expiration_at_ms\":3999"

static void reasons_to_skip_come_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *members;
        const char *reason; /* NULL: mapped */
    } rows[] = {
        {"\"type\":\"TEST\",\"environment\":\"SANDBOX\"", "no_intercom_event"},
        {"\"type\":\"RENEWAL\",\"environment\":\"SANDBOX\"", "sandbox_event"},
        {"\"type\":\"RENEWAL\",\"environment\":\"sandbox\"", "sandbox_event"},
        {"\"type\":\"UNCANCELLATION\",\"environment\":\"SANDBOX\"",
         "sandbox_event"},
        {"\"type\":\"RENEWAL\",\"store\":\"PROMOTIONAL\"", "no_user"},
        {"\"type\":\"UNCANCELLATION\"", "no_user"},
        {"\"type\":\"RENEWAL\",\"app_user_id\":\"\"", "no_user"},
        {"\"type\":\"RENEWAL\",\"store\":\"PROMOTIONAL\",\"app_user_id\":"
         "\"$RCAnonymousID:00000000000000000000000000000000\"",
         "anonymous_user"},
        {"\"type\":\"RENEWAL\",\"store\":\"PROMOTIONAL\"," USER STAMPS,
         "store_not_tracked"},
        {"\"type\":\"PRODUCT_CHANGE\",\"store\":\"AMAZON\"," USER STAMPS,
         "store_not_tracked"},
        {"\"type\":\"UNCANCELLATION\",\"store\":\"PROMOTIONAL\"," USER STAMPS,
         NULL},
        {"\"type\":\"RENEWAL\",\"store\":\"ROKU\"," USER STAMPS, NULL},
        {"\"type\":\"RENEWAL\",\"store\":null," USER STAMPS, NULL},
        {"\"type\":\"RENEWAL\"," USER STAMPS, NULL},
    };
    policy.skip_anonymous_users = true;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event event;
        struct envelope envelope;
        const char *reason = NULL;
        make_event(rows[i].members, &event);
        assert_int_equal(map(&event, &envelope, &reason),
                         rows[i].reason == NULL ? MAPPING_DONE
                                                : MAPPING_SKIPPED);
        if (!text_equals(reason, rows[i].reason))
            fail_msg("%s: %s", rows[i].members, reason);
        event_free(&event);
    }
}

static void the_policy_sends_sandbox_events_and_anonymous_users(void **state)
{
    (void)state;
    struct event event;
    struct envelope envelope;
    const char *reason;
    make_event("\"type\":\"RENEWAL\",\"environment\":\"SANDBOX\"," STAMPS
               ",\"app_user_id\":"
               "\"$RCAnonymousID:00000000000000000000000000000000\"",
               &event);
    policy.skip_anonymous_users = false;
    policy.send_sandbox_events = false;
    assert_int_equal(map(&event, &envelope, &reason), MAPPING_SKIPPED);
    policy.send_sandbox_events = true;
    assert_int_equal(map(&event, &envelope, &reason), MAPPING_DONE);
    policy.skip_anonymous_users = true;
    assert_int_equal(map(&event, &envelope, &reason), MAPPING_SKIPPED);
    event_free(&event);
}

/* The rules of created_at: P purchased, X expiration, E event timestamp. */
static const struct time_row {
    const char *members;
    enum event_kind kind;
    int64_t created_at_s;
    const char *field;
} time_rows[] = {
    {"\"type\":\"INITIAL_PURCHASE\"", KIND_INITIAL_PURCHASE, 2,
     "purchased_at_ms"},
    {"\"type\":\"INITIAL_PURCHASE\",\"period_type\":\"TRIAL\"",
     KIND_TRIAL_STARTED, 2, "purchased_at_ms"},
    {"\"type\":\"RENEWAL\",\"is_trial_conversion\":true", KIND_TRIAL_CONVERTED,
     2, "purchased_at_ms"},
    {"\"type\":\"RENEWAL\"", KIND_RENEWAL, 2, "purchased_at_ms"},
    {"\"type\":\"NON_RENEWING_PURCHASE\"", KIND_NON_SUBSCRIPTION_PURCHASE, 2,
     "purchased_at_ms"},
    {"\"type\":\"EXPIRATION\"", KIND_EXPIRATION, 3, "expiration_at_ms"},
    {"\"type\":\"CANCELLATION\"", KIND_CANCELLATION, 1, "event_timestamp_ms"},
    {"\"type\":\"CANCELLATION\",\"period_type\":\"TRIAL\"",
     KIND_TRIAL_CANCELLED, 1, "event_timestamp_ms"},
    {"\"type\":\"BILLING_ISSUE\"", KIND_BILLING_ISSUE, 1, "event_timestamp_ms"},
    {"\"type\":\"PRODUCT_CHANGE\"", KIND_PRODUCT_CHANGE, 1,
     "event_timestamp_ms"},
};

enum { TIME_ROWS = sizeof(time_rows) / sizeof(time_rows[0]) };

static void created_at_comes_from_the_time_of_the_kind(void **state)
{
    (void)state;
    char members[512];
    for (size_t i = 0; i < TIME_ROWS; i++) {
        struct event event;
        struct envelope envelope;
        (void)snprintf(members, sizeof(members), "%s," USER STAMPS,
                       time_rows[i].members);
        make_event(members, &event);
        map_done(&event, &envelope);
        assert_int_equal(envelope.kind, time_rows[i].kind);
        assert_int_equal(envelope.created_at_s, time_rows[i].created_at_s);
        assert_string_equal(envelope.event_name,
                            catalog_kind(envelope.kind)->default_name);
        event_free(&event);
    }
}

static void a_needed_time_that_is_missing_is_invalid(void **state)
{
    (void)state;
    static const char *const times[] = {"event_timestamp_ms", "purchased_at_ms",
                                        "expiration_at_ms"};
    for (size_t i = 0; i < TIME_ROWS; i++) {
        struct buf members;
        char expected[128];
        struct event event;
        struct envelope envelope;
        struct err err = {0};
        const char *reason;
        buf_init(&members, 1000);
        buf_add_format(&members, "%s," USER "\"%s\":null", time_rows[i].members,
                       time_rows[i].field);
        for (size_t t = 0; t < 3; t++) {
            if (!text_equals(times[t], time_rows[i].field))
                buf_add_format(&members, ",\"%s\":5000", times[t]);
        }
        make_event(buf_text(&members), &event);
        assert_int_equal(mapping_map(&event, &policy, &envelope, &reason, &err),
                         MAPPING_INVALID);
        (void)snprintf(expected, sizeof(expected),
                       "event.%s: missing; created_at comes from it",
                       time_rows[i].field);
        assert_int_equal(err.code, ERR_INVALID);
        assert_string_equal(err.text, expected);
        event_free(&event);
        buf_free(&members);
    }
}

static void only_the_needed_time_is_needed(void **state)
{
    (void)state;
    char members[256];
    for (size_t i = 0; i < TIME_ROWS; i++) {
        struct event event;
        struct envelope envelope;
        (void)snprintf(members, sizeof(members), "%s," USER "\"%s\":0",
                       time_rows[i].members, time_rows[i].field);
        make_event(members, &event);
        map_done(&event, &envelope);
        assert_int_equal(envelope.created_at_s, 0);
        event_free(&event);
    }
}

static void status_follows_the_published_words(void **state)
{
    (void)state;
    static const struct {
        const char *members;
        const char *status;
    } rows[] = {
        {"\"type\":\"INITIAL_PURCHASE\",\"period_type\":\"NORMAL\"", "active"},
        {"\"type\":\"INITIAL_PURCHASE\",\"period_type\":\"TRIAL\"", "trial"},
        {"\"type\":\"INITIAL_PURCHASE\",\"period_type\":\"INTRO\"", "intro"},
        {"\"type\":\"INITIAL_PURCHASE\",\"period_type\":\"PROMOTIONAL\"",
         "promotional"},
        {"\"type\":\"INITIAL_PURCHASE\",\"period_type\":\"PREPAID\"", "active"},
        {"\"type\":\"INITIAL_PURCHASE\",\"period_type\":null", "active"},
        {"\"type\":\"INITIAL_PURCHASE\"", "active"},
        {"\"type\":\"RENEWAL\",\"period_type\":\"INTRO\"", "intro"},
        {"\"type\":\"RENEWAL\",\"period_type\":\"TRIAL\"", "trial"},
        {"\"type\":\"RENEWAL\",\"is_trial_conversion\":true", "active"},
        {"\"type\":\"PRODUCT_CHANGE\",\"period_type\":\"TRIAL\"", "trial"},
        {"\"type\":\"UNCANCELLATION\",\"period_type\":\"TRIAL\"", "trial"},
        {"\"type\":\"UNCANCELLATION\"", "active"},
        {"\"type\":\"SUBSCRIPTION_EXTENDED\",\"period_type\":\"PROMOTIONAL\"",
         "promotional"},
        {"\"type\":\"SUBSCRIPTION_PAUSED\",\"period_type\":\"TRIAL\"",
         "paused"},
        {"\"type\":\"CANCELLATION\"", "cancelled"},
        {"\"type\":\"CANCELLATION\",\"period_type\":\"INTRO\"", "cancelled"},
        {"\"type\":\"CANCELLATION\",\"period_type\":\"TRIAL\","
         "\"cancel_reason\":\"BILLING_ERROR\"",
         "cancelled_trial"},
        {"\"type\":\"BILLING_ISSUE\","
         "\"grace_period_expiration_at_ms\":1",
         "grace_period"},
        {"\"type\":\"BILLING_ISSUE\",\"period_type\":\"TRIAL\","
         "\"grace_period_expiration_at_ms\":1",
         "grace_period_trial"},
        {"\"type\":\"BILLING_ISSUE\",\"period_type\":\"TRIAL\","
         "\"grace_period_expiration_at_ms\":null",
         NULL},
        {"\"type\":\"BILLING_ISSUE\"", NULL},
        {"\"type\":\"EXPIRATION\",\"period_type\":\"TRIAL\"", "expired"},
        {"\"type\":\"EXPIRATION\",\"store\":\"PROMOTIONAL\"",
         "expired_promotional"},
        {"\"type\":\"EXPIRATION\","
         "\"expiration_reason\":\"SUBSCRIPTION_PAUSED\"",
         "paused"},
        {"\"type\":\"EXPIRATION\",\"expiration_reason\":\"UNSUBSCRIBE\"",
         "expired"},
        {"\"type\":\"NON_RENEWING_PURCHASE\",\"store\":\"PROMOTIONAL\"",
         "promotional"},
        {"\"type\":\"NON_RENEWING_PURCHASE\",\"period_type\":\"PROMOTIONAL\"",
         NULL},
    };
    char members[512];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event event;
        struct envelope envelope;
        (void)snprintf(members, sizeof(members), "%s," USER STAMPS,
                       rows[i].members);
        make_event(members, &event);
        map_done(&event, &envelope);
        if (!text_equals(envelope.subscription_status, rows[i].status))
            fail_msg("%s: %s", rows[i].members, envelope.subscription_status);
        event_free(&event);
    }
}

static void types_without_an_event_update_the_attributes_only(void **state)
{
    (void)state;
    struct event event;
    make_event("\"type\":\"SUBSCRIPTION_PAUSED\",\"store\":\"PLAY_STORE\","
               "\"product_id\":\"p\",\"app_id\":\"a\"," USER
               "\"entitlement_ids\":[\"pro\"],\"expiration_at_ms\":5999",
               &event);
    expect_text(&event, mapping_write_envelope,
                "{\"product_identifier\":\"p\",\"app_id\":\"a\","
                "\"user_payload\":{\"user_id\":\"u\",\"custom_attributes\":"
                "{\"latest_store\":\"PLAY_STORE\",\"latest_entitlement\":"
                "\"pro\",\"expires_at\":5,\"subscription_status\":\"paused\"}"
                "}}");
    event_free(&event);
}

static void a_kind_switched_off_updates_the_attributes_only(void **state)
{
    (void)state;
    struct event event;
    struct envelope envelope;
    /* not even the time that its event would need */
    make_event("\"type\":\"RENEWAL\",\"store\":\"ROKU\"," USER
               "\"event_timestamp_ms\":1",
               &event);
    names.off[KIND_RENEWAL] = true;
    map_done(&event, &envelope);
    assert_int_equal(envelope.kind, KIND_RENEWAL);
    assert_false(envelope.has_event_payload);
    expect_text(&event, mapping_write_envelope,
                "{\"product_identifier\":null,\"app_id\":null,"
                "\"user_payload\":{\"user_id\":\"u\",\"custom_attributes\":"
                "{\"latest_store\":\"ROKU\",\"latest_entitlement\":null,"
                "\"expires_at\":null,\"subscription_status\":\"active\"}}}");
    event_free(&event);
}

static void the_configured_name_is_the_event_name(void **state)
{
    (void)state;
    struct event event;
    struct envelope envelope;
    struct err err;
    assert_true(names_set(&names, KIND_RENEWAL, "Renewed!", &err));
    make_event("\"type\":\"RENEWAL\"," USER STAMPS, &event);
    map_done(&event, &envelope);
    assert_string_equal(envelope.event_name, "Renewed!");
    event_free(&event);
}

static void nulls_stay_in_the_envelope(void **state)
{
    (void)state;
    struct event event;
    make_event("\"type\":\"EXPIRATION\"," USER
               "\"expiration_at_ms\":5000,\"entitlement_ids\":null,"
               "\"store\":null,\"environment\":null,\"app_id\":null",
               &event);
    expect_text(
        &event, mapping_write_envelope,
        "{\"product_identifier\":null,\"app_id\":null,"
        "\"user_payload\":{\"user_id\":\"u\",\"custom_attributes\":"
        "{\"latest_store\":null,\"latest_entitlement\":null,"
        "\"expires_at\":5,\"subscription_status\":\"expired\"}},"
        "\"event_payload\":{\"event_name\":\"rc_expiration_event\","
        "\"user_id\":\"u\",\"created_at\":5,\"metadata\":{"
        "\"product_identifier\":null,\"entitlement\":null,\"store\":null,"
        "\"expires_at\":5,\"environment\":null,\"app_id\":null,"
        "\"expiration_reason\":null}}}");
    event_free(&event);
}

static void nulls_stay_in_the_attributes(void **state)
{
    (void)state;
    struct event event;
    make_event("\"type\":\"NON_RENEWING_PURCHASE\"," USER
               "\"purchased_at_ms\":5000",
               &event);
    expect_text(&event, mapping_write_attributes,
                "{\"latest_store\":null,\"latest_entitlement\":null,"
                "\"expires_at\":null}");
    event_free(&event);
}

static void nulls_are_left_out_on_the_wire(void **state)
{
    (void)state;
    struct event event;
    make_event("\"type\":\"CANCELLATION\"," USER "\"event_timestamp_ms\":5000,"
               "\"app_id\":null,\"environment\":null,\"cancel_reason\":null,"
               "\"expiration_reason\":\"UNSUBSCRIBE\"",
               &event);
    expect_text(&event, mapping_write_event,
                "{\"event_name\":\"rc_cancellation_event\",\"user_id\":\"u\","
                "\"created_at\":5,\"metadata\":{}}");
    event_free(&event);
}

static void keys_absent_in_the_event_are_absent_in_the_metadata(void **state)
{
    (void)state;
    struct event event;
    struct envelope envelope;
    make_event("\"type\":\"RENEWAL\"," USER STAMPS, &event);
    map_done(&event, &envelope);
    cJSON *tree = write_tree(mapping_write_envelope, &envelope);
    const cJSON *payload = cJSON_GetObjectItem(tree, "event_payload");
    const cJSON *metadata = cJSON_GetObjectItem(payload, "metadata");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(tree, "app_id")));
    assert_false(cJSON_HasObjectItem(metadata, "app_id"));
    assert_false(cJSON_HasObjectItem(metadata, "environment"));
    assert_true(cJSON_HasObjectItem(metadata, "store"));
    cJSON_Delete(tree);
    event_free(&event);
}

static void reasons_stand_only_where_published(void **state)
{
    (void)state;
    char members[512];
    for (size_t i = 0; i < TIME_ROWS; i++) {
        struct event event;
        struct envelope envelope;
        (void)snprintf(members, sizeof(members),
                       "%s," USER STAMPS ",\"cancel_reason\":\"c\","
                       "\"expiration_reason\":\"e\"",
                       time_rows[i].members);
        make_event(members, &event);
        map_done(&event, &envelope);
        cJSON *tree = write_tree(mapping_write_event, &envelope);
        const cJSON *metadata = cJSON_GetObjectItem(tree, "metadata");
        enum event_kind kind = time_rows[i].kind;
        assert_int_equal(cJSON_HasObjectItem(metadata, "cancellation_reason"),
                         kind == KIND_CANCELLATION ||
                             kind == KIND_TRIAL_CANCELLED);
        assert_int_equal(cJSON_HasObjectItem(metadata, "expiration_reason"),
                         kind == KIND_EXPIRATION);
        cJSON_Delete(tree);
        event_free(&event);
    }
}

static void metadata_has_at_most_ten_keys(void **state)
{
    (void)state;
    char members[1024];
    for (size_t i = 0; i < TIME_ROWS; i++) {
        struct event event;
        struct envelope envelope;
        (void)snprintf(
            members, sizeof(members),
            "%s," USER STAMPS ",\"cancel_reason\":\"c\",\"store\":\"s\","
            "\"expiration_reason\":\"e\",\"product_id\":\"p\","
            "\"entitlement_ids\":[\"pro\"],\"environment\":\"PRODUCTION\","
            "\"app_id\":\"a\",\"new_product_id\":\"n\"",
            time_rows[i].members);
        make_event(members, &event);
        map_done(&event, &envelope);
        cJSON *tree = write_tree(mapping_write_event, &envelope);
        const cJSON *metadata = cJSON_GetObjectItem(tree, "metadata");
        assert_in_range(cJSON_GetArraySize(metadata), 6, 7);
        cJSON_Delete(tree);
        event_free(&event);
    }
}

/* No payload is published for these two: they follow the same shape. */
static void billing_issue_and_product_change_follow_the_shape(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *text;
    } rows[] = {
        {TEST_DATA "/webhooks/billing_issue.json",
         "{\"event_name\":\"rc_billing_issue_event\",\"user_id\":"
         "\"user-1010\",\"created_at\":1764000600,\"metadata\":{"
         "\"product_identifier\":\"reader_monthly\",\"entitlement\":"
         "\"reader_plus\",\"store\":\"RC_BILLING\",\"expires_at\":1766592595,"
         "\"environment\":\"production\",\"app_id\":\"app7c1f2b9d40\"}}"},
        {TEST_DATA "/webhooks/product_change.json",
         "{\"event_name\":\"rc_product_change_event\",\"user_id\":"
         "\"user-1011\",\"created_at\":1764000660,\"metadata\":{"
         "\"product_identifier\":\"reader_monthly\",\"entitlement\":"
         "\"reader_plus\",\"store\":\"APP_STORE\",\"expires_at\":1766592655,"
         "\"environment\":\"production\",\"app_id\":\"app7c1f2b9d40\"}}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event event;
        read_event(rows[i].file, &event);
        expect_text(&event, mapping_write_event, rows[i].text);
        event_free(&event);
    }
}

static void every_reason_to_skip_has_a_sentence(void **state)
{
    (void)state;
    static const char *const reasons[] = {
        SKIP_NO_INTERCOM_EVENT, SKIP_STORE_NOT_TRACKED, SKIP_SANDBOX_EVENT,
        SKIP_ANONYMOUS_USER,    SKIP_NO_USER,
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        const char *sentence = mapping_explain_skip(reasons[i]);
        assert_string_not_equal(sentence, reasons[i]);
        assert_int_equal(sentence[strlen(sentence) - 1], '.');
    }
    assert_string_equal(mapping_explain_skip("another"), "another");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reasons_to_skip_come_in_order),
        TEST(the_policy_sends_sandbox_events_and_anonymous_users),
        TEST(created_at_comes_from_the_time_of_the_kind),
        TEST(a_needed_time_that_is_missing_is_invalid),
        TEST(only_the_needed_time_is_needed),
        TEST(status_follows_the_published_words),
        TEST(types_without_an_event_update_the_attributes_only),
        TEST(a_kind_switched_off_updates_the_attributes_only),
        TEST(the_configured_name_is_the_event_name),
        TEST(nulls_stay_in_the_envelope),
        TEST(nulls_stay_in_the_attributes),
        TEST(nulls_are_left_out_on_the_wire),
        TEST(keys_absent_in_the_event_are_absent_in_the_metadata),
        TEST(reasons_stand_only_where_published),
        TEST(metadata_has_at_most_ten_keys),
        TEST(billing_issue_and_product_change_follow_the_shape),
        TEST(every_reason_to_skip_has_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
