/* test_sandbox_site.c - who may call the sandbox, how often, and what it tells
 * about itself; the data attributes; the paths that there are. */
#include "sandbox_fixture.h"

static void call_without_the_token_is_refused(void **state)
{
    static const struct {
        const char *authorization;
        const char *token;
        int status;
    } rows[] = {
        {NULL, NULL, 401},
        {"", NULL, 401},
        {"Bearer ", NULL, 401},
        {"Basic abc", NULL, 401},
        {"Bearer any", NULL, 200},
        {"Bearer right", "right", 200},
        {"Bearer wrong", "right", 401},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        next.authorization = NULL;
        const char *token = rows[i].token == NULL ? "" : rows[i].token;
        assert_int_equal(ask("POST", "/_sandbox/token", token), 200);
        next.authorization = rows[i].authorization;
        assert_int_equal(ask("GET", "/me", ""), rows[i].status);
        if (rows[i].status == 401)
            assert_answer_has("\"code\":\"unauthorized\"");
        assert_true(last.reply.has_quota == (rows[i].status == 200));
    }
}

static void unknown_version_is_refused(void **state)
{
    static const struct {
        const char *version;
        int status;
    } rows[] = {{"2.16", 200}, {"2.7", 200}, {NULL, 200},
                {"2.17", 400}, {"0.1", 400}, {"", 400}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        next.version = rows[i].version;
        assert_int_equal(ask("GET", "/me", ""), rows[i].status);
        if (rows[i].status == 400)
            assert_answer_has("\"code\":\"intercom_version_invalid\"");
    }
}

static void error_carries_the_request_id_of_its_header(void **state)
{
    char first[SANDBOX_REQUEST_ID_BYTES];
    (void)state;
    assert_int_equal(ask("GET", "/nothing", ""), 404);
    assert_answer_has("{\"type\":\"error.list\",\"request_id\":\"");
    assert_answer_has(last.reply.request_id);
    assert_int_equal(strlen(last.reply.request_id), 36);
    memcpy(first, last.reply.request_id, sizeof(first));
    assert_int_equal(ask("GET", "/nothing", ""), 404);
    assert_string_not_equal(last.reply.request_id, first);
}

static void paths_and_methods_are_known_or_refused(void **state)
{
    static const struct {
        const char *method;
        const char *path;
        int status;
    } rows[] = {
        {"GET", "/", 404},
        {"GET", "/mean", 404},
        {"GET", "/me/", 404},
        {"POST", "/me", 405},
        {"GET", "/events", 405},
        {"DELETE", "/contacts", 405},
        {"GET", "/contacts/find_by_external_id/", 404},
        {"GET", "/contacts/a/b/c", 404},
        {"GET", "/contacts//unarchive", 404},
        {"PUT", "/data_attributes", 405},
        {"GET", "/_sandbox/nothing", 404},
        {"POST", "/_sandbox/stats", 404},
        {"GET", "/_sandbox/", 404},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = ask(rows[i].method, rows[i].path, "{}");
        if (status != rows[i].status)
            fail_msg("%s %s: %d", rows[i].method, rows[i].path, status);
    }
}

static void content_type_must_be_json(void **state)
{
    (void)state;
    next.content_type = "application/json; charset=utf-8";
    assert_int_equal(ask("POST", "/contacts", "{\"role\":\"user\"}"), 200);
    next.content_type = "text/plain";
    assert_int_equal(ask("POST", "/contacts", "{\"role\":\"user\"}"), 415);
    next.content_type = NULL;
    assert_int_equal(ask("POST", "/contacts", "{\"role\":\"user\"}"), 415);
    assert_int_equal(ask("GET", "/me", ""), 200);
}

static void too_large_a_body_is_refused(void **state)
{
    (void)state;
    next.body_too_large = true;
    assert_int_equal(ask("POST", "/contacts", "{\"role\":\"user\"}"), 413);
    assert_int_equal(site.world.contacts.count, 0);
}

static void quota_ends_with_429_until_the_window_does(void **state)
{
    (void)state;
    assert_int_equal(ask("POST", "/_sandbox/quota", "2"), 200);
    assert_int_equal(ask("GET", "/me", ""), 200);
    assert_int_equal(last.reply.quota_limit, 2);
    assert_int_equal(last.reply.quota_remaining, 1);
    assert_int_equal(last.reply.quota_reset_s, 1700000010);
    assert_int_equal(ask("GET", "/nothing", ""), 404);
    assert_int_equal(last.reply.quota_remaining, 0);
    assert_int_equal(ask("GET", "/me", ""), 429);
    assert_true(last.reply.has_quota);
    assert_answer_has("\"code\":\"rate_limit_exceeded\"");
    assert_answer_has("Exceeded rate limit of 2 in 10_seconds");
    assert_int_equal(ask("GET", "/_sandbox/stats", ""), 200);
    assert_answer_has("\"rate_limited\":1");
    next.now_ms += 5000;
    assert_int_equal(ask("GET", "/me", ""), 200);
    assert_int_equal(last.reply.quota_reset_s, 1700000020);
}

static void attributes_can_be_listed_and_created_once(void **state)
{
    static const char body[] = "{\"name\":\"level\",\"model\":\"contact\","
                               "\"data_type\":\"integer\"}";
    (void)state;
    next.query_model = "contact";
    assert_int_equal(ask("GET", "/data_attributes", ""), 200);
    assert_answer_has("\"full_name\":\"custom_attributes.expires_at\"");
    assert_answer_has("\"name\":\"subscription_status\"");
    assert_answer_lacks("\"name\":\"level\"");
    assert_int_equal(ask("POST", "/data_attributes", body), 200);
    assert_answer_has("\"data_type\":\"integer\"");
    assert_int_equal(ask("POST", "/data_attributes", body), 400);
    assert_answer_has("\"code\":\"parameter_invalid\"");
    assert_answer_has("\"message\":\"You already have 'level' in your ");
    assert_int_equal(ask("GET", "/data_attributes", ""), 200);
    assert_answer_has("\"name\":\"level\"");
    next.query_model = "company";
    assert_int_equal(ask("GET", "/data_attributes", ""), 200);
    assert_string_equal(text, "{\"type\":\"list\",\"data\":[]}");
    next.query_model = "conversation";
    assert_int_equal(ask("GET", "/data_attributes", ""), 422);
}

static void new_attribute_is_checked(void **state)
{
    static const char *const bodies[] = {
        "{\"name\":\"x\",\"data_type\":\"string\"}",
        "{\"name\":\"x\",\"model\":\"cat\",\"data_type\":\"string\"}",
        "{\"model\":\"contact\",\"data_type\":\"string\"}",
        "{\"name\":\"!\",\"model\":\"contact\",\"data_type\":\"string\"}",
        "{\"name\":\"x\",\"model\":\"contact\",\"data_type\":\"mithril\"}",
        "{\"name\":\"x\",\"model\":\"contact\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        assert_int_equal(ask("POST", "/data_attributes", bodies[i]), 400);
    assert_int_equal(site.world.attributes.count, 4);
}

static void attribute_can_be_missing_or_change_its_type(void **state)
{
    static const char body[] =
        "{\"role\":\"user\",\"custom_attributes\":{\"expires_at\":1}}";
    (void)state;
    assert_int_equal(ask("POST", "/_sandbox/attributes/expires_at", ""), 200);
    assert_int_equal(ask("POST", "/contacts", body), 400);
    assert_answer_has("Custom attribute 'expires_at' does not exist");
    assert_int_equal(ask("POST", "/_sandbox/attributes/expires_at", "string"),
                     200);
    assert_int_equal(ask("POST", "/contacts", body), 400);
    assert_answer_has("must be of type string");
    assert_int_equal(ask("POST", "/_sandbox/attributes/expires_at", "date"),
                     200);
    assert_int_equal(ask("POST", "/contacts", body), 200);
    assert_int_equal(ask("POST", "/_sandbox/attributes/expires_at", "cat"),
                     400);
}

static void workspace_can_start_without_the_attributes(void **state)
{
    const struct sandbox_options options = {.attributes_missing = true};
    struct err err;
    (void)state;
    sandbox_site_free(&site);
    assert_true(sandbox_site_init(&site, &options, NOW_MS, &err));
    assert_int_equal(site.world.attributes.count, 0);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    static const struct sandbox_options rows[] = {
        {.quota = -1}, {.latency_ms = -1},    {.future_s = -1},
        {.token = ""}, {.faults = "nothing"}, {.faults = "500:2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sandbox_site other;
        struct err err = {.code = ERR_NONE};
        assert_false(sandbox_site_init(&other, &rows[i], NOW_MS, &err));
        assert_int_equal(err.code, ERR_INVALID);
    }
}

static void faults_do_what_their_name_says(void **state)
{
    static const struct {
        const char *spec;
        enum sandbox_leave leave;
        int status;
        uint32_t contacts;
        int64_t delay_ms;
    } rows[] = {
        {"503:1", SANDBOX_LEAVE_WHOLE, 503, 0, 0},
        {"429:1", SANDBOX_LEAVE_WHOLE, 429, 0, 0},
        {"302:1", SANDBOX_LEAVE_WHOLE, 302, 0, 0},
        {"html:1", SANDBOX_LEAVE_WHOLE, 502, 0, 0},
        {"portal:1", SANDBOX_LEAVE_WHOLE, 200, 0, 0},
        {"timeout:1", SANDBOX_LEAVE_NEVER, 200, 0, 0},
        {"reset:1", SANDBOX_LEAVE_RESET, 200, 0, 0},
        {"reset-after:1", SANDBOX_LEAVE_RESET, 200, 1, 0},
        {"truncate:1", SANDBOX_LEAVE_CUT, 200, 1, 0},
        {"slow:1", SANDBOX_LEAVE_WHOLE, 200, 1, SANDBOX_SLOW_MS},
        {"", SANDBOX_LEAVE_WHOLE, 200, 1, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ask("POST", "/_sandbox/faults", rows[i].spec), 200);
        assert_int_equal(ask("POST", "/contacts", "{\"role\":\"user\"}"),
                         rows[i].status);
        assert_int_equal(last.leave, rows[i].leave);
        assert_int_equal(last.delay_ms, rows[i].delay_ms);
        assert_int_equal(site.world.contacts.count, rows[i].contacts);
        close_site(state);
        assert_int_equal(open_site(state), 0);
    }
}

static void
latency_delays_answers_and_not_the_pages_of_the_sandbox(void **state)
{
    (void)state;
    assert_int_equal(ask("POST", "/_sandbox/latency", "250"), 200);
    assert_int_equal(last.delay_ms, 0);
    ask("GET", "/me", "");
    assert_int_equal(last.delay_ms, 250);
    ask("GET", "/_sandbox/stats", "");
    assert_int_equal(last.delay_ms, 0);
    assert_int_equal(ask("POST", "/_sandbox/latency", "-1"), 400);
}

static void summary_and_statistics_say_the_same(void **state)
{
    struct sandbox_summary summary;
    (void)state;
    create("u1");
    send_event("One", "u1", 1);
    send_event("one", "u1", 1);
    send_event("two", "u1", 1);
    send_event("two", "u2", 1);
    sandbox_site_summarize(&site, &summary);
    assert_int_equal(summary.calls, 5);
    assert_int_equal(summary.contacts, 1);
    assert_int_equal(summary.events, 2);
    assert_int_equal(summary.duplicates, 1);
    assert_int_equal(summary.refused, 1);
    assert_int_equal(summary.name_count, 2);
    assert_string_equal(summary.names[0].name, "one");
    assert_int_equal(summary.names[0].events, 1);
    sandbox_summary_free(&summary);
    assert_int_equal(ask("GET", "/_sandbox/stats", ""), 200);
    assert_answer_has("\"POST /events\":{\"202\":3,\"404\":1}");
    assert_answer_has("\"POST /contacts\":{\"200\":1}");
    assert_answer_has("\"events\":2,\"duplicates\":1");
    assert_answer_has("\"events_by_name\":{\"one\":1,\"two\":1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(call_without_the_token_is_refused),
        TEST(unknown_version_is_refused),
        TEST(error_carries_the_request_id_of_its_header),
        TEST(paths_and_methods_are_known_or_refused),
        TEST(content_type_must_be_json),
        TEST(too_large_a_body_is_refused),
        TEST(quota_ends_with_429_until_the_window_does),
        TEST(attributes_can_be_listed_and_created_once),
        TEST(new_attribute_is_checked),
        TEST(attribute_can_be_missing_or_change_its_type),
        TEST(workspace_can_start_without_the_attributes),
        TEST(options_that_make_no_sense_are_refused),
        TEST(faults_do_what_their_name_says),
        TEST(latency_delays_answers_and_not_the_pages_of_the_sandbox),
        TEST(summary_and_statistics_say_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
