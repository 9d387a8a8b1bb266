/* What one claim is to send: the stale guard, saved calls, bound bytes. */
#include "relay/plan.h"

#include "base/text.h"
#include "event/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
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

static void set_payload(const char *payload)
{
    claim.payload = (char *)(uintptr_t)payload;
    claim.payload_length = strlen(payload);
}

/* A renewal of a user of whom nothing is known. */
static int set_claim(void **state)
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
static void set_sent(int64_t timestamp_ms, int64_t id, const char *attributes)
{
    claim.sent_timestamp_ms = timestamp_ms;
    claim.sent_id = id;
    claim.sent_attributes = (char *)(uintptr_t)attributes;
}

/* … and they are known to have arrived, a minute ago, in this epoch. */
static void set_confirmed(void)
{
    claim.confirmed_timestamp_ms = claim.sent_timestamp_ms;
    claim.confirmed_id = claim.sent_id;
    claim.confirmed_ms = NOW_MS - 60 * 1000;
    claim.confirmed_epoch = EPOCH;
}

static void set_bound(const char *attributes, const char *event_body)
{
    claim.bound = true;
    claim.attempts = 1;
    claim.attributes = (char *)(uintptr_t)attributes;
    claim.event_body = (char *)(uintptr_t)event_body;
}

static void expect_text(const char *text, const char *expected)
{
    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text, expected);
}

static void expect_settled(const char *state, const char *reason)
{
    struct plan plan;
    plan_make(&claim, &context, &plan);
    assert_int_equal(plan.action, PLAN_SETTLE);
    assert_string_equal(plan.state, state);
    assert_string_equal(plan.reason, reason);
    assert_true(plan.result[0] != '\0');
    plan_free(&plan);
}

/* --- new users and the stale guard --------------------------------------- */

static void a_new_user_gets_attributes_and_event(void **state)
{
    (void)state;
    struct plan plan;
    plan_make(&claim, &context, &plan);
    assert_int_equal(plan.action, PLAN_SEND);
    assert_string_equal(plan.attributes, own);
    assert_string_equal(plan.newest_attributes, own);
    assert_non_null(strstr(plan.event_body, "\"rc_renewal_event\""));
    assert_true(plan.is_newest);
    assert_false(plan.is_confirmed);
    assert_int_equal(plan.timestamp_ms, EVENT_MS);
    plan_free(&plan);
}

static void an_older_event_writes_no_attributes_of_its_own(void **state)
{
    static const struct {
        int64_t sent_after_ms; /* newest sent, from this event's time */
        int64_t sent_id;
        bool confirmed;
        bool is_newest;
        const char *attributes;
    } rows[] = {
        {-1, ID + 9, false, true, own}, {-1, ID + 9, true, true, own},
        {0, ID - 1, false, true, own},  {0, ID - 1, true, true, own},
        {0, ID, false, true, own},      {0, ID + 1, false, false, other},
        {0, ID + 1, true, false, NULL}, {1, ID - 1, false, false, other},
        {1, ID - 1, true, false, NULL}, {1, ID + 1, true, false, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plan plan;
        (void)set_claim(state);
        set_sent(EVENT_MS + rows[i].sent_after_ms, rows[i].sent_id, other);
        if (rows[i].confirmed)
            set_confirmed();
        plan_make(&claim, &context, &plan);
        assert_int_equal(plan.action, PLAN_SEND);
        assert_int_equal(plan.is_newest, rows[i].is_newest);
        assert_false(plan.is_confirmed);
        expect_text(plan.attributes, rows[i].attributes);
        expect_text(plan.newest_attributes, rows[i].is_newest ? own : other);
        assert_non_null(plan.event_body);
        plan_free(&plan);
    }
}

static void a_time_missing_or_too_far_ahead_counts_as_arrival(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        int64_t timestamp_ms;
    } rows[] = {
        {RENEWAL(AT_ITS_TIME), INT64_C(1787565658000)},
        {RENEWAL(""), INT64_C(1787565659000)},
        {RENEWAL(",\"event_timestamp_ms\":null"), INT64_C(1787565659000)},
        /* arrival + 25 h, and 1 ms more */
        {RENEWAL(",\"event_timestamp_ms\":1787655659000"),
         INT64_C(1787655659000)},
        {RENEWAL(",\"event_timestamp_ms\":1787655659001"),
         INT64_C(1787565659000)},
        {RENEWAL(",\"event_timestamp_ms\":1000"), 1000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plan plan;
        set_payload(rows[i].payload);
        plan_make(&claim, &context, &plan);
        assert_int_equal(plan.timestamp_ms, rows[i].timestamp_ms);
        plan_free(&plan);
    }
}

/* --- saved calls ---------------------------------------------------------- */

static void break_nothing(void)
{
}

static void break_epoch(void)
{
    claim.confirmed_epoch = EPOCH - 1;
}

static void break_age(void)
{
    claim.confirmed_ms = NOW_MS - 24 * HOUR_MS;
}

static void break_clock(void)
{
    claim.confirmed_ms = NOW_MS + 1;
}

static void break_id(void)
{
    claim.confirmed_id--;
}

static void break_time(void)
{
    claim.confirmed_timestamp_ms--;
}

static void break_confirmation(void)
{
    claim.confirmed_timestamp_ms = OUTBOX_NO_TIME;
}

static void break_attributes(void)
{
    claim.sent_attributes = (char *)(uintptr_t)other;
}

static void make_it_just_fresh(void)
{
    claim.confirmed_ms = NOW_MS - 24 * HOUR_MS + 1;
}

static void equal_attributes_are_saved_only_while_surely_there(void **state)
{
    static const struct {
        void (*change)(void);
        bool saved;
    } rows[] = {
        {break_nothing, true},     {make_it_just_fresh, true},
        {break_epoch, false},      {break_age, false},
        {break_clock, false},      {break_id, false},
        {break_time, false},       {break_confirmation, false},
        {break_attributes, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plan plan;
        (void)set_claim(state);
        set_sent(EVENT_MS - HOUR_MS, ID - 10, own);
        set_confirmed();
        rows[i].change();
        plan_make(&claim, &context, &plan);
        assert_true(plan.is_newest);
        assert_int_equal(plan.is_confirmed, rows[i].saved);
        expect_text(plan.attributes, rows[i].saved ? NULL : own);
        /* should the contact turn out to be gone, it is made with these */
        expect_text(plan.newest_attributes, own);
        assert_non_null(plan.event_body);
        plan_free(&plan);
    }
}

/* --- attributes only ------------------------------------------------------ */

static void a_kind_switched_off_writes_the_attributes_only(void **state)
{
    (void)state;
    struct plan plan;
    names.off[KIND_RENEWAL] = true;
    plan_make(&claim, &context, &plan);
    assert_int_equal(plan.action, PLAN_SEND);
    assert_null(plan.event_body);
    assert_string_equal(plan.attributes, own);
    plan_free(&plan);
}

static void without_an_event_there_is_always_one_call(void **state)
{
    static const struct {
        int64_t sent_after_ms;
        const char *sent;
        bool is_newest;
        const char *attributes;
    } rows[] = {
        {-1, own, true, own},
        {-1, other, true, own},
        {1, own, false, own},
        {1, other, false, other},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plan plan;
        (void)set_claim(state);
        names.off[KIND_RENEWAL] = true;
        set_sent(EVENT_MS + rows[i].sent_after_ms, ID - 1, rows[i].sent);
        set_confirmed();
        plan_make(&claim, &context, &plan);
        assert_null(plan.event_body);
        assert_int_equal(plan.is_newest, rows[i].is_newest);
        assert_false(plan.is_confirmed);
        expect_text(plan.attributes, rows[i].attributes);
        plan_free(&plan);
    }
}

/* --- bound bytes ---------------------------------------------------------- */

static void break_payload(void)
{
    set_payload("no JSON at all");
}

static void rename_kind(void)
{
    (void)snprintf(names.name[KIND_RENEWAL], sizeof(names.name[0]), "renamed");
}

static void switch_off(void)
{
    names.off[KIND_RENEWAL] = true;
}

static void change_lane(void)
{
    claim.lane = (char *)(uintptr_t) "u2";
}

static void forget_binding_after_unknown(void)
{
    claim.bound = false;
    claim.unknown = true;
}

static void bound_bytes_go_as_they_are_whatever_has_changed(void **state)
{
    static void (*const changes[])(void) = {
        break_nothing, break_payload, rename_kind,
        switch_off,    change_lane,   forget_binding_after_unknown,
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct plan plan;
        (void)set_claim(state);
        set_bound("{\"old\":1}", "{\"event_name\":\"old\"}");
        set_sent(EVENT_MS, ID, "{\"old\":1}");
        changes[i]();
        plan_make(&claim, &context, &plan);
        assert_int_equal(plan.action, PLAN_SEND);
        assert_string_equal(plan.event_body, "{\"event_name\":\"old\"}");
        assert_string_equal(plan.attributes, "{\"old\":1}");
        assert_string_equal(plan.newest_attributes, "{\"old\":1}");
        plan_free(&plan);
    }
}

static void
the_contacts_call_of_bound_bytes_is_saved_where_it_arrived(void **state)
{
    (void)state;
    struct plan plan;
    set_bound(own, "{\"event_name\":\"old\"}");
    set_sent(EVENT_MS, ID, own);
    set_confirmed();
    plan_make(&claim, &context, &plan);
    assert_null(plan.attributes);
    assert_string_equal(plan.newest_attributes, own);
    assert_string_equal(plan.event_body, "{\"event_name\":\"old\"}");
    plan_free(&plan);
}

static void bound_attributes_alone_are_always_written(void **state)
{
    (void)state;
    struct plan plan;
    set_bound(own, NULL);
    set_sent(EVENT_MS, ID, own);
    set_confirmed();
    plan_make(&claim, &context, &plan);
    assert_string_equal(plan.attributes, own);
    assert_null(plan.event_body);
    plan_free(&plan);
}

/* Discarded while it waited, another one sent, the discard undone: the stale
 * guard holds for bound attributes, too. */
static void bound_attributes_do_not_overwrite_newer_ones(void **state)
{
    static const struct {
        bool confirmed;
        const char *event_body;
        const char *attributes;
    } rows[] = {
        {false, "{\"event_name\":\"old\"}", other},
        {true, "{\"event_name\":\"old\"}", NULL},
        {false, NULL, other},
        {true, NULL, other},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plan plan;
        (void)set_claim(state);
        set_bound(own, rows[i].event_body);
        set_sent(EVENT_MS + HOUR_MS, ID + 1, other);
        if (rows[i].confirmed)
            set_confirmed();
        plan_make(&claim, &context, &plan);
        expect_text(plan.attributes, rows[i].attributes);
        expect_text(plan.newest_attributes, other);
        expect_text(plan.event_body, rows[i].event_body);
        assert_false(plan.is_newest);
        plan_free(&plan);
    }
}

static void a_binding_without_bytes_is_mapped_anew(void **state)
{
    (void)state;
    struct plan plan;
    set_bound(NULL, NULL);
    plan_make(&claim, &context, &plan);
    assert_int_equal(plan.action, PLAN_SEND);
    assert_string_equal(plan.attributes, own);
    assert_non_null(plan.event_body);
    plan_free(&plan);
}

static void unbound_bytes_of_an_earlier_attempt_are_rendered_anew(void **state)
{
    (void)state;
    struct plan plan;
    set_bound("{\"old\":1}", "{\"event_name\":\"old\"}");
    claim.bound = false;
    rename_kind();
    plan_make(&claim, &context, &plan);
    assert_string_equal(plan.attributes, own);
    assert_non_null(strstr(plan.event_body, "\"renamed\""));
    plan_free(&plan);
}

/* --- no call -------------------------------------------------------------- */

#define EVENT(members) "{\"event\":{\"id\":\"e\"," members "}}"

static void what_needs_no_call_is_settled_with_a_reason(void **state)
{
    static const struct {
        const char *payload;
        const char *state;
        const char *reason;
    } rows[] = {
        {EVENT("\"type\":\"TEST\",\"app_user_id\":\"u1\""), "skipped",
         SKIP_NO_INTERCOM_EVENT},
        {EVENT("\"type\":\"RENEWAL\",\"app_user_id\":\"u1\","
               "\"environment\":\"SANDBOX\",\"purchased_at_ms\":1"),
         "skipped", SKIP_SANDBOX_EVENT},
        {EVENT("\"type\":\"RENEWAL\",\"purchased_at_ms\":1"), "skipped",
         SKIP_NO_USER},
        {EVENT("\"type\":\"RENEWAL\",\"app_user_id\":\"u1\","
               "\"store\":\"PROMOTIONAL\",\"purchased_at_ms\":1"),
         "skipped", SKIP_STORE_NOT_TRACKED},
        {EVENT("\"type\":\"RENEWAL\",\"app_user_id\":\"u1\""), "failed",
         "invalid_event"},
        {EVENT("\"type\":\"RENEWAL\",\"app_user_id\":7"), "failed",
         "invalid_event"},
        {"{\"event\":{\"id\":\"e\",}}", "failed", "invalid_event"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)set_claim(state);
        set_payload(rows[i].payload);
        expect_settled(rows[i].state, rows[i].reason);
    }
}

static void an_anonymous_user_is_skipped_only_when_told(void **state)
{
    (void)state;
    static const char user[] =
        "$RCAnonymousID:0123456789abcdef0123456789abcdef";
    struct plan plan;
    set_payload(EVENT("\"type\":\"RENEWAL\",\"purchased_at_ms\":1,"
                      "\"app_user_id\":\"$RCAnonymousID:"
                      "0123456789abcdef0123456789abcdef\""));
    claim.lane = (char *)(uintptr_t)user;
    plan_make(&claim, &context, &plan);
    assert_int_equal(plan.action, PLAN_SEND);
    plan_free(&plan);
    policy.skip_anonymous_users = true;
    expect_settled("skipped", SKIP_ANONYMOUS_USER);
}

static void a_user_that_sqlite_read_otherwise_is_invalid(void **state)
{
    (void)state;
    static const char *const lanes[] = {"/50", "u2", "U1", "u1 ", ""};
    for (size_t i = 0; i < sizeof(lanes) / sizeof(lanes[0]); i++) {
        struct plan plan;
        claim.lane = (char *)(uintptr_t)lanes[i];
        expect_settled("failed", "invalid_event");
        plan_make(&claim, &context, &plan);
        assert_non_null(strstr(plan.result, "app_user_id"));
        plan_free(&plan);
    }
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup(name, set_claim)
    const struct CMUnitTest tests[] = {
        RULE(a_new_user_gets_attributes_and_event),
        RULE(an_older_event_writes_no_attributes_of_its_own),
        RULE(a_time_missing_or_too_far_ahead_counts_as_arrival),
        RULE(equal_attributes_are_saved_only_while_surely_there),
        RULE(a_kind_switched_off_writes_the_attributes_only),
        RULE(without_an_event_there_is_always_one_call),
        RULE(bound_bytes_go_as_they_are_whatever_has_changed),
        RULE(the_contacts_call_of_bound_bytes_is_saved_where_it_arrived),
        RULE(bound_attributes_alone_are_always_written),
        RULE(bound_attributes_do_not_overwrite_newer_ones),
        RULE(a_binding_without_bytes_is_mapped_anew),
        RULE(unbound_bytes_of_an_earlier_attempt_are_rendered_anew),
        RULE(what_needs_no_call_is_settled_with_a_reason),
        RULE(an_anonymous_user_is_skipped_only_when_told),
        RULE(a_user_that_sqlite_read_otherwise_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
