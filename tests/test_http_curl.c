/* What is read of an answer, and what is sent: against raw sockets. */
#include "net/http_curl.h"

#include "support/http_client.h"
#include "support/raw_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Answer one request with the bytes, then close. */
static void answer_one(struct raw_connection *connection)
{
    if (raw_read_request(connection))
        raw_send(connection, connection->context);
}

/* Make one call to a server that answers with these bytes. */
static void call_once(raw_serve *serve, const char *answer,
                      struct client_call *call)
{
    struct raw_server *server =
        raw_server_start(serve, (char *)(uintptr_t)answer);
    struct client client;
    client_open(&client, raw_server_port(server), 60 * 1000);
    client_call(&client, call);
    client_close(&client);
    raw_server_free(server);
}

/* --- what is read --------------------------------------------------------- */

static void every_status_is_an_answer(void **state)
{
    (void)state;
    static const int statuses[] = {200, 201, 202, 204, 301, 302, 307, 400, 401,
                                   403, 404, 409, 410, 422, 429, 500, 503, 599};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        char answer[120];
        (void)snprintf(answer, sizeof(answer),
                       "HTTP/1.1 %d Words\r\nLocation: /elsewhere\r\n"
                       "Content-Length: 0\r\n\r\n",
                       statuses[i]);
        struct client_call call = {.request = client_post_event};
        call_once(raw_answer_all, answer, &call);
        assert_int_equal(call.answer.end, HTTP_ANSWERED);
        assert_int_equal(call.answer.trouble, HTTP_NO_TROUBLE);
        assert_string_equal(call.answer.trouble_text, "");
        assert_int_equal(call.answer.status, statuses[i]);
        assert_int_equal(call.answer.body_length, 0);
        assert_false(call.answer.body_was_cut);
        client_call_free(&call);
    }
}

#define NONE HTTP_NONE
enum { DATE_S = 1787565658 }; /* Mon, 24 Aug 2026 10:00:58 GMT */
#define DATE "Date: Mon, 24 Aug 2026 10:00:58 GMT\r\n"

/* clang-format off */
static const struct {
    const char *headers;
    int64_t limit, left, reset_s, retry_after_s, date_s;
} numbers[] = {
    {"", NONE, NONE, NONE, NONE, NONE},
    {"X-RateLimit-Limit: 1667\r\nX-RateLimit-Remaining: 1600\r\n"
     "X-RateLimit-Reset: 1787572860\r\n",
     1667, 1600, 1787572860, NONE, NONE},
    {"x-ratelimit-limit:83\r\nX-RATELIMIT-REMAINING:   0  \r\n"
     "x-RateLimit-reset:\t1787572860\t\r\n", 83, 0, 1787572860, NONE, NONE},
    /* not a number, negative, no value, too large: as if absent */
    {"X-RateLimit-Limit: many\r\nX-RateLimit-Remaining: -1\r\n"
     "X-RateLimit-Reset:\r\n", NONE, NONE, NONE, NONE, NONE},
    {"X-RateLimit-Limit: 99999999999999999999\r\n"
     "X-RateLimit-Remaining: 9223372036854775807\r\n"
     "X-RateLimit-Reset: 9223372036854775807\r\n",
     NONE, NONE, NONE, NONE, NONE},
    {"X-RateLimit-Limit: 83, 83\r\nX-RateLimit-Remaining: 1.5\r\n"
     "X-RateLimit-Reset: 0x10\r\n", NONE, NONE, NONE, NONE, NONE},
    /* only whole names count */
    {"X-RateLimit-Limit-Day: 5\r\nMy-X-RateLimit-Limit: 6\r\n"
     "Ratelimit-Limit: 7\r\n", NONE, NONE, NONE, NONE, NONE},
    {"Retry-After: 120\r\n", NONE, NONE, NONE, 120, NONE},
    {"Retry-After: 0\r\n", NONE, NONE, NONE, 0, NONE},
    {"Retry-After: soon\r\n", NONE, NONE, NONE, NONE, NONE},
    {"Retry-After: 9223372036854775807\r\n", NONE, NONE, NONE, NONE, NONE},
    {DATE, NONE, NONE, NONE, NONE, DATE_S},
    {"Date: yesterday\r\n", NONE, NONE, NONE, NONE, NONE},
    {"date:Monday, 24-Aug-26 10:00:58 GMT\r\n", NONE, NONE, NONE, NONE, DATE_S},
    /* a date counts from the server's own clock, wherever that stands */
    {DATE "Retry-After: Mon, 24 Aug 2026 10:01:58 GMT\r\n",
     NONE, NONE, NONE, 60, DATE_S},
    {"Retry-After: Mon, 24 Aug 2026 10:01:58 GMT\r\n" DATE,
     NONE, NONE, NONE, 60, DATE_S},
    {DATE "Retry-After: Mon, 24 Aug 2026 09:00:00 GMT\r\n",
     NONE, NONE, NONE, 0, DATE_S},
};
/* clang-format on */

static void numbers_are_read_from_the_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char answer[600];
        (void)snprintf(answer, sizeof(answer),
                       "HTTP/1.1 429 Too Many\r\n%sContent-Length: 0\r\n\r\n",
                       numbers[i].headers);
        struct client_call call = {.request = client_post_event};
        call_once(raw_answer_all, answer, &call);
        print_message("%s", numbers[i].headers);
        assert_int_equal(call.answer.quota_limit, numbers[i].limit);
        assert_int_equal(call.answer.quota_left, numbers[i].left);
        assert_int_equal(call.answer.quota_reset_s, numbers[i].reset_s);
        assert_int_equal(call.answer.retry_after_s, numbers[i].retry_after_s);
        assert_int_equal(call.answer.date_s, numbers[i].date_s);
        client_call_free(&call);
    }
}

static void a_wait_until_a_date_counts_from_our_clock_without_one(void **state)
{
    (void)state;
    char answer[200];
    (void)snprintf(answer, sizeof(answer),
                   "HTTP/1.1 503 Down\r\nContent-Length: 0\r\n"
                   "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n\r\n");
    struct client_call call = {.request = client_post_event};
    call_once(raw_answer_all, answer, &call);
    int64_t until_s = call.answer.started_ms / 1000 + call.answer.retry_after_s;
    assert_in_range(until_s, 4102444800 - 5, 4102444800 + 60);
    client_call_free(&call);
}

static void texts_are_read_from_the_headers(void **state)
{
    (void)state;
    struct client_call call = {.request = client_post_event};
    call_once(raw_answer_all,
              "HTTP/1.1 410 Gone\r\n"
              "x-request-ID:  000abc \r\n"
              "LINK: </contacts/1>; rel=\"canonical\"\r\n"
              "Content-Type: application/json; charset=utf-8\r\n"
              "Content-Length: 2\r\n\r\n{}",
              &call);
    assert_string_equal(call.answer.request_id, "000abc");
    assert_string_equal(call.answer.link, "</contacts/1>; rel=\"canonical\"");
    assert_false(call.answer.is_html);
    assert_string_equal(call.answer.body, "{}");
    client_call_free(&call);
}

static void texts_that_are_too_long_are_cut_and_made_one_line(void **state)
{
    (void)state;
    char long_text[4001];
    memset(long_text, 'x', 4000);
    long_text[4000] = '\0';
    long_text[5] = '\t';
    long_text[6] = '\x1b';
    char answer[9000];
    (void)snprintf(answer, sizeof(answer),
                   "HTTP/1.1 200 OK\r\nX-Request-Id: %s\r\nLink: %s\r\n"
                   "Content-Length: 0\r\n\r\n",
                   long_text, long_text);
    struct client_call call = {.request = client_post_event};
    call_once(raw_answer_all, answer, &call);
    assert_int_equal(strlen(call.answer.request_id), 79);
    assert_int_equal(strlen(call.answer.link), 199);
    assert_memory_equal(call.answer.link, "xxxxx  xxx", 10);
    client_call_free(&call);
}

static void html_shows_by_its_type_or_by_its_first_byte(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool is_html;
    } rows[] = {
        {"Content-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", true},
        {"content-type: TEXT/HTML; charset=x\r\nContent-Length: 0\r\n\r\n",
         true},
        {"Content-Type: application/xhtml+xml\r\nContent-Length: 0\r\n\r\n",
         true},
        {"Content-Length: 6\r\n\r\n<html>", true},
        {"Content-Type: application/json\r\nContent-Length: 1\r\n\r\n<", true},
        {"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
         false},
        {"Content-Length: 0\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char answer[200];
        (void)snprintf(answer, sizeof(answer), "HTTP/1.1 202 Accepted\r\n%s",
                       rows[i].answer);
        struct client_call call = {.request = client_post_event};
        call_once(raw_answer_all, answer, &call);
        assert_int_equal(call.answer.is_html, rows[i].is_html);
        client_call_free(&call);
    }
}

static void an_interim_answer_leaves_no_trace(void **state)
{
    (void)state;
    struct client_call call = {.request = client_post_event};
    call_once(raw_answer_all,
              "HTTP/1.1 100 Continue\r\nX-Request-Id: interim\r\n"
              "Retry-After: 5\r\nContent-Type: text/html\r\n\r\n"
              "HTTP/1.1 103 Early Hints\r\nLink: </style>\r\n\r\n"
              "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
              &call);
    assert_int_equal(call.answer.end, HTTP_ANSWERED);
    assert_int_equal(call.answer.status, 202);
    assert_string_equal(call.answer.request_id, "");
    assert_string_equal(call.answer.link, "");
    assert_int_equal(call.answer.retry_after_s, HTTP_NONE);
    assert_false(call.answer.is_html);
    client_call_free(&call);
}

static void bodies_are_read_however_they_are_framed(void **state)
{
    (void)state;
    static const struct {
        raw_serve *serve;
        const char *answer;
        const char *body;
    } rows[] = {
        {raw_answer_all,
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "4\r\n{\"a\"\r\n3;x=y\r\n:1}\r\n0\r\nTrailer: z\r\n\r\n",
         "{\"a\":1}"},
        {raw_answer_all,
         "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}", "{\"a\":1}"},
        {answer_one, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":1}",
         "{\"a\":1}"},
        {answer_one, "HTTP/1.0 200 OK\r\n\r\n{\"a\":1}", "{\"a\":1}"},
        {raw_answer_all, "HTTP/1.1 204 No Content\r\n\r\n", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client_call call = {.request = client_post_event};
        call_once(rows[i].serve, rows[i].answer, &call);
        assert_int_equal(call.answer.end, HTTP_ANSWERED);
        assert_string_equal(call.answer.body, rows[i].body);
        assert_int_equal(call.answer.body_length, strlen(rows[i].body));
        client_call_free(&call);
    }
}

static void trailers_are_not_read(void **state)
{
    (void)state;
    struct client_call call = {.request = client_post_event};
    call_once(raw_answer_all,
              "HTTP/1.1 200 OK\r\nX-Request-Id: head\r\n"
              "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
              "Content-Length: 99\r\nX-Request-Id: tail\r\n\r\n",
              &call);
    assert_int_equal(call.answer.end, HTTP_ANSWERED);
    assert_string_equal(call.answer.request_id, "head");
    assert_string_equal(call.answer.body, "{}");
    client_call_free(&call);
}

/* Answer with as many bytes of body as the context says. */
static void answer_with_bytes(struct raw_connection *connection)
{
    size_t count = *(const size_t *)connection->context;
    char head[80];
    char *body = malloc(count);
    for (size_t i = 0; i < count; i++)
        body[i] = (char)('a' + i % 26);
    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 500 Oops\r\nContent-Length: %zu\r\n\r\n", count);
    while (raw_read_request(connection)) {
        raw_send(connection, head);
        raw_send_bytes(connection, body, count);
    }
    free(body);
}

static void a_body_over_the_maximum_is_cut_and_says_so(void **state)
{
    (void)state;
    static const size_t counts[] = {
        HTTP_MOST_ANSWER_BYTES - 1,
        HTTP_MOST_ANSWER_BYTES,
        HTTP_MOST_ANSWER_BYTES + 1,
        40 * HTTP_MOST_ANSWER_BYTES,
    };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct client_call call = {.request = client_post_event};
        size_t count = counts[i];
        bool is_cut = count > HTTP_MOST_ANSWER_BYTES;
        call_once(answer_with_bytes, (const char *)&count, &call);
        assert_int_equal(call.answer.end, HTTP_ANSWERED);
        assert_int_equal(call.answer.status, 500);
        assert_int_equal(call.answer.body_was_cut, is_cut);
        assert_int_equal(call.answer.body_length,
                         is_cut ? HTTP_MOST_ANSWER_BYTES : count);
        for (size_t at = 0; at < call.answer.body_length; at++)
            assert_int_equal(call.answer.body[at], 'a' + at % 26);
        client_call_free(&call);
    }
}

/* --- what is sent --------------------------------------------------------- */

static int lines_with(const char *request, const char *line)
{
    int count = 0;
    for (const char *at = request; (at = strstr(at, line)) != NULL; at++)
        count++;
    return count;
}

static void
the_request_has_its_headers_once_and_its_body_byte_for_byte(void **state)
{
    (void)state;
    static const char body[] =
        "{\"a\":\"\xc3\xa4 \\u0000 %s\n\r\n\r\n\"}\0tail";
    struct raw_server *server = raw_server_start(
        raw_answer_all, (char *)(uintptr_t) "HTTP/1.1 200 OK\r\n"
                                            "Content-Length: 0\r\n\r\n");
    struct client client;
    client_open(&client, raw_server_port(server), 60 * 1000);
    static const char *const methods[] = {"POST", "PUT", "POST"};
    for (int i = 0; i < 3; i++) {
        struct client_call call = {
            .request = {.method = methods[i],
                        .path = "/contacts/a%2Fb?x=1",
                        .body = body,
                        .body_length = sizeof(body) - 1},
        };
        client_call(&client, &call);
        client_call_free(&call);

        char first[80];
        size_t length;
        const char *request = raw_server_request(server, i, &length);
        (void)snprintf(first, sizeof(first),
                       "%s /contacts/a%%2Fb?x=1 HTTP/1.1\r\n", methods[i]);
        assert_memory_equal(request, first, strlen(first));
        assert_memory_equal(request + length - (sizeof(body) - 1), body,
                            sizeof(body) - 1);
        assert_int_equal(lines_with(request, "\r\nAuthorization: Bearer "
                                             "secret-token\r\n"),
                         1);
        assert_int_equal(lines_with(request, "\r\nAuthorization:"), 1);
        assert_int_equal(lines_with(request, "\r\nContent-Type: "
                                             "application/json\r\n"),
                         1);
        assert_int_equal(lines_with(request, "\r\nAccept: "
                                             "application/json\r\n"),
                         1);
        assert_int_equal(lines_with(request, "\r\nIntercom-Version: 2.16\r\n"),
                         1);
        assert_int_equal(lines_with(request, "\r\nExpect:"), 0);
        assert_int_equal(lines_with(request, "\r\nCookie:"), 0);
    }
    client_close(&client);
    raw_server_free(server);
}

static void a_method_leaves_nothing_behind_for_the_next(void **state)
{
    (void)state;
    static const struct {
        struct http_request request;
        const char *first;
        const char *length; /* NULL: no Content-Length */
    } rows[] = {
        {{.method = "POST", .path = "/p", .body = "abc", .body_length = 3},
         "POST /p HTTP/1.1\r\n",
         "\r\nContent-Length: 3\r\n"},
        {{.method = "GET", .path = "/g"}, "GET /g HTTP/1.1\r\n", NULL},
        {{.method = "POST", .path = "/c/1/unarchive"},
         "POST /c/1/unarchive HTTP/1.1\r\n",
         "\r\nContent-Length: 0\r\n"},
        {{.method = "PUT", .path = "/u", .body = "{}", .body_length = 2},
         "PUT /u HTTP/1.1\r\n",
         "\r\nContent-Length: 2\r\n"},
        {{.method = "GET", .path = "/g2"}, "GET /g2 HTTP/1.1\r\n", NULL},
        {{.method = "POST", .path = "/g2"},
         "POST /g2 HTTP/1.1\r\n",
         "\r\nContent-Length: 0\r\n"},
        {{.method = "POST", .path = "/g"},
         "POST /g HTTP/1.1\r\n",
         "\r\nContent-Length: 0\r\n"},
        {{.method = "POST", .path = "/q", .body = "", .body_length = 0},
         "POST /q HTTP/1.1\r\n",
         "\r\nContent-Length: 0\r\n"},
    };
    struct raw_server *server = raw_server_start(
        raw_answer_all, (char *)(uintptr_t) "HTTP/1.1 200 OK\r\n"
                                            "Content-Length: 0\r\n\r\n");
    struct client client;
    client_open(&client, raw_server_port(server), 60 * 1000);
    for (int i = 0; i < (int)(sizeof(rows) / sizeof(rows[0])); i++) {
        size_t length;
        struct client_call call = {.request = rows[i].request};
        client_call(&client, &call);
        assert_int_equal(call.answer.status, 200);
        client_call_free(&call);
        const char *request = raw_server_request(server, i, &length);
        assert_memory_equal(request, rows[i].first, strlen(rows[i].first));
        if (rows[i].length == NULL)
            assert_null(strstr(request, "Content-Length"));
        else
            assert_non_null(strstr(request, rows[i].length));
    }
    assert_int_equal(raw_server_connections(server), 1);
    client_close(&client);
    raw_server_free(server);
}

static void
a_new_token_goes_with_the_next_call_not_with_those_under_way(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_start(
        raw_answer_all, (char *)(uintptr_t) "HTTP/1.1 200 OK\r\n"
                                            "Content-Length: 0\r\n\r\n");
    struct client client;
    client_open(&client, raw_server_port(server), 60 * 1000);
    struct client_call old = {.request = client_get_me};
    struct client_call new = {.request = client_post_event};
    client_start(&client, &old);
    http_curl_set_token(client.http, "second");
    http_curl_set_token(client.http, "third");
    client_start(&client, &new);
    client_finish(&client, &old);
    client_finish(&client, &new);
    client_call_free(&new);
    http_curl_set_token(client.http, "fourth");
    client_call(&client, &new);

    assert_int_equal(raw_server_requests(server), 3);
    int third = 0;
    for (int i = 0; i < 3; i++) {
        size_t length;
        const char *request = raw_server_request(server, i, &length);
        if (strstr(request, "GET /me") != NULL)
            assert_non_null(strstr(request, "Bearer secret-token\r\n"));
        assert_null(strstr(request, "Bearer second"));
        third += strstr(request, "Bearer third\r\n") != NULL;
    }
    assert_int_equal(third, 1);
    size_t length;
    assert_non_null(
        strstr(raw_server_request(server, 2, &length), "Bearer fourth\r\n"));
    client_call_free(&old);
    client_call_free(&new);
    client_close(&client);
    raw_server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_is_an_answer),
        cmocka_unit_test(numbers_are_read_from_the_headers),
        cmocka_unit_test(a_wait_until_a_date_counts_from_our_clock_without_one),
        cmocka_unit_test(texts_are_read_from_the_headers),
        cmocka_unit_test(texts_that_are_too_long_are_cut_and_made_one_line),
        cmocka_unit_test(html_shows_by_its_type_or_by_its_first_byte),
        cmocka_unit_test(an_interim_answer_leaves_no_trace),
        cmocka_unit_test(bodies_are_read_however_they_are_framed),
        cmocka_unit_test(trailers_are_not_read),
        cmocka_unit_test(a_body_over_the_maximum_is_cut_and_says_so),
        cmocka_unit_test(
            the_request_has_its_headers_once_and_its_body_byte_for_byte),
        cmocka_unit_test(a_method_leaves_nothing_behind_for_the_next),
        cmocka_unit_test(
            a_new_token_goes_with_the_next_call_not_with_those_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
