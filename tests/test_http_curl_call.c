/* What one call's end means, without a socket: libcurl's code goes in, what
 * the relay goes by comes out. */
#include "net/http_curl_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { TIMEOUT_MS = 1000 };

static const struct http_request get_me = {.method = "GET", .path = "/me"};

struct fixture {
    struct http_curl_headers *headers;
    struct http_curl_call call;
};

static void begin(struct fixture *fixture)
{
    http_curl_call_begin(&fixture->call, fixture->headers, &get_me);
}

static int open_call(void **state)
{
    static struct fixture fixture;
    assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), 0);
    fixture.headers = http_curl_headers_new("token");
    http_curl_call_init(&fixture.call, "http://127.0.0.1", "", TIMEOUT_MS);
    *state = &fixture;
    return 0;
}

static int close_call(void **state)
{
    struct fixture *fixture = *state;
    http_curl_call_free(&fixture->call);
    http_curl_headers_release(fixture->headers);
    curl_global_cleanup();
    return 0;
}

static void each_code_has_its_trouble(void **state)
{
    static const struct {
        CURLcode code;
        enum http_trouble trouble;
    } rows[] = {
        {CURLE_COULDNT_RESOLVE_HOST, HTTP_NO_ADDRESS},
        {CURLE_COULDNT_RESOLVE_PROXY, HTTP_NO_ADDRESS},
        {CURLE_COULDNT_CONNECT, HTTP_REFUSED},
        {CURLE_PROXY, HTTP_REFUSED},
        {CURLE_SSL_CONNECT_ERROR, HTTP_HANDSHAKE},
        {CURLE_PEER_FAILED_VERIFICATION, HTTP_CERTIFICATE},
        {CURLE_SSL_CACERT_BADFILE, HTTP_CERTIFICATE},
        {CURLE_SSL_ISSUER_ERROR, HTTP_CERTIFICATE},
        {CURLE_OPERATION_TIMEDOUT, HTTP_TIMED_OUT},
        {CURLE_GOT_NOTHING, HTTP_RESET},
        {CURLE_RECV_ERROR, HTTP_RESET},
        {CURLE_SEND_ERROR, HTTP_RESET},
        {CURLE_WEIRD_SERVER_REPLY, HTTP_RESET},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(fixture);
        http_curl_call_end(&fixture->call, rows[i].code);
        assert_int_equal(fixture->call.answer.end, HTTP_NOT_SENT);
        assert_int_equal(fixture->call.answer.trouble, rows[i].trouble);
        assert_true(fixture->call.answer.trouble_text[0] != '\0');
    }
}

static void what_may_have_left_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    fixture->call.may_have_left = true;
    http_curl_call_end(&fixture->call, CURLE_OPERATION_TIMEDOUT);
    assert_int_equal(fixture->call.answer.end, HTTP_UNKNOWN);
    begin(fixture);
    fixture->call.may_have_left = true;
    http_curl_call_cut(&fixture->call, HTTP_STOPPED, "stopped");
    assert_int_equal(fixture->call.answer.end, HTTP_UNKNOWN);
    assert_int_equal(fixture->call.answer.trouble, HTTP_STOPPED);
    assert_string_equal(fixture->call.answer.trouble_text, "stopped");
}

static void a_new_call_knows_nothing_of_the_one_before(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    fixture->call.may_have_left = true;
    fixture->call.answer.body_was_cut = true;
    buf_add_text(&fixture->call.body, "left");
    http_curl_call_end(&fixture->call, CURLE_RECV_ERROR);
    begin(fixture);
    http_curl_call_cut(&fixture->call, HTTP_STOPPED, "stopped");
    assert_int_equal(fixture->call.answer.end, HTTP_NOT_SENT);
    assert_false(fixture->call.answer.body_was_cut);
    assert_string_equal(fixture->call.answer.body, "");
    assert_int_equal(fixture->call.body.length, 0);
}

static void a_head_that_breaks_off_is_no_answer(void **state)
{
    static const struct {
        bool is_whole;
        enum http_end end;
    } rows[] = {{false, HTTP_UNKNOWN}, {true, HTTP_ANSWERED}};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(fixture);
        fixture->call.may_have_left = true;
        fixture->call.head.is_whole = rows[i].is_whole;
        http_curl_call_end(&fixture->call, CURLE_OK);
        assert_int_equal(fixture->call.answer.end, rows[i].end);
    }
}

/* The sanitizers look. */
static void a_call_under_way_keeps_the_token_that_it_began_with(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    struct http_curl_headers *held = fixture->call.headers;
    http_curl_headers_release(fixture->headers);
    fixture->headers = http_curl_headers_new("another");
    assert_ptr_equal(fixture->call.headers, held);
    http_curl_call_end(&fixture->call, CURLE_RECV_ERROR);
    assert_null(fixture->call.headers);
    begin(fixture);
    assert_ptr_equal(fixture->call.headers, fixture->headers);
    http_curl_call_end(&fixture->call, CURLE_RECV_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_call, close_call)
        TEST(each_code_has_its_trouble),
        TEST(what_may_have_left_is_unknown),
        TEST(a_new_call_knows_nothing_of_the_one_before),
        TEST(a_head_that_breaks_off_is_no_answer),
        TEST(a_call_under_way_keeps_the_token_that_it_began_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
