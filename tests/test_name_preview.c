/* test_name_preview.c - a change of names, before it is made. */
#include "support/outbox_fixture.h"

#include "outbox/name_preview.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *write_preview(const struct name_preview *preview,
                                 const struct names *names)
{
    static char text[1024];
    struct buf out;
    buf_init(&out, sizeof(text) - 1);
    name_preview_write(preview, names, &out);
    memcpy(text, buf_text(&out), out.length + 1);
    buf_free(&out);
    return text;
}

static void a_real_event_shows_the_name_of_now_and_then(void **state)
{
    struct fixture *fixture = *state;
    struct name_preview preview;
    struct names names;
    names_init(&names);
    fixture_put(fixture, "e1", "EXPIRATION", "u1");
    fixture_run_without_triggers(
        fixture, "UPDATE outbox SET payload = json_set(payload, "
                 "'$.event.expiration_at_ms', 5000, '$.event.store', "
                 "'STRIPE')");
    fixture_check(
        fixture, name_preview_read(fixture->store, 1, &preview, &fixture->err));
    assert_int_equal(preview.delivery_id, 1);
    assert_non_null(strstr(write_preview(&preview, &names),
                           "{\"event_name\":\"rc_expiration_event\""));
    fixture_check(fixture, names_set(&names, KIND_EXPIRATION, "Ended \"now\"",
                                     &fixture->err));
    assert_non_null(strstr(write_preview(&preview, &names),
                           "{\"event_name\":\"Ended \\\"now\\\"\""));
    names.off[KIND_EXPIRATION] = true;
    assert_string_equal(write_preview(&preview, &names),
                        "no data event, the contact's attributes only");
    name_preview_free(&preview);
    name_preview_free(&preview);
}

static void what_would_not_be_sent_says_why(void **state)
{
    struct fixture *fixture = *state;
    struct name_preview preview;
    struct names names;
    names_init(&names);
    fixture_put(fixture, "e1", "TRANSFER", "u1");
    fixture_put(fixture, "e2", "RENEWAL", "u1"); /* no purchased_at_ms */
    fixture_check(
        fixture, name_preview_read(fixture->store, 1, &preview, &fixture->err));
    assert_string_equal(write_preview(&preview, &names),
                        "nothing: This webhook type has no event at Intercom.");
    name_preview_free(&preview);
    fixture_check(
        fixture, name_preview_read(fixture->store, 2, &preview, &fixture->err));
    assert_string_equal(write_preview(&preview, &names),
                        "nothing: the event cannot be mapped");
    name_preview_free(&preview);
    assert_false(name_preview_read(fixture->store, 3, &preview, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
}

static void a_change_warns_of_what_breaks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool off;
        const char *warnings;
    } rows[] = {
        {"rc_renewal_event", false, ""},
        {"RC_Renewal_Event", false, ""}, /* the same to Intercom */
        {"Renewed", false,
         "Filters and series in Intercom on rc_renewal_event stop matching.\n"
         "The old name still counts among the 120 that a workspace has, until "
         "it is archived there.\n"},
        {"rc.renewed", false,
         "Filters and series in Intercom on rc_renewal_event stop matching.\n"
         "Intercom turns . and $ into -.\n"
         "The old name still counts among the 120 that a workspace has, until "
         "it is archived there.\n"},
        {"rc_renewal_event", true,
         "While it is off, filters and series in Intercom on rc_renewal_event "
         "see nothing new.\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct names before;
        struct names after;
        struct buf out;
        struct err err;
        names_init(&before);
        after = before;
        assert_true(names_set(&after, KIND_RENEWAL, rows[i].name, &err));
        after.off[KIND_RENEWAL] = rows[i].off;
        buf_init(&out, 1024);
        name_preview_add_warnings(&before, &after, KIND_RENEWAL, &out);
        assert_string_equal(buf_text(&out), rows[i].warnings);
        buf_free(&out);
    }
}

static void names_that_are_off_are_not_used(void **state)
{
    (void)state;
    struct names names;
    names_init(&names);
    assert_int_equal(name_preview_count_used(&names), KIND_COUNT - 1);
    names.off[KIND_EXPIRATION] = true;
    assert_int_equal(name_preview_count_used(&names), KIND_COUNT - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_real_event_shows_the_name_of_now_and_then, fixture_open,
            fixture_close),
        cmocka_unit_test_setup_teardown(what_would_not_be_sent_says_why,
                                        fixture_open, fixture_close),
        cmocka_unit_test(a_change_warns_of_what_breaks),
        cmocka_unit_test(names_that_are_off_are_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
