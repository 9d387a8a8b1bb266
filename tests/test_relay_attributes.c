/* Attributes that are missing at Intercom: created once, for all. Nothing of it
 * may fail a delivery. */
#include "relay/relay.h"

#include "answers.h"
#include "support/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND };
enum { USERS = 40 };

static void missing_attributes_are_created_once_for_all(void **state)
{
    (void)state;
    fake_intercom_forget_attributes(world->intercom);
    put_users(USERS);
    world_start(world);
    expect_all_delivered(MINUTE);
    assert_int_equal(
        fake_http_count(world->http, "POST /data_attributes", NULL), 4);
    assert_int_equal(
        world_number(world, "SELECT max(attempts) FROM outbox_delivery", 0), 1);
}

static void attributes_that_exist_already_are_as_good(void **state)
{
    (void)state;
    const struct fake_rule exists = {
        .request = "POST /data_attributes",
        .status = 400,
        .body = ERROR_LIST("parameter_invalid",
                           "You already have 'latest_store' in your data"),
        .acts = true,
    };
    fake_intercom_script(world->intercom, &exists);
    fake_intercom_forget_attributes(world->intercom);
    put_users(USERS);
    world_start(world);
    expect_all_delivered(MINUTE);
}

static void attributes_that_cannot_be_created_fail_nothing(void **state)
{
    (void)state;
    static const struct {
        struct fake_rule rule;
        const char *reason; /* of the hold; "": none */
    } rows[] = {
        {{.status = 403, .body = ERROR_LIST("forbidden", "scope")},
         "attributes_missing"},
        {{.status = 401, .body = ERROR_LIST("unauthorized", "x")},
         "token_refused"},
        {{.status = 422,
          .body = ERROR_LIST("parameter_invalid", "limit reached")},
         "attribute_refused"},
        {{.status = 500}, ""},
        {{.status = 429, .retry_after_s = 5}, ""},
        {{.end = HTTP_UNKNOWN, .trouble = HTTP_TIMED_OUT, .after_ms = 30000},
         ""},
        {{.end = HTTP_NOT_SENT, .trouble = HTTP_REFUSED}, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (i > 0) {
            (void)close_world(NULL);
            (void)open_world(NULL);
        }
        struct fake_rule rule = rows[i].rule;
        rule.request = "POST /data_attributes";
        fake_intercom_forget_attributes(world->intercom);
        fake_intercom_script(world->intercom, &rule);
        put_users(USERS);
        world_start(world);
        (void)world_run(world, 10 * MINUTE);
        assert_int_equal(world->report.failed, 0);
        assert_int_equal(world->report.delivered, 0);
        assert_string_equal(hold_reason(), rows[i].reason);
        fake_intercom_clear_rules(world->intercom);
        expect_all_delivered(20 * MINUTE);
    }
}

static void
a_flight_that_only_waited_for_attributes_is_not_unknown(void **state)
{
    (void)state;
    const struct fake_rule silent = {.request = "POST /data_attributes",
                                     .times = 1,
                                     .end = HTTP_UNKNOWN,
                                     .trouble = HTTP_TIMED_OUT,
                                     .after_ms = 30 * SECOND};
    fake_intercom_forget_attributes(world->intercom);
    fake_intercom_script(world->intercom, &silent);
    int64_t id = world_put(world, "u1");
    world_start(world);
    (void)world_run(world, 30 * SECOND + 30);
    assert_string_equal(world_state(world, id), "pending");
    assert_int_equal(world_number(world,
                                  "SELECT unknown + bound FROM outbox_delivery "
                                  "WHERE id = ?1",
                                  id),
                     0);
    world_run_until(world, id, "delivered", MINUTE);
}

static void a_probe_that_waits_for_the_attributes_is_calm(void **state)
{
    (void)state;
    /* A hold comes while the attributes are being created, and its probe is
     * due before that has ended. */
    const struct fake_rule slow = {.request = "POST /data_attributes",
                                   .status = 200,
                                   .after_ms = 25 * SECOND,
                                   .acts = true};
    const struct fake_rule late = {
        .request = "POST /contacts",
        .body_has = "\"late\"",
        .times = 1,
        .status = 401,
        .body = ERROR_LIST("unauthorized", "x"),
    };
    fake_intercom_forget_attributes(world->intercom);
    fake_intercom_script(world->intercom, &slow);
    fake_intercom_script(world->intercom, &late);
    int64_t id = world_put(world, "u1");
    int64_t held = world_put(world, "late");
    world_start(world);
    int turns = world->turns;
    (void)world_run(world, 2 * MINUTE);
    assert_in_range(world->turns - turns, 1, 60);
    world_run_until(world, id, "delivered", 5 * MINUTE);
    world_run_until(world, held, "delivered", 5 * MINUTE);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        RULE(missing_attributes_are_created_once_for_all),
        RULE(attributes_that_exist_already_are_as_good),
        RULE(attributes_that_cannot_be_created_fail_nothing),
        RULE(a_flight_that_only_waited_for_attributes_is_not_unknown),
        RULE(a_probe_that_waits_for_the_attributes_is_calm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
