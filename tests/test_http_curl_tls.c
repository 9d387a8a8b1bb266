/* TLS that can't be trusted or never comes about, URLs that are refused,
 * proxies: in none of these may a byte of a request leave. */
#include "net/http_curl.h"

#include "support/http_client.h"
#include "support/raw_server.h"
#include "support/tls_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60 * 1000, SHORT_MS = 300 };

static void call_url(const char *url, int64_t timeout_ms,
                     struct client_call *call)
{
    const struct http_curl_options options = {
        .api_url = url,
        .token = "secret-token",
        .connections = 4,
        .timeout_ms = timeout_ms,
    };
    struct client client;
    client_open_with(&client, &options);
    client_call(&client, call);
    client_close(&client);
}

/* One https call to a server of this kind; what the server read is looked at
 * by the caller, who frees the server. */
static struct raw_server *call_tls(raw_serve *serve, void *context,
                                   int64_t timeout_ms, struct client_call *call)
{
    char url[64];
    struct raw_server *server = raw_server_start(serve, context);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d",
                   raw_server_port(server));
    call_url(url, timeout_ms, call);
    return server;
}

/* --- TLS ------------------------------------------------------------------ */

static void a_certificate_that_nobody_vouches_for_stops_everything(void **state)
{
    (void)state;
    struct tls_server server;
    struct client_call call = {.request = client_post_event};
    tls_server_init(&server, NULL);
    struct raw_server *raw =
        call_tls(tls_server_serve, &server, LONG_MS, &call);
    assert_int_equal(call.answer.end, HTTP_NOT_SENT);
    assert_int_equal(call.answer.trouble, HTTP_CERTIFICATE);
    raw_server_free(raw);
    assert_int_equal(server.application_bytes, 0);
    client_call_free(&call);
    tls_server_free(&server);
}

static void wait_for_end(struct raw_connection *connection)
{
    raw_wait_for_end(connection);
}

static void close_at_once(struct raw_connection *connection)
{
    (void)connection;
}

static void answer_in_clear(struct raw_connection *connection)
{
    raw_send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    raw_wait_for_end(connection);
}

static void a_handshake_that_fails_is_not_sent(void **state)
{
    (void)state;
    raw_serve *const serves[] = {close_at_once, answer_in_clear};
    for (size_t i = 0; i < sizeof(serves) / sizeof(serves[0]); i++) {
        struct client_call call = {.request = client_post_event};
        raw_server_free(call_tls(serves[i], NULL, LONG_MS, &call));
        assert_int_equal(call.answer.end, HTTP_NOT_SENT);
        assert_int_equal(call.answer.trouble, HTTP_HANDSHAKE);
        client_call_free(&call);
    }
}

static void a_handshake_that_never_ends_is_not_sent(void **state)
{
    (void)state;
    struct client_call call = {.request = client_post_event};
    raw_server_free(call_tls(wait_for_end, NULL, SHORT_MS, &call));
    assert_int_equal(call.answer.end, HTTP_NOT_SENT);
    assert_int_equal(call.answer.trouble, HTTP_TIMED_OUT);
    client_call_free(&call);
}

/* --- URLs ----------------------------------------------------------------- */

static bool url_is_taken(const char *url, bool insecure_http)
{
    const struct http_curl_options options = {
        .api_url = url,
        .token = "t",
        .connections = 1,
        .timeout_ms = LONG_MS,
        .insecure_http = insecure_http,
    };
    struct http_curl *http = NULL;
    struct err err = {0};
    bool taken = http_curl_new(&options, &http, &err);
    if (!taken) {
        assert_int_equal(err.code, ERR_INVALID);
        assert_null(strstr(err.text, "hunter2"));
    }
    http_curl_free(http);
    return taken;
}

static void plain_http_is_for_loopback_only(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool taken;
    } rows[] = {
        {"http://127.0.0.1:8080", true},
        {"http://127.1.2.3", true},
        {"http://localhost:8080", true},
        {"http://LOCALHOST", true},
        {"http://[::1]:8080", true},
        {"http://api.intercom.io", false},
        {"http://10.0.0.1", false},
        {"http://127.0.0.1.evil.example", false},
        {"http://127.evil.example", false},
        {"http://localhost.evil.example", false},
        {"http://[::2]", false},
        {"http://0.0.0.0", false},
        {"https://api.intercom.io", true},
        {"https://api.intercom.io/path", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("%s\n", rows[i].url);
        assert_int_equal(url_is_taken(rows[i].url, false), rows[i].taken);
        assert_true(url_is_taken(rows[i].url, true));
    }
}

static void what_is_no_api_url_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "api.intercom.io",
        "ftp://api.intercom.io",
        "file:///etc/passwd",
        "https://",
        "https://user:hunter2@api.intercom.io",
        "https://user@api.intercom.io",
        "https://:hunter2@api.intercom.io",
        "ftp://user:hunter2@api.intercom.io",
        "user:hunter2@api.intercom.io",
        "https://user:hunter2@api.intercom.io:port",
        "https://api.intercom.io:port",
        "https://api.intercom.io?x=1",
        "https://api.intercom.io#x",
        "https://api intercom.io",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        print_message("%s\n", urls[i]);
        assert_false(url_is_taken(urls[i], true));
    }
}

static void the_path_of_the_url_goes_before_that_of_the_call(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *first;
    } rows[] = {
        {"", "POST /events HTTP/1.1\r\n"},
        {"/", "POST /events HTTP/1.1\r\n"},
        {"/a/b", "POST /a/b/events HTTP/1.1\r\n"},
        {"/a/b/", "POST /a/b/events HTTP/1.1\r\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct raw_server *server = raw_server_start(
            raw_answer_all, (char *)(uintptr_t) "HTTP/1.1 202 Yes\r\n"
                                                "Content-Length: 0\r\n\r\n");
        char url[64];
        size_t length;
        struct client_call call = {.request = client_post_event};
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s",
                       raw_server_port(server), rows[i].path);
        call_url(url, LONG_MS, &call);
        assert_int_equal(call.answer.status, 202);
        assert_memory_equal(raw_server_request(server, 0, &length),
                            rows[i].first, strlen(rows[i].first));
        client_call_free(&call);
        raw_server_free(server);
    }
}

/* --- proxies -------------------------------------------------------------- */

/* Set https_proxy, and all that could be taken for it, to this server. */
static void set_proxy(struct raw_server *proxy)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY",
                                        "http_proxy", "all_proxy", "ALL_PROXY"};
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d",
                   raw_server_port(proxy));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(setenv(names[i], url, 1), 0);
    (void)unsetenv("no_proxy");
    (void)unsetenv("NO_PROXY");
}

static int clear_proxy(void **state)
{
    (void)state;
    (void)unsetenv("https_proxy");
    (void)unsetenv("HTTPS_PROXY");
    (void)unsetenv("http_proxy");
    (void)unsetenv("all_proxy");
    (void)unsetenv("ALL_PROXY");
    return 0;
}

static void loopback_is_never_proxied(void **state)
{
    (void)state;
    struct raw_server *proxy = raw_server_start(
        raw_answer_all, (char *)(uintptr_t) "HTTP/1.1 403 No\r\n"
                                            "Content-Length: 0\r\n\r\n");
    struct raw_server *server = raw_server_start(
        raw_answer_all, (char *)(uintptr_t) "HTTP/1.1 202 Yes\r\n"
                                            "Content-Length: 0\r\n\r\n");
    set_proxy(proxy);
    char url[64];
    struct client_call call = {.request = client_post_event};
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d",
                   raw_server_port(server));
    call_url(url, LONG_MS, &call);
    assert_int_equal(call.answer.status, 202);
    client_call_free(&call);

    raw_server_free(call_tls(close_at_once, NULL, LONG_MS, &call));
    assert_int_equal(call.answer.trouble, HTTP_HANDSHAKE);
    client_call_free(&call);
    assert_int_equal(raw_server_connections(proxy), 0);
    raw_server_free(server);
    raw_server_free(proxy);
}

static void a_proxy_sees_neither_token_nor_request(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum http_trouble trouble;
        const char *says;
    } rows[] = {
        {"HTTP/1.1 407 Proxy Authentication Required\r\n"
         "Content-Length: 0\r\n\r\n",
         HTTP_REFUSED, "the proxy answered 407"},
        {"HTTP/1.1 503 Down\r\nRetry-After: 9\r\nX-RateLimit-Limit: 1\r\n"
         "Content-Length: 0\r\n\r\n",
         HTTP_REFUSED, "the proxy answered 503"},
        {"HTTP/1.1 200 Connection established\r\n\r\nno TLS", HTTP_HANDSHAKE,
         ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct raw_server *proxy =
            raw_server_start(raw_answer_all, (char *)(uintptr_t)rows[i].answer);
        set_proxy(proxy);
        struct client_call call = {.request = client_post_event};
        call_url("https://x.invalid", LONG_MS, &call);
        assert_int_equal(call.answer.end, HTTP_NOT_SENT);
        assert_int_equal(call.answer.trouble, rows[i].trouble);
        assert_non_null(strstr(call.answer.trouble_text, rows[i].says));
        assert_true(call.answer.retry_after_s == HTTP_NONE);
        assert_true(call.answer.quota_limit == HTTP_NONE);
        size_t length;
        const char *request = raw_server_request(proxy, 0, &length);
        assert_non_null(request);
        assert_memory_equal(request, "CONNECT x.invalid:443 HTTP/1.1\r\n", 32);
        assert_null(strstr(request, "secret-token"));
        assert_null(strstr(request, "event_name"));
        client_call_free(&call);
        raw_server_free(proxy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_certificate_that_nobody_vouches_for_stops_everything),
        cmocka_unit_test(a_handshake_that_fails_is_not_sent),
        cmocka_unit_test(a_handshake_that_never_ends_is_not_sent),
        cmocka_unit_test(plain_http_is_for_loopback_only),
        cmocka_unit_test(what_is_no_api_url_is_refused),
        cmocka_unit_test(the_path_of_the_url_goes_before_that_of_the_call),
        cmocka_unit_test_teardown(loopback_is_never_proxied, clear_proxy),
        cmocka_unit_test_teardown(a_proxy_sees_neither_token_nor_request,
                                  clear_proxy),
    };
    (void)signal(SIGPIPE, SIG_IGN); /* the test's own TLS server writes */
    return cmocka_run_group_tests(tests, clear_proxy, NULL);
}
