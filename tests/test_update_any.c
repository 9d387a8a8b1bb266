/* test_update_any.c - what no input does to the console, whatever it is: any
 * text in any field, any keys in any order, at any size. */
#include "support/screen.h"

#include "base/random.h"
#include "tui/update.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int open_outbox(void **state)
{
    (void)fixture_open(state);
    screen_fill(*state);
    return 0;
}

/* Escape sequences, bidirectional controls, wide and combining characters, bad
 * bytes and a value of 100 kB in every field: each changes its own cells. */
static void hostile_text_stays_in_its_cells(void **state)
{
    static const char *const screens[] = {
        "1", "2", "2\r", "2\rv", "3", "4", "4\r", "R", "2/state:failed\raR"};
    struct fixture *fixture = *state;
    fixture_run_without_triggers(
        fixture,
        "CREATE TEMP TABLE evil AS SELECT char(27) || '[2J' || char(0x202E) || "
        "char(0x9B) || char(10) || char(7) || '\xE6\x97\xA5\xE6\x9C\xAC' || "
        "'e' || char(0x301, 0x302, 0x303, 0x304, 0x305) || "
        "CAST(x'FFC3' AS TEXT) || replace(hex(zeroblob(50000)), '0', 'w') "
        "AS text;"
        "UPDATE outbox_delivery SET result = (SELECT text FROM evil),"
        " reason = (SELECT text FROM evil), lane = (SELECT text FROM evil)"
        " WHERE id IN (480, 434);"
        "UPDATE outbox_delivery SET kind = (SELECT substr(text, 1, 30) FROM "
        "evil) WHERE id = 480;"
        "UPDATE outbox SET payload = json_object('event', json_object('id', "
        "(SELECT text FROM evil), 'type', (SELECT text FROM evil)))"
        " WHERE id = 480;"
        "INSERT INTO outbox_attempt (id, epoch, cause, started_ms, ended_ms, "
        "outcome, result, attributes, event_body) SELECT 480 << 20 | 1, "
        "1, text, 0, 0, text, text, text, text FROM evil;"
        "INSERT INTO outbox_call (delivery_id, attempt, number, request, "
        "started_ms, took_ms, status, request_id, result, answer) SELECT 480, "
        "1, 1, text, 0, 0, 422, text, text, text FROM evil;"
        "UPDATE outbox_operation SET who = (SELECT text FROM evil), filter = "
        "(SELECT text FROM evil);"
        "UPDATE outbox_destination SET hold_reason = (SELECT text FROM evil), "
        "hold_text = (SELECT text FROM evil), held_since_ms = 0, pause_reason "
        "= (SELECT text FROM evil), paused_by = (SELECT text FROM evil), "
        "paused_since_ms = 0;"
        "UPDATE outbox_name SET name = (SELECT text FROM evil);");
    for (size_t i = 0; i < COUNT_OF(screens); i++) {
        static const int columns[] = {80, 40, 200};
        for (size_t c = 0; c < COUNT_OF(columns); c++) {
            struct screen_test test;
            screen_open(&test, fixture, columns[c], 24);
            screen_type(&test, screens[i]);
            for (int line = 0; line < 24; line++) {
                const char *text = screen_line(&test, line);
                assert_true(canvas_width(text) <= columns[c]);
                for (const char *at = text; *at != '\0'; at++)
                    assert_true((unsigned char)*at >= ' ' && *at != 0x7F);
                assert_null(strstr(text, "\xE2\x80\xAE"));
                assert_null(strstr(text, "\xC2\x9B"));
            }
            assert_non_null(strstr(screen_line(&test, 0), "subrelay"));
            assert_true(screen_has(&test, "Esc cancel") ||
                        screen_has(&test, "? help"));
            screen_close(&test);
        }
    }
}

/* Any keys in any order, with sizes that change and time that passes: nothing
 * breaks (the sanitizers look). The seed is fixed. */
static void any_keys_at_any_size_break_nothing(void **state)
{
    static const char keys[] = "jkgG\r\t1234/sau vzwinpRDEOUPC?q\033\033xabc09:"
                               "\x04\x15\x17\x01\x05\x0b\x08";
    enum {
        KEYS = 800,
        LETTERS = sizeof(keys) - 1,
        NAMED = KEYS_WHEEL_DOWN - KEYS_FIRST_NAMED + 1
    };
    const struct fixture *fixture = *state;
    struct random random = {42};
    struct screen_test test;
    assert_int_equal(chdir(fixture->directory), 0); /* w writes there */
    screen_open(&test, *state, 80, 24);
    for (int i = 0; i < KEYS; i++) {
        uint32_t key = random_below(&random, (uint32_t)LETTERS + NAMED);
        test.model.mouse_line = (int)random_below(&random, 60);
        test.model.mouse_column = (int)random_below(&random, 210);
        if (random_below(&random, 40) == 0)
            screen_resize(&test, 1 + (int)random_below(&random, 210),
                          1 + (int)random_below(&random, 60));
        if (random_below(&random, 40) == 0) {
            test.model.now_ms += 60000;
            screen_refresh(&test);
        }
        screen_press(&test, key < LETTERS ? (unsigned char)keys[key]
                                          : KEYS_FIRST_NAMED + key - LETTERS);
        test.model.wants_quit = false;
        (void)screen_line(&test, 0);
    }
    screen_close(&test);
    assert_int_equal(chdir("/"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_outbox, fixture_close)
        TEST(hostile_text_stays_in_its_cells),
        TEST(any_keys_at_any_size_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
