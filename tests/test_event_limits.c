#include "event/event.h"

#include "base/buf.h"
#include "support/event_expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* prefix, count times the text, suffix; owned by the caller */
static char *repeat(const char *prefix, const char *text, size_t count,
                    const char *suffix)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    buf_add_text(&out, prefix);
    for (size_t i = 0; i < count; i++)
        buf_add_text(&out, text);
    buf_add_text(&out, suffix);
    return buf_take(&out);
}

static void texts_have_a_maximum(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        const char *text;
        size_t most;
        const char *reason;
    } rows[] = {
        {"{\"event\":{\"type\":\"RENEWAL\",\"id\":\"", "x", 200,
         "event.id: longer than 200 bytes"},
        {"{\"event\":{\"id\":\"i\",\"type\":\"", "x", 200,
         "event.type: longer than 200 bytes"},
        {"{\"event\":{\"type\":\"RENEWAL\",\"id\":\"i\",\"app_user_id\":\"",
         "x", 100, "event.app_user_id: longer than 100 characters"},
        {"{\"event\":{\"type\":\"RENEWAL\",\"id\":\"i\",\"app_user_id\":\"",
         "\xF0\x9F\x98\x80", 100,
         "event.app_user_id: longer than 100 characters"},
        {"{\"event\":{\"type\":\"RENEWAL\",\"id\":\"i\",\"app_user_id\":\"",
         "\\u00e9", 100, "event.app_user_id: longer than 100 characters"},
        {"{\"event\":{\"type\":\"RENEWAL\",\"id\":\"i\",\"product_id\":\"", "x",
         1000, "event.product_id: longer than 1000 bytes"},
        {"{\"event\":{\"type\":\"RENEWAL\",\"id\":\"i\",\"store\":\"", "x",
         1000, "event.store: longer than 1000 bytes"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *body = repeat(rows[i].prefix, rows[i].text, rows[i].most, "\"}}");
        struct event event;
        event_expect_taken(body, &event);
        event_free(&event);
        free(body);
        body = repeat(rows[i].prefix, rows[i].text, rows[i].most + 1, "\"}}");
        event_expect_reason(body, strlen(body), rows[i].reason);
        free(body);
    }
}

static void a_body_has_at_most_1_mib(void **state)
{
    (void)state;
    static const char prefix[] =
        "{\"event\":{\"id\":\"i\",\"type\":\"RENEWAL\",\"x\":\"";
    size_t rest = EVENT_MOST_BYTES - (sizeof(prefix) - 1) - 3;
    struct event event;
    char *body = repeat(prefix, "x", rest, "\"}}");
    assert_int_equal(strlen(body), EVENT_MOST_BYTES);
    event_expect_taken(body, &event);
    event_free(&event);
    free(body);
    body = repeat(prefix, "x", rest + 1, "\"}}");
    event_expect_reason(body, strlen(body), "larger than 1048576 bytes");
    free(body);
}

static void nesting_bombs_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *opener;
        size_t count;
    } rows[] = {{"[", 1001}, {"{\"a\":", 1001}, {"[", 500000}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *body = repeat("", rows[i].opener, rows[i].count, "");
        event_expect_reason(body, strlen(body),
                            "nested deeper than 1000 levels");
        free(body);
    }
    char *brackets = repeat("\"\\\"", "[", 2000, "");
    event_expect_reason(brackets, strlen(brackets), "not JSON (at byte 2)");
    free(brackets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_a_maximum),
        cmocka_unit_test(a_body_has_at_most_1_mib),
        cmocka_unit_test(nesting_bombs_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
