/* What one claim is to send whose bytes are bound already: those, whatever has
 * changed since; and when they are not. */
#include "plan_fixture.h"

#include <stdio.h>
#include <string.h>

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

static void bound_bytes_stay_where_the_user_was_forgotten(void **state)
{
    (void)state;
    struct plan plan;
    set_bound(own, "{\"event_name\":\"old\"}");
    plan_make(&claim, &context, &plan);
    assert_string_equal(plan.attributes, own);
    assert_string_equal(plan.newest_attributes, own);
    plan_free(&plan);
}

/* Should the contact turn out to be gone, it is made with the newest. */
static void a_bound_event_without_attributes_knows_the_newest(void **state)
{
    (void)state;
    struct plan plan;
    set_bound(NULL, "{\"event_name\":\"old\"}");
    set_sent(EVENT_MS + HOUR_MS, ID + 1, other);
    plan_make(&claim, &context, &plan);
    assert_null(plan.attributes);
    assert_string_equal(plan.newest_attributes, other);
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

int main(void)
{
#define RULE(name) cmocka_unit_test_setup(name, set_claim)
    const struct CMUnitTest tests[] = {
        RULE(bound_bytes_go_as_they_are_whatever_has_changed),
        RULE(the_contacts_call_of_bound_bytes_is_saved_where_it_arrived),
        RULE(bound_bytes_stay_where_the_user_was_forgotten),
        RULE(a_bound_event_without_attributes_knows_the_newest),
        RULE(bound_attributes_alone_are_always_written),
        RULE(bound_attributes_do_not_overwrite_newer_ones),
        RULE(a_binding_without_bytes_is_mapped_anew),
        RULE(unbound_bytes_of_an_earlier_attempt_are_rendered_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
