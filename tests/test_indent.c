/* test_indent.c - JSON with a member a line; what is no JSON as it stands. */
#include "tui/indent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void members_get_lines_of_their_own(void **state)
{
    static const struct {
        const char *bytes, *wanted;
    } rows[] = {
        {"{\"a\":1}", "{\n  \"a\": 1\n}"},
        {"{\"a\":1,\"b\":[1,2]}",
         "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    2\n  ]\n}"},
        {"{}", "{}"},
        {"[ ]", "[]"},
        {"{\"a\":{},\"b\":[]}", "{\n  \"a\": {},\n  \"b\": []\n}"},
        {" {\n\t\"a\" : 1 }", "{\n  \"a\": 1\n}"},
        /* strings stay whole, whatever is in them */
        {"{\"a,{\":\"x:\\\"}, [\"}", "{\n  \"a,{\": \"x:\\\"}, [\"\n}"},
        {"{\"a\":\"\\\\\"}", "{\n  \"a\": \"\\\\\"\n}"},
        /* no JSON */
        {"<html> a: b, c</html>", "<html> a: b, c</html>"},
        {"", ""},
        {"   ", "   "},
        /* broken JSON is shown, not lost */
        {"{\"a\":\"no end", "{\n  \"a\": \"no end"},
        {"}}]]", "}}]]"},
        {"{]}", "{]\n}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;
        buf_init(&out, 1000);
        indent_json(rows[i].bytes, strlen(rows[i].bytes), &out);
        assert_string_equal(buf_text(&out), rows[i].wanted);
        buf_free(&out);
    }
}

static void depth_has_an_end(void **state)
{
    enum { DEPTH = 2000 };
    struct buf out;
    char *deep = malloc(DEPTH);
    (void)state;
    assert_non_null(deep);
    memset(deep, '[', DEPTH);
    buf_init(&out, 1000000);
    indent_json(deep, DEPTH, &out);
    assert_true(out.length < DEPTH * 90);
    assert_false(out.overflow);
    buf_free(&out);
    free(deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_get_lines_of_their_own),
        cmocka_unit_test(depth_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
