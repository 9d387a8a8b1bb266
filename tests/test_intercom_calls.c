#include "delivery/intercom.h"

#include "answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the scripts of test_intercom.c do not show: waits, paths, and the
 * destination's own calls. */

#define ATTRS "{\"expires_at\":null}"
#define EVENT "{\"created_at\":1787572858}"

static void contact_made_a_moment_ago_is_given_time(void **state)
{
    (void)state;
    const struct intercom_job job = {
        .user_id = "u", .attributes = ATTRS, .event_body = EVENT};
    struct intercom_chain chain;
    struct http_request request;
    struct verdict verdict;
    (void)intercom_begin(&chain, &job, &request);
    static const struct {
        int status;
        int64_t wait_ms;
    } answers[] = {{200, 0}, {404, 1000}, {202, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct http_answer answer = plain_answer(answers[i].status, "{}");
        (void)intercom_take_answer(&chain, &answer, 0, &request, &verdict);
        assert_int_equal(chain.wait_before_event_ms, answers[i].wait_ms);
    }
    assert_true(chain.event_sent);
    intercom_free(&chain);
}

static void event_of_the_future_waits_for_its_time_there(void **state)
{
    (void)state;
    const int64_t now_ms = INT64_C(1787572858000);
    static const struct {
        const char *body;
        int64_t date_s, retry_after_s, floor_ms;
    } rows[] = {
        {"{\"created_at\":1787572918}", HTTP_NONE, HTTP_NONE, 61000},
        {"{\"created_at\":1787572918}", 1787572798, HTTP_NONE, 121000},
        {"{\"created_at\":1787572918}", HTTP_NONE, 90, 90000},
        {"{\"created_at\":1787572000}", HTTP_NONE, HTTP_NONE, 3600000},
        {"{\"created_at\":9787572000}", HTTP_NONE, HTTP_NONE, 86400000},
        {"{\"created_at\":\"soon\"}", HTTP_NONE, HTTP_NONE, 3600000},
        {"not json", HTTP_NONE, HTTP_NONE, 3600000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct intercom_job job = {.user_id = "u",
                                         .event_body = rows[i].body};
        struct http_answer answer = plain_answer(
            400, ERROR_LIST("parameter_invalid", "created_at in the future"));
        answer.date_s = rows[i].date_s;
        answer.retry_after_s = rows[i].retry_after_s;
        struct intercom_chain chain;
        struct http_request request;
        struct verdict verdict;
        (void)intercom_begin(&chain, &job, &request);
        assert_int_equal(
            intercom_take_answer(&chain, &answer, now_ms, &request, &verdict),
            INTERCOM_END);
        assert_string_equal(verdict.reason, REASON_FUTURE_CREATED_AT);
        assert_int_equal(verdict.floor_ms, rows[i].floor_ms);
        intercom_free(&chain);
    }
}

static void user_id_is_one_segment_of_the_path(void **state)
{
    (void)state;
    static const char *const users[][2] = {
        {"a-b_c~d.e", "a-b_c~d.e"},
        {"..", "%2E%2E"},
        {".", "%2E"},
        {"a/../b?c#d", "a%2F..%2Fb%3Fc%23d"},
        {"$RCAnonymousID:1 2%", "%24RCAnonymousID%3A1%202%25"},
    };
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        const struct intercom_job job = {.user_id = users[i][0],
                                         .attributes = ATTRS};
        struct http_answer answer = plain_answer(409, "");
        struct intercom_chain chain;
        struct http_request request;
        struct verdict verdict;
        char path[256];
        (void)snprintf(path, sizeof(path), "/contacts/find_by_external_id/%s",
                       users[i][1]);
        (void)intercom_begin(&chain, &job, &request);
        (void)intercom_take_answer(&chain, &answer, 0, &request, &verdict);
        assert_string_equal(request.path, path);
        intercom_free(&chain);
    }
}

static void remembered_id_that_is_too_long_is_forgotten(void **state)
{
    (void)state;
    char id[200] = "";
    memset(id, 'a', INTERCOM_ID_BYTES);
    const struct intercom_job job = {
        .user_id = "u", .contact_id = id, .attributes = ATTRS};
    struct intercom_chain chain;
    struct http_request request;
    (void)intercom_begin(&chain, &job, &request);
    assert_string_equal(request.path, "/contacts");
    assert_string_equal(chain.contact_id, "");
    assert_true(chain.contact_changed);
    intercom_free(&chain);
}

static void verdict_is_whole_when_resuming_is_one_call_too_many(void **state)
{
    (void)state;
    const struct intercom_job job = {.user_id = "u", .attributes = ATTRS};
    struct intercom_chain chain;
    struct http_request request;
    struct verdict verdict;
    (void)intercom_begin(&chain, &job, &request);
    chain.calls = INTERCOM_MOST_CALLS;
    memset(&verdict, 0x55, sizeof(verdict));
    assert_int_equal(intercom_resume(&chain, &request, &verdict), INTERCOM_END);
    assert_int_equal(verdict.action, VERDICT_RETRY);
    assert_string_equal(verdict.reason, REASON_CHAIN_TOO_LONG);
    assert_true(verdict.costs_try);
    assert_int_equal(verdict.floor_ms, 0);
    intercom_free(&chain);
}

static void the_four_attributes_are_described(void **state)
{
    (void)state;
    static const char *const bodies[INTERCOM_ATTRIBUTE_COUNT] = {
        "{\"name\":\"latest_store\",\"model\":\"contact\","
        "\"data_type\":\"string\"}",
        "{\"name\":\"latest_entitlement\",\"model\":\"contact\","
        "\"data_type\":\"string\"}",
        "{\"name\":\"expires_at\",\"model\":\"contact\","
        "\"data_type\":\"date\"}",
        "{\"name\":\"subscription_status\",\"model\":\"contact\","
        "\"data_type\":\"string\"}",
    };
    for (int i = 0; i < INTERCOM_ATTRIBUTE_COUNT; i++) {
        struct buf body;
        buf_init(&body, 256);
        intercom_write_attribute(i, &body);
        assert_string_equal(buf_text(&body), bodies[i]);
        buf_free(&body);
    }
    struct verdict verdict;
    struct http_answer answer = plain_answer(403, "");
    intercom_judge_attribute(&answer, 0, &verdict);
    assert_int_equal(verdict.action, VERDICT_HOLD);
    assert_non_null(strstr(verdict.mend, "by hand"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contact_made_a_moment_ago_is_given_time),
        cmocka_unit_test(event_of_the_future_waits_for_its_time_there),
        cmocka_unit_test(user_id_is_one_segment_of_the_path),
        cmocka_unit_test(remembered_id_that_is_too_long_is_forgotten),
        cmocka_unit_test(verdict_is_whole_when_resuming_is_one_call_too_many),
        cmocka_unit_test(the_four_attributes_are_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
