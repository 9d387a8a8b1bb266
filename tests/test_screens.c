/* test_screens.c - every view as it looks, held against files: the real views
 * over a real outbox at a fixed time, at four sizes and without colours.
 *
 * After a change that is meant: SUBRELAY_WRITE_SCREENS=1 writes the files anew;
 * look at what git shows then. */
#include "support/screen.h"

#include "tui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A view, and the keys that lead to it from the first screen. */
struct scene {
    const char *name;
    const char *keys;
};

static const struct scene scenes[] = {
    {"overview", ""},
    {"deliveries", "2/state:failed\r   "},
    {"delivery", "2/id:428\r\r"},
    {"body", "2/id:428\r\rv"},
    {"names", "3"},
    {"edit", "3jjjjE\x15"
             "Subscription Renewed"},
    {"refused", "3jjjjE\x15RC_expiration_event"},
    {"operations", "4"},
    {"items", "4j\r"},
    {"help", "2?"},
    {"plan", "1R"},
    {"filter", "2/state:fail"},
};

static const struct {
    int columns, lines;
} sizes[] = {{80, 24}, {40, 10}, {200, 60}};

static int open_outbox(void **state)
{
    (void)fixture_open(state);
    screen_fill(*state);
    return 0;
}

static void each_view_looks_as_it_did(void **state)
{
    for (size_t i = 0; i < COUNT_OF(scenes); i++) {
        for (size_t s = 0; s < COUNT_OF(sizes); s++) {
            struct screen_test test;
            char name[80];
            screen_open(&test, *state, sizes[s].columns, sizes[s].lines);
            screen_type(&test, scenes[i].keys);
            (void)snprintf(name, sizeof(name), "%s-%dx%d", scenes[i].name,
                           sizes[s].columns, sizes[s].lines);
            screen_expect(&test, name);
            if (s == 0) {
                (void)snprintf(name, sizeof(name), "%s-monochrome",
                               scenes[i].name);
                screen_expect_monochrome(&test, name);
            }
            screen_close(&test);
        }
    }
}

static void an_empty_outbox_says_what_to_do(void **state)
{
    struct screen_test test;
    screen_open(&test, *state, 80, 24);
    screen_expect(&test, "empty-80x24");
    screen_type(&test, "2");
    assert_true(screen_has(&test, "no deliveries yet"));
    screen_close(&test);
}

static void a_hold_is_told_with_its_reason(void **state)
{
    struct screen_test test;
    fixture_run(*state,
                "UPDATE outbox_destination SET hold_reason = 'unauthorized',"
                " hold_text = 'token refused (401)',"
                " held_since_ms = 1787572800000, probe_ms = 1787573020000");
    screen_open(&test, *state, 80, 24);
    screen_expect(&test, "held-80x24");
    fixture_run(*state,
                "UPDATE outbox_destination SET pause_reason = 'Intercom says',"
                " paused_by = 'ben', paused_since_ms = 1787572800000");
    screen_refresh(&test);
    screen_expect(&test, "paused-80x24");
    screen_close(&test);
}

/* 1x1 to 300x100: nothing breaks, and under 40x10 it says so. */
static void every_size_is_drawn(void **state)
{
    static const struct {
        int columns, lines;
    } odd[] = {{1, 1},   {2, 1},   {1, 2},    {10, 3},   {39, 10},  {40, 9},
               {40, 10}, {41, 11}, {59, 13},  {60, 14},  {63, 16},  {71, 19},
               {72, 20}, {79, 23}, {119, 30}, {120, 31}, {300, 100}};
    for (size_t i = 0; i < COUNT_OF(scenes); i++) {
        struct screen_test test;
        screen_open(&test, *state, 80, 24);
        screen_type(&test, scenes[i].keys);
        for (size_t s = 0; s < COUNT_OF(odd); s++) {
            screen_resize(&test, odd[s].columns, odd[s].lines);
            bool is_small = odd[s].columns < 40 || odd[s].lines < 10;
            if (odd[s].columns >= 30)
                assert_int_equal(screen_has(&test, "is too small"), is_small);
            (void)screen_line(&test, 0);
        }
        screen_close(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_view_looks_as_it_did, open_outbox,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(an_empty_outbox_says_what_to_do,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_hold_is_told_with_its_reason,
                                        open_outbox, fixture_close),
        cmocka_unit_test_setup_teardown(every_size_is_drawn, open_outbox,
                                        fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
