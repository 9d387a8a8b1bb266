/* The destination's own calls, one job at a time. */
#include "relay/upkeep.h"

#include "support/plain_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const int64_t NOW_MS = INT64_C(1787565600000);

static struct upkeep upkeep;
static struct http_request request;
static struct verdict verdict;

static int make_upkeep(void **state)
{
    (void)state;
    upkeep_init(&upkeep);
    return 0;
}

static int free_upkeep(void **state)
{
    (void)state;
    upkeep_free(&upkeep);
    return 0;
}

/* True: another call follows. */
static bool answer(int status, const char *body)
{
    const struct http_answer made = plain_answer(status, body);
    return upkeep_take_answer(&upkeep, &made, NOW_MS, &request, &verdict);
}

static void get_me_is_one_call(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum verdict_action action;
    } rows[] = {{200, VERDICT_GO_ON}, {401, VERDICT_HOLD},
                {403, VERDICT_HOLD},  {404, VERDICT_HOLD},
                {429, VERDICT_WAIT},  {503, VERDICT_RETRY}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        upkeep_begin(&upkeep, UPKEEP_GET_ME, &request);
        assert_string_equal(request.method, "GET");
        assert_string_equal(request.path, "/me");
        assert_null(request.body);
        assert_false(answer(rows[i].status, "{}"));
        assert_int_equal(verdict.action, rows[i].action);
        assert_int_equal(upkeep.job, UPKEEP_IDLE);
    }
}

static void the_four_attributes_are_created_one_after_the_other(void **state)
{
    (void)state;
    static const char *const names[] = {"latest_store", "latest_entitlement",
                                        "expires_at", "subscription_status"};
    upkeep_begin(&upkeep, UPKEEP_CREATE_ATTRIBUTES, &request);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(request.method, "POST");
        assert_string_equal(request.path, "/data_attributes");
        assert_non_null(strstr(request.body, names[i]));
        assert_int_equal(request.body_length, strlen(request.body));
        assert_int_equal(answer(200, "{}"), i < 3);
    }
    assert_int_equal(verdict.action, VERDICT_GO_ON);
    assert_int_equal(upkeep.job, UPKEEP_IDLE);
}

static void an_attribute_that_exists_is_as_good(void **state)
{
    (void)state;
    upkeep_begin(&upkeep, UPKEEP_CREATE_ATTRIBUTES, &request);
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            answer(400, "{\"type\":\"error.list\",\"errors\":[{\"code\":"
                        "\"parameter_invalid\",\"message\":\"You already have "
                        "'x' in your company data.\"}]}"),
            i < 3);
    assert_int_equal(verdict.action, VERDICT_GO_ON);
}

static void the_creation_ends_at_the_first_that_fails(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum verdict_action action;
    } rows[] = {{401, VERDICT_HOLD},  {403, VERDICT_HOLD},
                {422, VERDICT_HOLD},  {429, VERDICT_WAIT},
                {500, VERDICT_RETRY}, {418, VERDICT_RETRY}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        upkeep_begin(&upkeep, UPKEEP_CREATE_ATTRIBUTES, &request);
        assert_true(answer(200, "{}"));
        assert_false(answer(rows[i].status, "{}"));
        assert_int_equal(verdict.action, rows[i].action);
        assert_int_equal(upkeep.job, UPKEEP_IDLE);
    }
    /* the next creation begins with the first again */
    upkeep_begin(&upkeep, UPKEEP_CREATE_ATTRIBUTES, &request);
    assert_non_null(strstr(request.body, "latest_store"));
}

static void the_check_tells_which_are_missing(void **state)
{
    (void)state;
    upkeep_begin(&upkeep, UPKEEP_CHECK_ATTRIBUTES, &request);
    assert_string_equal(request.method, "GET");
    assert_non_null(strstr(request.path, "/data_attributes"));
    assert_false(answer(200, "{\"type\":\"list\",\"data\":["
                             "{\"name\":\"latest_store\",\"custom\":true,"
                             "\"model\":\"contact\"},"
                             "{\"name\":\"expires_at\",\"custom\":true,"
                             "\"model\":\"contact\"}]}"));
    assert_true(upkeep.check_told);
    assert_int_equal(verdict.action, VERDICT_GO_ON);
    assert_non_null(strstr(buf_text(&upkeep.missing), "latest_entitlement"));
    assert_non_null(strstr(buf_text(&upkeep.missing), "subscription_status"));
    assert_null(strstr(buf_text(&upkeep.missing), "latest_store"));
    assert_null(strstr(buf_text(&upkeep.missing), "expires_at"));

    upkeep_begin(&upkeep, UPKEEP_CHECK_ATTRIBUTES, &request);
    assert_false(answer(503, "<html>"));
    assert_false(upkeep.check_told);
    assert_int_equal(verdict.action, VERDICT_RETRY);
    assert_int_equal(upkeep.missing.length, 0);
}

int main(void)
{
#define RULE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_upkeep, free_upkeep)
    const struct CMUnitTest tests[] = {
        RULE(get_me_is_one_call),
        RULE(the_four_attributes_are_created_one_after_the_other),
        RULE(an_attribute_that_exists_is_as_good),
        RULE(the_creation_ends_at_the_first_that_fails),
        RULE(the_check_tells_which_are_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
