#include "support/outbox_fixture.h"

#include "outbox/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void what_happened_is_counted_by_the_minute(void **state)
{
    struct fixture *fixture = *state;
    struct view_minutes minutes;
    int64_t today;
    static const int64_t now_ms = INT64_C(5000) * 60000 + 30000;
    /* Midnight was at minute 4320. */
    fixture_run(
        fixture,
        "INSERT INTO outbox_minute (minute, kind, outcome, count) VALUES "
        "(5001, '', 'delivered', 999), (5000, 'renewal', 'delivered', 3), "
        "(5000, '', 'delivered', 4), (4999, 'renewal', 'delivered', 10), "
        "(4941, '', 'delivered', 100), (4940, '', 'delivered', 1000), "
        "(4320, '', 'delivered', 10000), (4319, '', 'delivered', 100000), "
        "(5000, '', 'retry', 1), (5000, '', 'held', 2), "
        "(5000, '', 'unknown', 4), (5000, '', 'failed', 8), "
        "(5000, '', 'skipped', 16)");
    fixture_check(fixture, view_read_minutes(fixture->store, now_ms, &minutes,
                                             &fixture->err));
    assert_int_equal(minutes.delivered[VIEW_MINUTES - 1], 7);
    assert_int_equal(minutes.delivered[VIEW_MINUTES - 2], 10);
    assert_int_equal(minutes.delivered[0], 100);
    assert_int_equal(minutes.delivered[1], 0);
    assert_int_equal(minutes.retried[VIEW_MINUTES - 1], 7);
    assert_int_equal(minutes.failed[VIEW_MINUTES - 1], 8);
    /* What a clock that was set back left in the future counts as today's. */
    fixture_check(fixture, view_read_delivered_today(fixture->store, now_ms,
                                                     &today, &fixture->err));
    assert_int_equal(today, 999 + 7 + 10 + 100 + 1000 + 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_happened_is_counted_by_the_minute,
                                        fixture_open, fixture_close),
    };
    return cmocka_run_group_tests_name("views_minutes", tests, NULL, NULL);
}
