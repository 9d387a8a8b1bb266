#include "delivery/verdict.h"

#include "answers.h"
#include "base/buf.h"
#include "base/random.h"
#include "base/text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t now_ms = INT64_C(1787572858123);

#define HTML       "<html><body>Bad Gateway</body></html>"
#define NAMES_FULL "Cannot have more than 120 active event names"

static void result_is_one_clean_line(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        const char *result;
    } results[] = {
        {422, ERROR_LIST("parameter_invalid", "event name archived"),
         "422 parameter_invalid: event name archived"},
        {422, ERROR_LIST("422", NAMES_FULL), "422: " NAMES_FULL},
        {400,
         "{\"errors\":[{\"code\":\"a\",\"message\":\"b\",\"field\":\"c\"}"
         ",{\"code\":\"second\"}]}",
         "400 a: b (c)"},
        {400, "{\"errors\":[{\"code\":422,\"message\":[\"x\"]}]}", "400 422"},
        {400, "{\"errors\":{\"code\":\"a\",\"message\":\"b\"}}", "400 a: b"},
        {400, "{\"errors\":[]}", "400"},
        {400, "{\"errors\":[[[]]]}", "400"},
        {400, "{\"errors\":null,\"message\":\"top\"}", "400: top"},
        {400, "{\"error\":{\"message\":\"top\"}}", "400: top"},
        {400, "[]", "400"},
        {400, "null", "400"},
        {400, "", "400"},
        {400, "Bad Request", "400: Bad Request"},
        {400, "{\"errors\":[{\"code\":\"cut",
         "400: {\"errors\":[{\"code\":\"cut"},
        {502, HTML, "502: a web page"},
        {400, ERROR_LIST("a", "b\\n\\u001b[2Jc\\td"), "400 a: b  [2Jc d"},
        {400,
         ERROR_LIST("a", "\xE2\x80\xAE"
                         "evil\xFF"),
         "400 a: ?evil?"},
        {400, ERROR_LIST("a", "header Bearer abc.def-1 was bad"),
         "400 a: header Bearer ********* was bad"},
        {400, ERROR_LIST("a", "token dG9rOmFiY2Q= is bad"),
         "400 a: token ************ is bad"},
        {202, "", "202"},
    };
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        struct http_answer answer =
            plain_answer(results[i].status, results[i].body);
        struct verdict verdict;
        verdict_judge(CALL_SEND_EVENT, &answer, now_ms, &verdict);
        assert_string_equal(verdict.result, results[i].result);
    }
}

static void result_says_why_there_is_no_answer(void **state)
{
    (void)state;
    struct http_answer answer = no_answer(HTTP_UNKNOWN, HTTP_TIMED_OUT);
    struct verdict verdict;
    verdict_judge(CALL_SEND_EVENT, &answer, now_ms, &verdict);
    assert_string_equal(verdict.result, "unknown: no answer in time");
    answer = no_answer(HTTP_NOT_SENT, HTTP_REFUSED);
    (void)snprintf(answer.trouble_text, sizeof(answer.trouble_text),
                   "port 9\nrefused");
    verdict_judge(CALL_SEND_EVENT, &answer, now_ms, &verdict);
    assert_string_equal(verdict.result,
                        "not sent: no connection (port 9 refused)");
}

static void long_result_is_cut_at_a_characters_end(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 3; pad++) {
        struct buf body;
        buf_init(&body, 1024);
        buf_add_format(&body, "{\"message\":\"%.*s", (int)pad, "aa");
        for (int i = 0; i < 80; i++)
            buf_add_text(&body, "\xE2\x82\xAC");
        buf_add_text(&body, "\"}");
        struct http_answer answer = plain_answer(400, buf_text(&body));
        struct verdict verdict;
        verdict_judge(CALL_SEND_EVENT, &answer, now_ms, &verdict);
        size_t length = strlen(verdict.result);
        assert_true(length > sizeof(verdict.result) - 4);
        assert_true(text_is_utf8(verdict.result, length));
        buf_free(&body);
    }
}

static void no_body_does_harm(void **state)
{
    (void)state;
    struct random random = {.state = 20260824};
    print_message("seed %" PRIu64 "\n", random.state);
    static const char pieces[] =
        "{}[]\":,\\<id=errors code message 24 \x01\xC3";
    char body[200];
    for (int round = 0; round < 100000; round++) {
        size_t length = random_below(&random, sizeof(body) - 1);
        for (size_t i = 0; i < length; i++)
            body[i] = pieces[random_below(&random, sizeof(pieces) - 1)];
        body[length] = '\0';
        struct http_answer answer =
            plain_answer((int)random_below(&random, 600), body);
        struct verdict verdict;
        verdict_judge((enum intercom_call)random_below(&random, CALL_COUNT),
                      &answer, now_ms, &verdict);
        for (const char *at = verdict.result; *at != '\0'; at++)
            assert_true((unsigned char)*at >= 0x20 && *at != 0x7F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(result_is_one_clean_line),
        cmocka_unit_test(result_says_why_there_is_no_answer),
        cmocka_unit_test(long_result_is_cut_at_a_characters_end),
        cmocka_unit_test(no_body_does_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
