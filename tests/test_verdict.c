#include "delivery/verdict.h"

#include "answers.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t now_ms = INT64_C(1787572858123);

/* Which calls a row speaks of. */
#define CALL(call) (1U << (call))
#define EVERY      (CALL(CALL_COUNT) - 1)
#define WRITES     (CALL(CALL_CREATE_CONTACT) | CALL(CALL_UPDATE_CONTACT))
#define CONTACT    (WRITES | CALL(CALL_FIND_CONTACT) | CALL(CALL_UNARCHIVE))
#define EVENT      CALL(CALL_SEND_EVENT)
#define ATTRIBUTE  CALL(CALL_CREATE_ATTRIBUTE)
#define ME         CALL(CALL_GET_ME)
#define NOT_WRITES (EVERY & ~WRITES)
#define HTML       "<html><body>Bad Gateway</body></html>"
#define A_CONTACT  "{\"type\":\"contact\",\"id\":\"63a07ddf05a32042dffac965\"}"
#define NO_SUCH    "Custom attribute 'latest_store' does not exist"
#define NAMES_FULL "Cannot have more than 120 active event names"

struct row {
    unsigned calls;
    int status;
    const char *body;
    enum verdict_action action;
    const char *reason;
    bool costs_try;
    enum verdict_probe probe;
};

/* clang-format off */
#define GO_ON  VERDICT_GO_ON, NULL
#define RETRY  VERDICT_RETRY
#define FAIL   VERDICT_FAIL
#define HOLD   VERDICT_HOLD
#define PAYS   true, PROBE_NONE
#define FREE   false, PROBE_NONE
#define BY_ME  false, PROBE_GET_ME
#define BY_ONE false, PROBE_DELIVERY

/* The design's table, line by line, and the words below it. */
static const struct row rows[] = {
    /* 2xx */
    {EVENT,   202, "",        GO_ON, FREE},
    {EVENT,   200, "{}",      GO_ON, FREE},
    {EVERY,   200, A_CONTACT, GO_ON, FREE},
    {EVENT,   200, HTML,      HOLD, "html_answer", BY_ONE},
    {EVENT,   202, HTML,      HOLD, "html_answer", BY_ONE},
    {ME,      200, HTML,      HOLD, "html_answer", BY_ONE},
    {WRITES,  200, HTML,      GO_ON, FREE},
    {WRITES,  200, "",        GO_ON, FREE},
    {WRITES,  200, "{\"da",   GO_ON, FREE},
    {WRITES,  200, "[1,2]",   GO_ON, FREE},
    {CALL(CALL_UNARCHIVE),    200, "nonsense", GO_ON, FREE},
    {CALL(CALL_FIND_CONTACT), 200, "{}", RETRY, "unexpected_answer", PAYS},
    {CALL(CALL_FIND_CONTACT), 200, HTML, RETRY, "unexpected_answer", PAYS},
    {CALL(CALL_FIND_CONTACT), 200, "{\"id\":7}",
                              RETRY, "unexpected_answer", PAYS},
    /* 429 */
    {EVERY,   429, ERROR_LIST("rate_limit_exceeded", "83 in 10_seconds"),
                              VERDICT_WAIT, "quota", FREE},
    {EVERY,   429, HTML,      VERDICT_WAIT, "quota", FREE},
    /* 401 */
    {EVERY,   401, ERROR_LIST("unauthorized", "Access Token Invalid"),
                              HOLD, "token_refused", BY_ME},
    {EVERY,   401, "",        HOLD, "token_refused", BY_ME},
    {NOT_WRITES, 401, ERROR_LIST("parameter_invalid", NO_SUCH),
                              HOLD, "token_refused", BY_ME},
    /* 402, 403, 3xx, version, host, attributes */
    {EVERY & ~ATTRIBUTE, 402, "", HOLD, "plan_restricted", BY_ONE},
    {EVERY & ~ATTRIBUTE, 403, ERROR_LIST("api_plan_restricted", "Upgrade"),
                              HOLD, "plan_restricted", BY_ONE},
    {EVERY & ~ATTRIBUTE, 403, ERROR_LIST("forbidden", "no scope"),
                              HOLD, "forbidden", BY_ONE},
    {EVERY & ~ATTRIBUTE, 403, HTML, HOLD, "forbidden", BY_ONE},
    {EVERY,   301, "",        HOLD, "redirected", BY_ONE},
    {EVERY,   302, HTML,      HOLD, "redirected", BY_ONE},
    {EVERY,   308, "",        HOLD, "redirected", BY_ONE},
    {EVERY,   400, ERROR_LIST("intercom_version_invalid", "The version"),
                              HOLD, "wrong_version", BY_ONE},
    {CALL(CALL_CREATE_CONTACT) | ME | ATTRIBUTE, 404, HTML,
                              HOLD, "wrong_host", BY_ONE},
    {CALL(CALL_CREATE_CONTACT) | ME | ATTRIBUTE, 405, "",
                              HOLD, "wrong_host", BY_ONE},
    {WRITES,  400, ERROR_LIST("parameter_invalid",
                              "Custom attribute 'expires_at' is archived"),
                              HOLD, "attribute_refused", BY_ONE},
    {WRITES,  400, ERROR_LIST("type_mismatch", "latest_store must be a date"),
                              HOLD, "attribute_refused", BY_ONE},
    {WRITES,  400, ERROR_LIST("parameter_invalid",
                              "custom_attributes latest_store is too long"),
                              FAIL, "contact_refused", PAYS},
    /* attribute does not exist */
    {WRITES,  400, ERROR_LIST("parameter_invalid", NO_SUCH),
              VERDICT_CREATE_ATTRIBUTES, "attributes_missing", FREE},
    {WRITES,  401, ERROR_LIST("parameter_invalid", NO_SUCH),
              VERDICT_CREATE_ATTRIBUTES, "attributes_missing", FREE},
    {WRITES,  400, ERROR_LIST("client_error",
                              "User ATTRIBUTE 'expires_at' Does Not Exist"),
              VERDICT_CREATE_ATTRIBUTES, "attributes_missing", FREE},
    {ATTRIBUTE, 403, "",      HOLD, "attributes_missing", BY_ONE},
    {ATTRIBUTE, 400, ERROR_LIST("parameter_invalid", "You already have 'x'"),
                              GO_ON, FREE},
    {ATTRIBUTE, 409, "",      GO_ON, FREE},
    {ATTRIBUTE, 400, ERROR_LIST("parameter_invalid", "Invalid data_type"),
                              HOLD, "attribute_refused", BY_ONE},
    {ATTRIBUTE, 422, "",      HOLD, "attribute_refused", BY_ONE},
    /* 404 and the contact */
    {EVENT,   404, ERROR_LIST("not_found", "User Not Found"),
              VERDICT_CONTACT_MISSING, "contact_missing", PAYS},
    {EVENT,   404, HTML, VERDICT_CONTACT_MISSING, "contact_missing", PAYS},
    {CALL(CALL_UPDATE_CONTACT) | CALL(CALL_UNARCHIVE), 404, "",
              VERDICT_CONTACT_STALE, "contact_unresolved", FREE},
    {CONTACT & ~CALL(CALL_CREATE_CONTACT), 410,
              ERROR_LIST("contact_merged", "Merged"),
              VERDICT_CONTACT_MERGED, "contact_unresolved", FREE},
    {CALL(CALL_FIND_CONTACT), 404, "", RETRY, "contact_unresolved", PAYS},
    {CALL(CALL_CREATE_CONTACT), 409, "",
              VERDICT_CONTACT_EXISTS, "contact_unresolved", FREE},
    {CALL(CALL_UNARCHIVE), 400, "", FAIL, "contact_deleted", PAYS},
    {CALL(CALL_UNARCHIVE), 500, ERROR_LIST("server_error",
              "This contact was permanently deleted"),
                              FAIL, "contact_deleted", PAYS},
    {CALL(CALL_UNARCHIVE), 500, HTML, RETRY, "server_error", PAYS},
    /* other 400, 413, 415, 422 */
    {EVENT,   400, ERROR_LIST("parameter_not_found", "event_name missing"),
                              FAIL, "event_refused", PAYS},
    {EVENT,   415, "",        FAIL, "event_refused", PAYS},
    {EVENT,   422, ERROR_LIST("data_invalid", "metadata"),
                              FAIL, "event_refused", PAYS},
    {EVENT,   422, ERROR_LIST("parameter_invalid", "event name archived"),
                              FAIL, "name_archived", PAYS},
    {EVENT,   400, ERROR_LIST("parameter_invalid", "Event name is archived"),
                              FAIL, "name_archived", PAYS},
    {EVENT,   422, ERROR_LIST("422", NAMES_FULL),
                              FAIL, "too_many_names", PAYS},
    {EVENT,   400, ERROR_LIST("parameter_invalid",
                              "created_at must not be in the future"),
                              RETRY, "future_created_at", PAYS},
    {EVENT,   422, ERROR_LIST("parameter_invalid", "future created_at"),
                              RETRY, "future_created_at", PAYS},
    {EVENT | CONTACT, 413, HTML, FAIL, "too_large", PAYS},
    {WRITES,  400, ERROR_LIST("parameter_invalid", "external_id"),
                              FAIL, "contact_refused", PAYS},
    {WRITES,  400, HTML,      FAIL, "contact_refused", PAYS},
    {WRITES,  415, "",        FAIL, "contact_refused", PAYS},
    {WRITES,  422, "",        FAIL, "contact_refused", PAYS},
    /* passing */
    {EVERY,   408, "",        RETRY, "server_error", PAYS},
    {EVERY,   425, "",        RETRY, "server_error", PAYS},
    {EVERY,   500, "",        RETRY, "server_error", PAYS},
    {EVERY,   502, HTML,      RETRY, "server_error", PAYS},
    {EVERY,   503, ERROR_LIST("service_unavailable", "Later"),
                              RETRY, "server_error", PAYS},
    {EVERY,   504, HTML,      RETRY, "server_error", PAYS},
    {EVERY,   599, "",        RETRY, "server_error", PAYS},
    {EVENT,   405, "",        RETRY, "unexpected_answer", PAYS},
    {EVENT,   409, "",        RETRY, "unexpected_answer", PAYS},
    {EVENT,   410, "",        RETRY, "unexpected_answer", PAYS},
    {EVERY,   418, "",        RETRY, "unexpected_answer", PAYS},
    {EVERY,   101, "",        RETRY, "unexpected_answer", PAYS},
    {EVERY,   0,   "",        RETRY, "unexpected_answer", PAYS},
    {EVERY,   999, "",        RETRY, "unexpected_answer", PAYS},
};
/* clang-format on */

static void check_row(const struct row *row, enum intercom_call call)
{
    struct http_answer answer = plain_answer(row->status, row->body);
    struct verdict verdict;
    verdict_judge(call, &answer, now_ms, &verdict);
    if (verdict.action != row->action ||
        !text_equals(verdict.reason, row->reason) ||
        verdict.costs_try != row->costs_try || verdict.probe != row->probe)
        fail_msg("call %d, %d %s: action %d, reason %s, costs %d, probe %d",
                 (int)call, row->status, row->body, (int)verdict.action,
                 verdict.reason, (int)verdict.costs_try, (int)verdict.probe);
    assert_int_equal(verdict.status, row->status);
    assert_false(verdict.outcome_is_unknown);
    assert_false(verdict.closed_by_us);
    assert_int_equal(verdict.mend[0] != '\0', row->action == VERDICT_HOLD);
}

static void every_answer_has_the_verdict_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned call = 0; call < CALL_COUNT; call++) {
            if ((rows[i].calls & CALL(call)) != 0)
                check_row(&rows[i], (enum intercom_call)call);
        }
    }
}

static void no_answer_is_judged_by_what_may_have_left(void **state)
{
    (void)state;
    static const struct {
        enum http_end end;
        enum http_trouble trouble;
        enum verdict_action action;
        const char *reason;
        bool costs_try, unknown, closed_by_us, in_transit;
    } cases[] = {
        {HTTP_NOT_SENT, HTTP_NO_ADDRESS, RETRY, "not_connected", false, false,
         false, true},
        {HTTP_NOT_SENT, HTTP_REFUSED, RETRY, "not_connected", false, false,
         false, true},
        {HTTP_NOT_SENT, HTTP_HANDSHAKE, RETRY, "not_connected", false, false,
         false, true},
        {HTTP_NOT_SENT, HTTP_TIMED_OUT, RETRY, "not_connected", false, false,
         false, true},
        {HTTP_NOT_SENT, HTTP_CERTIFICATE, HOLD, "certificate", false, false,
         false, false},
        {HTTP_UNKNOWN, HTTP_TIMED_OUT, RETRY, "timed_out", true, true, true,
         true},
        {HTTP_UNKNOWN, HTTP_RESET, RETRY, "connection_reset", true, true, false,
         true},
        {HTTP_UNKNOWN, HTTP_STOPPED, RETRY, "interrupted", false, true, true,
         false},
        {HTTP_NOT_SENT, HTTP_RECALLED, VERDICT_WAIT, "recalled", false, false,
         false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_answer answer = no_answer(cases[i].end, cases[i].trouble);
        struct verdict verdict;
        verdict_judge(CALL_SEND_EVENT, &answer, now_ms, &verdict);
        assert_int_equal(verdict.action, cases[i].action);
        assert_string_equal(verdict.reason, cases[i].reason);
        assert_int_equal(verdict.status, 0);
        assert_int_equal(verdict.costs_try, cases[i].costs_try);
        assert_int_equal(verdict.outcome_is_unknown, cases[i].unknown);
        assert_int_equal(verdict.closed_by_us, cases[i].closed_by_us);
        assert_int_equal(verdict.in_transit, cases[i].in_transit);
        assert_int_equal(verdict.tells_nothing,
                         cases[i].trouble == HTTP_STOPPED ||
                             cases[i].trouble == HTTP_RECALLED);
        assert_int_equal(verdict.wait_until_ms, 0);
        assert_int_equal(verdict.probe,
                         cases[i].action == HOLD ? PROBE_GET_ME : PROBE_NONE);
    }
}

static void only_what_did_not_get_through_feeds_the_breaker(void **state)
{
    (void)state;
    for (int status = 100; status < 600; status++) {
        struct http_answer answer = plain_answer(status, "");
        struct verdict verdict;
        verdict_judge(CALL_SEND_EVENT, &answer, now_ms, &verdict);
        bool expected = status == 408 || status == 425 || status >= 500;
        assert_int_equal(verdict.in_transit, expected);
    }
}

struct wait_row {
    int64_t reset_s, date_s, retry_after_s;
    int64_t wait_ms; /* from now */
};

static void check_wait(const struct wait_row *row)
{
    struct http_answer answer = plain_answer(429, "");
    answer.quota_reset_s = row->reset_s;
    answer.date_s = row->date_s;
    answer.retry_after_s = row->retry_after_s;
    struct verdict verdict;
    verdict_judge(CALL_SEND_EVENT, &answer, now_ms, &verdict);
    assert_int_equal(verdict.wait_until_ms - now_ms, row->wait_ms);
    assert_int_equal(verdict.floor_ms, 0);
}

static void quota_waits_until_reset_or_retry_after_the_later(void **state)
{
    (void)state;
    const int64_t s = now_ms / 1000; /* now_ms is 123 ms behind it */
    const int64_t none = HTTP_NONE;
    const struct wait_row waits[] = {
        {s + 8, s, none, 8000}, /* date cut to its second: never early */
        {s + 8, none, none, 8000 - 123},
        {s + 98, s + 90, none, 8000}, /* their clock is ahead */
        {s - 82, s - 90, none, 8000}, /* … behind */
        {none, none, 4, 4000},
        {s + 8, s, 4, 8000},
        {s + 2, s, 4, 4000},
        {none, s, none, 10000},
        {none, none, none, 10000},
        {s - 5, s, none, 1000}, /* over already: not at once */
        {none, none, 0, 1000},
        {s + 10000000, s, none, 3600 * 1000},
        {INT64_MAX, INT64_MAX, INT64_MAX, 3600 * 1000},
        {INT64_MAX, INT64_MIN + 1, INT64_MIN + 1, 3600 * 1000},
        {INT64_MIN + 1, INT64_MAX, INT64_MIN + 1, 1000},
    };
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        check_wait(&waits[i]);
}

static void retry_after_is_the_floor_of_a_retry(void **state)
{
    (void)state;
    static const struct {
        int64_t retry_after_s, floor_ms;
    } floors[] = {
        {HTTP_NONE, 0},      {0, 0},
        {7, 7000},           {-3, 0},
        {3600, 3600 * 1000}, {INT64_MAX, 24 * 3600 * 1000},
    };
    for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
        struct http_answer answer = plain_answer(503, "");
        answer.retry_after_s = floors[i].retry_after_s;
        struct verdict verdict;
        verdict_judge(CALL_SEND_EVENT, &answer, now_ms, &verdict);
        assert_int_equal(verdict.floor_ms, floors[i].floor_ms);
    }
}

/* --- reasons -------------------------------------------------------------- */

static void reasons_are_snake_case_once_and_fit(void **state)
{
    (void)state;
    size_t count;
    const struct verdict_reason *reasons = verdict_reasons(&count);
    for (size_t i = 0; i < count; i++) {
        const char *word = reasons[i].word;
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz_"),
                         strlen(word));
        assert_true(strlen(word) < 32);
        assert_true(strlen(reasons[i].meaning) > 0);
        assert_true(strlen(reasons[i].next_step) <
                    sizeof(((struct verdict *)NULL)->mend));
        assert_ptr_equal(verdict_find_reason(word), &reasons[i]);
        assert_string_equal(verdict_next_step(word), reasons[i].next_step);
    }
    assert_null(verdict_find_reason(NULL));
    assert_null(verdict_find_reason("no such"));
    assert_non_null(verdict_next_step(NULL));
    assert_non_null(verdict_next_step("no such"));
}

static void check_reason_is_listed(enum intercom_call call, int status,
                                   const char *body)
{
    struct http_answer answer = plain_answer(status, body);
    struct verdict verdict;
    verdict_judge(call, &answer, now_ms, &verdict);
    if (verdict.action == VERDICT_GO_ON)
        assert_null(verdict.reason);
    else
        assert_non_null(verdict_find_reason(verdict.reason));
}

static void every_reason_given_is_listed(void **state)
{
    (void)state;
    static const char *const words[] = {
        REASON_CONTACT_MISSING,
        REASON_CONTACT_UNRESOLVED,
        REASON_CHAIN_TOO_LONG,
        REASON_ATTRIBUTE_REFUSED,
        REASON_FUTURE_CREATED_AT,
        REASON_HTML_ANSWER,
        REASON_UNEXPECTED_ANSWER,
        REASON_INVALID_EVENT,
        REASON_GAVE_UP,
        REASON_INTERRUPTED,
        "certificate",
        "not_connected",
        "timed_out",
        "connection_reset",
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_non_null(verdict_find_reason(words[i]));
    for (unsigned call = 0; call < CALL_COUNT; call++) {
        for (int status = 100; status < 600; status++)
            check_reason_is_listed((enum intercom_call)call, status, "");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            check_reason_is_listed((enum intercom_call)call, rows[i].status,
                                   rows[i].body);
    }
}

static void probes_and_attributes_never_fail_a_delivery(void **state)
{
    (void)state;
    for (int status = 100; status < 600; status++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            struct http_answer answer = plain_answer(status, rows[i].body);
            struct verdict verdict;
            verdict_judge(CALL_GET_ME, &answer, now_ms, &verdict);
            assert_true(verdict.action <= VERDICT_WAIT);
            assert_int_not_equal(verdict.action, VERDICT_FAIL);
            verdict_judge(CALL_CREATE_ATTRIBUTE, &answer, now_ms, &verdict);
            assert_true(verdict.action <= VERDICT_WAIT);
            assert_int_not_equal(verdict.action, VERDICT_FAIL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_has_the_verdict_of_the_table),
        cmocka_unit_test(no_answer_is_judged_by_what_may_have_left),
        cmocka_unit_test(only_what_did_not_get_through_feeds_the_breaker),
        cmocka_unit_test(quota_waits_until_reset_or_retry_after_the_later),
        cmocka_unit_test(retry_after_is_the_floor_of_a_retry),
        cmocka_unit_test(reasons_are_snake_case_once_and_fit),
        cmocka_unit_test(every_reason_given_is_listed),
        cmocka_unit_test(probes_and_attributes_never_fail_a_delivery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
