#include "event/event.h"

#include "support/event_expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* An event of a known type with these members more. */
#define KNOWN(members)                                                         \
    "{\"event\":{\"id\":\"i\",\"type\":\"RENEWAL\"," members "}}"

/* The same of a type without a row in the catalog. */
#define UNKNOWN(members)                                                       \
    "{\"event\":{\"id\":\"i\",\"type\":\"LOYALTY\"," members "}}"

static void every_field_is_read(void **state)
{
    (void)state;
    struct event event;
    event_expect_taken(
        KNOWN("\"app_user_id\":\"u\",\"app_id\":\"a\",\"product_id\":\"p:b\","
              "\"entitlement_ids\":[\"pro\",7],\"period_type\":\"TRIAL\","
              "\"environment\":\"SANDBOX\",\"store\":\"S\","
              "\"cancel_reason\":\"c\",\"expiration_reason\":\"e\","
              "\"event_timestamp_ms\":1,\"purchased_at_ms\":2,"
              "\"expiration_at_ms\":0,\"grace_period_expiration_at_ms\":4,"
              "\"is_trial_conversion\":true"),
        &event);
    assert_string_equal(event.id, "i");
    assert_string_equal(event.type, "RENEWAL");
    assert_string_equal(event.user_id, "u");
    assert_string_equal(event.app_id, "a");
    assert_string_equal(event.product_id, "p:b");
    assert_string_equal(event.entitlement, "pro");
    assert_string_equal(event.period_type, "TRIAL");
    assert_string_equal(event.environment, "SANDBOX");
    assert_string_equal(event.store, "S");
    assert_string_equal(event.cancel_reason, "c");
    assert_string_equal(event.expiration_reason, "e");
    assert_int_equal(event.event_timestamp_ms, 1);
    assert_int_equal(event.purchased_at_ms, 2);
    assert_int_equal(event.expiration_at_ms, 0);
    assert_int_equal(event.grace_period_expiration_at_ms, 4);
    assert_true(event.is_trial_conversion);
    event_free(&event);
    assert_null(event.members.texts);
}

static void assert_nothing_but_names(const struct event *event)
{
    assert_null(event->user_id);
    assert_null(event->app_id);
    assert_null(event->product_id);
    assert_null(event->entitlement);
    assert_null(event->period_type);
    assert_null(event->environment);
    assert_null(event->store);
    assert_null(event->cancel_reason);
    assert_null(event->expiration_reason);
    assert_true(event->event_timestamp_ms == EVENT_NO_TIME);
    assert_true(event->purchased_at_ms == EVENT_NO_TIME);
    assert_true(event->expiration_at_ms == EVENT_NO_TIME);
    assert_true(event->grace_period_expiration_at_ms == EVENT_NO_TIME);
    assert_false(event->is_trial_conversion);
}

static void absent_null_and_empty_fields_are_absent(void **state)
{
    (void)state;
    static const char *const rows[] = {
        KNOWN("\"x\":1"),
        KNOWN("\"app_user_id\":null,\"app_id\":null,\"product_id\":null,"
              "\"entitlement_ids\":null,\"period_type\":null,"
              "\"environment\":null,\"store\":null,\"cancel_reason\":null,"
              "\"expiration_reason\":null,\"event_timestamp_ms\":null,"
              "\"purchased_at_ms\":null,\"expiration_at_ms\":null,"
              "\"grace_period_expiration_at_ms\":null,"
              "\"is_trial_conversion\":null"),
        KNOWN("\"entitlement_ids\":[],\"app_user_id\":\"\""),
        KNOWN("\"entitlement_ids\":[null,\"pro\"]"),
        KNOWN("\"APP_USER_ID\":\"u\",\"Store\":\"S\""),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event event;
        event_expect_taken(rows[i], &event);
        assert_nothing_but_names(&event);
        event_free(&event);
    }
}

static void what_breaks_a_rule_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *reason;
    } rows[] = {
        {"", "not JSON (at byte 1)"},
        {"{\"event\":", "not JSON (at byte 9)"},
        {"{} {}", "not JSON (something follows at byte 4)"},
        {"[]", "not a JSON object"},
        {"null", "not a JSON object"},
        {"{}", "event: missing"},
        {"{\"Event\":{}}", "event: missing"},
        {"{\"event\":null}", "event: missing"},
        {"{\"event\":[]}", "event: not an object"},
        {"{\"event\":\"x\"}", "event: not an object"},
        {"{\"event\":{}}", "event.id: missing"},
        {"{\"event\":{\"id\":null}}", "event.id: missing"},
        {"{\"event\":{\"id\":7}}", "event.id: not a string"},
        {"{\"event\":{\"id\":\"\"}}", "event.id: empty"},
        {"{\"event\":{\"id\":\"i\"}}", "event.type: missing"},
        {"{\"event\":{\"id\":\"i\",\"type\":{}}}", "event.type: not a string"},
        {"{\"event\":{\"id\":\"i\",\"type\":\"\"}}", "event.type: empty"},
        {KNOWN("\"app_user_id\":7"), "event.app_user_id: not a string"},
        {KNOWN("\"app_user_id\":\"a/b\""), "event.app_user_id: has a '/'"},
        {KNOWN("\"app_id\":{}"), "event.app_id: not a string"},
        {KNOWN("\"product_id\":[]"), "event.product_id: not a string"},
        {KNOWN("\"period_type\":true"), "event.period_type: not a string"},
        {KNOWN("\"environment\":0"), "event.environment: not a string"},
        {KNOWN("\"store\":false"), "event.store: not a string"},
        {KNOWN("\"cancel_reason\":1"), "event.cancel_reason: not a string"},
        {KNOWN("\"expiration_reason\":1"),
         "event.expiration_reason: not a string"},
        {KNOWN("\"entitlement_ids\":\"pro\""),
         "event.entitlement_ids: not a list"},
        {KNOWN("\"entitlement_ids\":{}"), "event.entitlement_ids: not a list"},
        {KNOWN("\"entitlement_ids\":[7]"),
         "event.entitlement_ids[0]: not a string"},
        {KNOWN("\"is_trial_conversion\":1"),
         "event.is_trial_conversion: not true or false"},
        {KNOWN("\"is_trial_conversion\":\"true\""),
         "event.is_trial_conversion: not true or false"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        event_expect_reason(rows[i].body, strlen(rows[i].body), rows[i].reason);
}

static void absurd_times_are_named(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "event_timestamp_ms",
        "purchased_at_ms",
        "expiration_at_ms",
        "grace_period_expiration_at_ms",
    };
    static const struct {
        const char *time;
        const char *reason;
    } rows[] = {
        {"1e400", "after the year 9999"},
        {"-1e400", "before 1970"},
        {"9007199254740993", "after the year 9999"},
        {"253402300800000", "after the year 9999"},
        {"99999999999999999999999999", "after the year 9999"},
        {"-1", "before 1970"},
        {"-0.5", "before 1970"},
        {"1.5", "not a whole number of milliseconds"},
        {"1764000060137.25", "not a whole number of milliseconds"},
        {"1e-9", "not a whole number of milliseconds"},
        {"\"1764000060137\"", "not a number"},
        {"true", "not a number"},
        {"{}", "not a number"},
    };
    char body[256];
    char reason[256];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
            (void)snprintf(body, sizeof(body), KNOWN("\"%s\":%s"), fields[f],
                           rows[i].time);
            (void)snprintf(reason, sizeof(reason), "event.%s: %s", fields[f],
                           rows[i].reason);
            event_expect_reason(body, strlen(body), reason);
        }
    }
}

static void sane_times_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *time;
        int64_t ms;
    } rows[] = {
        {"0", 0},
        {"-0", 0},
        {"1764000060137", INT64_C(1764000060137)},
        {"1764000060137.0", INT64_C(1764000060137)},
        {"1.764000060137e12", INT64_C(1764000060137)},
        {"253402300799999", INT64_C(253402300799999)},
    };
    char body[256];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event event;
        (void)snprintf(body, sizeof(body), KNOWN("\"purchased_at_ms\":%s"),
                       rows[i].time);
        event_expect_taken(body, &event);
        assert_true(event.purchased_at_ms == rows[i].ms);
        event_free(&event);
    }
}

static void what_cjson_would_misread_is_refused_in_a_used_field(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *fault;
    } rows[] = {
        {"a\\u0000b", "has a \\u0000"},
        {"\\u0000", "has a \\u0000"},
        {"\\\\\\u0000", "has a \\u0000"},
        {"\\ud83d", "has half a surrogate pair"},
        {"\\ud83dx", "has half a surrogate pair"},
        {"\\uD83D\\u0041", "has half a surrogate pair"},
        {"\\ud83d\\ud83d\\ude00", "has half a surrogate pair"},
        {"\\ude00", "has half a surrogate pair"},
        {"\xFF", "not valid UTF-8"},
        {"\xC3", "not valid UTF-8"},
        {"\xED\xA0\x80", "not valid UTF-8"},
        {"\xC0\x80", "not valid UTF-8"},
    };
    static const char *const fields[] = {
        "app_user_id", "app_id", "product_id",    "period_type",
        "environment", "store",  "cancel_reason", "expiration_reason",
    };
    char body[256];
    char reason[256];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
            (void)snprintf(body, sizeof(body), KNOWN("\"%s\":\"%s\""),
                           fields[f], rows[i].text);
            (void)snprintf(reason, sizeof(reason), "event.%s: %s", fields[f],
                           rows[i].fault);
            event_expect_reason(body, strlen(body), reason);
        }
        (void)snprintf(body, sizeof(body),
                       KNOWN("\"entitlement_ids\":[\"%s\"]"), rows[i].text);
        (void)snprintf(reason, sizeof(reason), "event.entitlement_ids[0]: %s",
                       rows[i].fault);
        event_expect_reason(body, strlen(body), reason);
        (void)snprintf(body, sizeof(body), "{\"event\":{\"id\":\"%s\"}}",
                       rows[i].text);
        (void)snprintf(reason, sizeof(reason), "event.id: %s", rows[i].fault);
        event_expect_reason(body, strlen(body), reason);
    }
}

static void the_same_is_tolerated_in_a_field_that_we_do_not_use(void **state)
{
    (void)state;
    static const char *const rows[] = {
        KNOWN("\"app_user_id\":\"u\",\"x\":\"a\\u0000b\""),
        KNOWN("\"app_user_id\":\"u\",\"x\\u0000\":1"),
        KNOWN("\"app_user_id\":\"u\",\"x\":\"\\ud83d\""),
        KNOWN("\"app_user_id\":\"u\",\"x\":\"\\ude00\\ud83d\""),
        KNOWN("\"app_user_id\":\"u\",\"x\":\"\xFF\xC3\""),
        KNOWN("\"app_user_id\":\"u\",\"entitlement_ids\":[\"p\",\"\\u0000\"]"),
        KNOWN("\"app_user_id\":\"u\",\"price\":1e400,\"x\":-1.5"),
        /* a key that only begins like one of ours */
        KNOWN("\"app_user_id\\u0000\":\"v\",\"app_user_id\":\"u\""),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event event;
        event_expect_taken(rows[i], &event);
        assert_string_equal(event.user_id, "u");
        event_free(&event);
    }
}

static void escapes_are_read_as_what_they_mean(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        const char *meant;
    } rows[] = {
        {"\\u0041\\u00e9", "A\xC3\xA9"},
        {"\\ud83d\\ude00", "\xF0\x9F\x98\x80"},
        {"\\uD83D\\uDE00\\u0041", "\xF0\x9F\x98\x80"
                                  "A"},
        {"\\\\u0000", "\\u0000"},
        {"\\\\ud83d", "\\ud83d"},
        {"\\\"\\n", "\"\n"},
    };
    char body[256];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event event;
        (void)snprintf(body, sizeof(body), KNOWN("\"app_user_id\":\"%s\""),
                       rows[i].written);
        event_expect_taken(body, &event);
        assert_string_equal(event.user_id, rows[i].meant);
        event_free(&event);
    }
}

static void broken_escapes_and_nuls_are_no_json(void **state)
{
    (void)state;
    event_expect_reason("{\"a\":\"\\uZZZZ\"}", 14, "not JSON (at byte 7)");
    event_expect_reason("{\"a\":\"\\u12\"}", 12, "not JSON (at byte 7)");
    event_expect_reason("{\"a\":\"\\ud83d\\u12\"}", 18,
                        "not JSON (at byte 13)");
    event_expect_reason("{\"a\":\"x\\u0", 10, "not JSON (at byte 8)");
    event_expect_reason("{\"a\":\"\\", 7, "not JSON (at byte 7)");
    event_expect_reason("{\"a\":\"x\0y\"}", 12, "not JSON (a NUL at byte 8)");
    event_expect_reason("{}\0", 3, "not JSON (a NUL at byte 3)");
}

static void the_first_of_two_equal_keys_counts(void **state)
{
    (void)state;
    static const char *const rows[] = {
        KNOWN("\"app_user_id\":\"u\",\"app_user_id\":\"v\""),
        KNOWN("\"app_user_id\":\"u\",\"app_user_id\":7"),
        KNOWN("\"app\\u005fuser_id\":\"u\",\"app_user_id\":\"v\""),
        ("{\"event\":{\"id\":\"i\",\"id\":\"j\",\"type\":\"RENEWAL\","
         "\"app_user_id\":\"u\"},\"event\":{\"id\":\"k\"}}"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event event;
        event_expect_taken(rows[i], &event);
        assert_string_equal(event.id, "i");
        assert_string_equal(event.user_id, "u");
        event_free(&event);
    }
    event_expect_reason("{\"event\":{\"id\":null,\"id\":\"j\"}}", 30,
                        "event.id: missing");
}

static void unknown_types_are_not_judged_beyond_their_names(void **state)
{
    (void)state;
    struct event event;
    event_expect_taken(
        UNKNOWN("\"app_user_id\":\"u\",\"store\":7,\"app_id\":\"a\","
                "\"purchased_at_ms\":\"soon\",\"entitlement_ids\":{},"
                "\"is_trial_conversion\":\"maybe\","
                "\"environment\":\"\\u0000\""),
        &event);
    assert_string_equal(event.user_id, "u");
    assert_string_equal(event.app_id, "a");
    assert_null(event.store);
    assert_null(event.entitlement);
    assert_null(event.environment);
    assert_true(event.purchased_at_ms == EVENT_NO_TIME);
    event_free(&event);
    event_expect_taken(UNKNOWN("\"app_user_id\":\"a/b\""), &event);
    assert_null(event.user_id);
    event_free(&event);
}

static void anonymous_users_are_known_by_their_form(void **state)
{
    (void)state;
    static const struct {
        const char *user_id;
        bool anonymous;
    } rows[] = {
        {"$RCAnonymousID:87c6049c58069238dce29853916d624c", true},
        {"$RCAnonymousID:87C6049C58069238DCE29853916D624C", true},
        {"$RCAnonymousID:87c6049c58069238dce29853916d624", false},
        {"$RCAnonymousID:87c6049c58069238dce29853916d624c0", false},
        {"$RCAnonymousID:87c6049c58069238dce29853916d624g", false},
        {"$RCAnonymousID:87c6049c58069238dce29853916d624c-", false},
        {"$RCAnonymousID:", false},
        {"$rcanonymousid:87c6049c58069238dce29853916d624c", false},
        {"87c6049c58069238dce29853916d624c", false},
        {"user-1", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(event_user_is_anonymous(rows[i].user_id),
                         rows[i].anonymous);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(absent_null_and_empty_fields_are_absent),
        cmocka_unit_test(what_breaks_a_rule_is_named),
        cmocka_unit_test(absurd_times_are_named),
        cmocka_unit_test(sane_times_are_exact),
        cmocka_unit_test(what_cjson_would_misread_is_refused_in_a_used_field),
        cmocka_unit_test(the_same_is_tolerated_in_a_field_that_we_do_not_use),
        cmocka_unit_test(escapes_are_read_as_what_they_mean),
        cmocka_unit_test(broken_escapes_and_nuls_are_no_json),
        cmocka_unit_test(the_first_of_two_equal_keys_counts),
        cmocka_unit_test(unknown_types_are_not_judged_beyond_their_names),
        cmocka_unit_test(anonymous_users_are_known_by_their_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
