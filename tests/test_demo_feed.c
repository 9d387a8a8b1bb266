/* test_demo_feed.c - the made-up events of a live demo. */
#include "support/outbox_fixture.h"

#include "cli/demo_feed.h"
#include "event/event.h"
#include "event/mapping.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const int64_t NOW_MS = INT64_C(1790000000000);
enum { MANY = 200, LIMIT_MS = 60000, LOOK_MS = 5 };

/* Every event is one that would be delivered, and every kind comes. */
static void all_events_mean_something_and_all_kinds_come(void **state)
{
    (void)state;
    int64_t kinds[KIND_COUNT] = {0};
    struct names names;
    names_init(&names);
    const struct mapping_policy policy = {.names = &names};
    for (int64_t i = 0; i < MANY; i++) {
        struct buf body;
        struct event event;
        struct envelope envelope;
        const char *reason;
        struct err err;
        buf_init(&body, 4096);
        demo_feed_write_event(i, NOW_MS, &body);
        assert_false(body.overflow);
        assert_true(event_parse(body.bytes, body.length, &event, &err));
        assert_int_equal(mapping_map(&event, &policy, &envelope, &reason, &err),
                         MAPPING_DONE);
        kinds[envelope.kind]++;
        event_free(&event);
        buf_free(&body);
    }
    for (int kind = KIND_NONE; kind < KIND_COUNT; kind++)
        assert_true(kinds[kind] > 0);
}

static int64_t count_events(const struct fixture *fixture)
{
    return fixture_number(fixture, "SELECT count(*) FROM outbox");
}

static void events_go_on_while_the_feed_runs(void **state)
{
    struct fixture *fixture = *state;
    struct demo_feed *feed;
    fixture_check(fixture,
                  demo_feed_put(fixture->store, 0, 20, NOW_MS, &fixture->err));
    assert_int_equal(count_events(fixture), 20);
    fixture_check(fixture, demo_feed_start(fixture->path, 20, LOOK_MS, &feed,
                                           &fixture->err));
    int waited_ms = 0;
    while (count_events(fixture) < 25 && waited_ms < LIMIT_MS)
        waited_ms += LOOK_MS + poll(NULL, 0, LOOK_MS);
    demo_feed_stop(feed);
    int64_t count = count_events(fixture);
    assert_true(count >= 25);
    assert_int_equal(fixture_number(fixture, "SELECT count(DISTINCT event_id) "
                                             "FROM outbox"),
                     count);
    demo_feed_stop(NULL);
}

static void a_feed_needs_an_outbox(void **state)
{
    struct fixture *fixture = *state;
    struct demo_feed *feed;
    assert_false(demo_feed_start(fixture_path(fixture, "absent"), 0, LOOK_MS,
                                 &feed, &fixture->err));
    assert_int_equal(fixture->err.code, ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_events_mean_something_and_all_kinds_come),
        cmocka_unit_test_setup_teardown(events_go_on_while_the_feed_runs,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_feed_needs_an_outbox, fixture_open,
                                        fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
