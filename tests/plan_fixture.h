/* plan_fixture.h - what the tests of the plan share: a claim of a renewal, and
 * what may be known of its user and its bytes. */
#ifndef TESTS_PLAN_FIXTURE_H
#define TESTS_PLAN_FIXTURE_H

#include "relay/plan.h"

#include "event/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { ID = 50, EPOCH = 7 };
static const int64_t HOUR_MS = INT64_C(60) * 60 * 1000;
static const int64_t EVENT_MS = INT64_C(1787565658000);
static const int64_t ARRIVED_MS = INT64_C(1787565659000);
static const int64_t NOW_MS = INT64_C(1787565700000);

#define RENEWAL(time)                                                          \
    "{\"event\":{\"id\":\"e\",\"type\":\"RENEWAL\",\"app_user_id\":\"u1\","    \
    "\"store\":\"APP_STORE\",\"period_type\":\"NORMAL\","                      \
    "\"entitlement_ids\":[\"pro\"],\"product_id\":\"p\","                      \
    "\"environment\":\"PRODUCTION\",\"purchased_at_ms\":1787565000000,"        \
    "\"expiration_at_ms\":1790000000000" time "}}"
#define AT_ITS_TIME ",\"event_timestamp_ms\":1787565658000"

/* What RENEWAL's attributes are; other tests hold the mapping to it. */
static const char own[] =
    "{\"latest_store\":\"APP_STORE\",\"latest_entitlement\":\"pro\","
    "\"expires_at\":1790000000,\"subscription_status\":\"active\"}";
static const char other[] = "{\"latest_store\":\"STRIPE\"}";

static struct names names;
static struct mapping_policy policy;
static struct plan_context context;
static struct outbox_claim claim;

static inline void set_payload(const char *payload)
{
    claim.payload = (char *)(uintptr_t)payload;
    claim.payload_length = strlen(payload);
}

/* A renewal of a user of whom nothing is known. */
static inline int set_claim(void **state)
{
    (void)state;
    names_init(&names);
    policy = (struct mapping_policy){.names = &names};
    context = (struct plan_context){
        .policy = &policy, .epoch = EPOCH, .now_ms = NOW_MS};
    claim = (struct outbox_claim){
        .id = ID,
        .lane = (char *)(uintptr_t) "u1",
        .kind = "renewal",
        .arrived_ms = ARRIVED_MS,
        .first_try_open_ms = OUTBOX_NO_TIME,
        .sent_timestamp_ms = OUTBOX_NO_TIME,
        .confirmed_timestamp_ms = OUTBOX_NO_TIME,
    };
    set_payload(RENEWAL(AT_ITS_TIME));
    return 0;
}

/* An event of this time and id has written these attributes last. */
static inline void set_sent(int64_t timestamp_ms, int64_t id,
                            const char *attributes)
{
    claim.sent_timestamp_ms = timestamp_ms;
    claim.sent_id = id;
    claim.sent_attributes = (char *)(uintptr_t)attributes;
}

/* … and they are known to have arrived, a minute ago, in this epoch. */
static inline void set_confirmed(void)
{
    claim.confirmed_timestamp_ms = claim.sent_timestamp_ms;
    claim.confirmed_id = claim.sent_id;
    claim.confirmed_ms = NOW_MS - 60 * 1000;
    claim.confirmed_epoch = EPOCH;
}

static inline void set_bound(const char *attributes, const char *event_body)
{
    claim.bound = true;
    claim.attempts = 1;
    claim.attributes = (char *)(uintptr_t)attributes;
    claim.event_body = (char *)(uintptr_t)event_body;
}

/* For a row that changes nothing. */
static inline void break_nothing(void)
{
}

static inline void expect_text(const char *text, const char *expected)
{
    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text, expected);
}

static inline void expect_settled(const char *state, const char *reason)
{
    struct plan plan;
    plan_make(&claim, &context, &plan);
    assert_int_equal(plan.action, PLAN_SETTLE);
    assert_string_equal(plan.state, state);
    assert_string_equal(plan.reason, reason);
    assert_true(plan.result[0] != '\0');
    plan_free(&plan);
}

#endif
