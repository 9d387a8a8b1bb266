/* What one claim is to send: the stale guard, saved calls, and what needs no
 * call. */
#include "plan_fixture.h"

#include <string.h>

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

static void what_can_have_no_more_attempts_is_given_up(void **state)
{
    (void)state;
    struct plan plan;
    claim.attempts = OUTBOX_MOST_ATTEMPTS - 1;
    plan_make(&claim, &context, &plan);
    assert_int_equal(plan.action, PLAN_SEND);
    plan_free(&plan);
    claim.attempts = OUTBOX_MOST_ATTEMPTS;
    expect_settled("failed", "gave_up");
    set_bound(own, "{\"event_name\":\"old\"}");
    claim.attempts = OUTBOX_MOST_ATTEMPTS;
    expect_settled("failed", "gave_up");
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
        RULE(what_needs_no_call_is_settled_with_a_reason),
        RULE(an_anonymous_user_is_skipped_only_when_told),
        RULE(a_user_that_sqlite_read_otherwise_is_invalid),
        RULE(what_can_have_no_more_attempts_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
