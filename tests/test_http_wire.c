/* Calls made by the wire's threads: as those of the seams behind it. */
#include "net/http_wire.h"

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
#include <time.h>
#include <unistd.h>

enum { MANY = 400, CONNECTIONS = 3 };

/* The client's seam is the wire's; its own is behind it, as the other's. */
struct wired {
    struct raw_server *server;
    struct client client;
    struct client other;
    struct http_wire *wire;
};

static void open_wired(struct wired *wired, raw_serve *serve)
{
    struct err err;
    wired->server = raw_server_start(serve, NULL);
    client_open(&wired->client, raw_server_port(wired->server), 60 * 1000);
    client_open(&wired->other, raw_server_port(wired->server), 60 * 1000);
    const struct http *const inner[] = {wired->client.seam, wired->other.seam};
    assert_int_equal(http_wire_threads(CONNECTIONS), 2);
    if (!http_wire_new(inner, CONNECTIONS, &wired->wire, &err))
        fail_msg("%s", err.text);
    wired->client.seam = http_wire_seam(wired->wire);
}

static void close_wired(struct wired *wired)
{
    http_wire_free(wired->wire);
    client_close(&wired->client);
    client_close(&wired->other);
    raw_server_free(wired->server);
}

static void stop(const struct wired *wired)
{
    wired->client.seam->stop(wired->client.seam->context);
}

static void start_calls(struct wired *wired, struct client_call *calls,
                        int count)
{
    for (int i = 0; i < count; i++) {
        calls[i] =
            (struct client_call){.request = {.method = "GET", .path = "/me"}};
        client_start(&wired->client, &calls[i]);
    }
}

/* Answer with the path that was asked for. */
static void answer_path(struct raw_connection *connection)
{
    while (raw_read_request(connection)) {
        char answer[200];
        char path[64] = "";
        size_t length;
        struct raw_server *server = connection->server;
        /* With one connection, the request read last is ours. */
        const char *request = raw_server_request(
            server, raw_server_requests(server) - 1, &length);
        (void)sscanf(request, "%*s %63s", path);
        (void)snprintf(answer, sizeof(answer),
                       "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                       strlen(path), path);
        raw_send(connection, answer);
    }
}

static void answer_nothing(struct raw_connection *connection)
{
    while (raw_read_request(connection))
        raw_send(connection, "HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n");
}

static void say_nothing(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_wait_for_end(connection);
}

static void answer_unless_stuck(struct raw_connection *connection)
{
    while (raw_read_request(connection)) {
        size_t length;
        struct raw_server *server = connection->server;
        const char *first = raw_server_request(server, 0, &length);
        if (raw_server_requests(server) == 1 && strstr(first, "/stuck")) {
            raw_wait_for_end(connection);
            return;
        }
        raw_send(connection, "HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n");
    }
}

static void every_call_gets_its_own_answer(void **state)
{
    (void)state;
    struct wired wired;
    open_wired(&wired, answer_path);
    for (int i = 0; i < 50; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "/contacts/%d", i);
        struct client_call call = {.request = {.method = "GET", .path = path}};
        client_call(&wired.client, &call);
        assert_int_equal(call.answer.end, HTTP_ANSWERED);
        assert_int_equal(call.answer.status, 200);
        assert_string_equal(call.answer.body, path);
        assert_int_equal(call.answer.body_length, strlen(path));
        client_call_free(&call);
    }
    close_wired(&wired);
}

static void many_calls_at_once_all_end(void **state)
{
    (void)state;
    struct wired wired;
    struct client_call *calls = calloc(MANY, sizeof(*calls));
    assert_non_null(calls);
    open_wired(&wired, answer_nothing);
    for (int i = 0; i < MANY; i++) {
        calls[i].request = (struct http_request){.method = "POST",
                                                 .path = "/events",
                                                 .body = "{}",
                                                 .body_length = 2};
        client_start(&wired.client, &calls[i]);
    }
    for (int i = 0; i < MANY; i++) {
        client_finish(&wired.client, &calls[i]);
        assert_int_equal(calls[i].answer.status, 202);
        client_call_free(&calls[i]);
    }
    assert_int_equal(raw_server_requests(wired.server), MANY);
    assert_in_range(raw_server_connections(wired.server), 1, CONNECTIONS);
    close_wired(&wired);
    free(calls);
}

static void stop_ends_what_is_under_way_and_the_wire_goes_on(void **state)
{
    (void)state;
    struct wired wired;
    struct client_call calls[20];
    open_wired(&wired, say_nothing);
    for (int round = 0; round < 2; round++) {
        start_calls(&wired, calls, 20);
        stop(&wired);
        client_take_done(&wired.client);
        for (int i = 0; i < 20; i++) {
            assert_true(calls[i].is_done);
            assert_int_equal(calls[i].answer.trouble, HTTP_STOPPED);
            client_call_free(&calls[i]);
        }
    }
    close_wired(&wired);
}

static void wait_for_requests(const struct wired *wired, int wanted)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};
    for (int i = 0; i < 30000 && raw_server_requests(wired->server) < wanted;
         i++)
        (void)nanosleep(&moment, NULL);
}

/* Two calls wait for a connection, and no answer comes. */
static void start_more_than_fit(struct wired *wired, struct client_call *calls)
{
    open_wired(wired, say_nothing);
    start_calls(wired, calls, CONNECTIONS + 2);
    wait_for_requests(wired, CONNECTIONS);
}

static void what_waits_for_a_connection_was_not_sent(void **state)
{
    (void)state;
    struct wired wired;
    struct client_call calls[CONNECTIONS + 2];
    start_more_than_fit(&wired, calls);
    stop(&wired);
    client_take_done(&wired.client);
    for (int i = 0; i < CONNECTIONS + 2; i++) {
        assert_int_equal(calls[i].answer.end,
                         i < CONNECTIONS ? HTTP_UNKNOWN : HTTP_NOT_SENT);
        assert_true(calls[i].answer.started_ms > 0);
        client_call_free(&calls[i]);
    }
    close_wired(&wired);
}

static void what_waits_is_taken_back_and_the_rest_goes_on(void **state)
{
    (void)state;
    struct wired wired;
    struct client_call calls[CONNECTIONS + 2];
    start_more_than_fit(&wired, calls);
    wired.client.seam->recall(wired.client.seam->context);
    for (int i = CONNECTIONS; i < CONNECTIONS + 2; i++) {
        client_finish(&wired.client, &calls[i]);
        assert_int_equal(calls[i].answer.end, HTTP_NOT_SENT);
        assert_int_equal(calls[i].answer.trouble, HTTP_RECALLED);
        client_call_free(&calls[i]);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        assert_false(calls[i].is_done);
    stop(&wired);
    client_take_done(&wired.client);
    for (int i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(calls[i].answer.trouble, HTTP_STOPPED);
        client_call_free(&calls[i]);
    }
    close_wired(&wired);
}

static const struct timespec moment = {.tv_nsec = 1000 * 1000};

/* Every connection has its call before the first answer: that one keeps others
 * from being made. */
static void answer_unauthorized(struct raw_connection *connection)
{
    while (raw_read_request(connection)) {
        for (int i = 0;
             i < 30000 && raw_server_requests(connection->server) < CONNECTIONS;
             i++)
            (void)nanosleep(&moment, NULL);
        raw_send(connection, "HTTP/1.1 401 Unauthorized\r\n"
                             "Content-Length: 0\r\n\r\n");
    }
}

/* Take so many answers, without having looked at them all. */
static void take_answers(struct wired *wired, int wanted)
{
    const struct http *seam = wired->client.seam;
    struct http_done done;
    for (int i = 0; i < 30000 && wanted > 0; i++) {
        while (seam->next_done(seam->context, &done)) {
            wanted--;
            ((struct client_call *)done.owner)->answer = done.answer;
        }
        (void)nanosleep(&moment, NULL);
    }
    assert_int_equal(wanted, 0);
}

static void bad_news_is_seen_before_more_is_sent(void **state)
{
    (void)state;
    for (int recalls = 0; recalls < 2; recalls++) {
        struct wired wired;
        struct client_call calls[CONNECTIONS + 2];
        open_wired(&wired, answer_unauthorized);
        const struct http *seam = wired.client.seam;
        start_calls(&wired, calls, CONNECTIONS + 2);
        take_answers(&wired, CONNECTIONS);
        assert_int_equal(raw_server_requests(wired.server), CONNECTIONS);
        if (recalls == 1)
            seam->recall(seam->context);
        seam->wait(seam->context, -1, 30 * 1000);
        take_answers(&wired, 2);
        assert_int_equal(raw_server_requests(wired.server),
                         CONNECTIONS + (recalls == 1 ? 0 : 2));
        close_wired(&wired);
    }
}

static void answer_unauthorized_at_once(struct raw_connection *connection)
{
    while (raw_read_request(connection))
        raw_send(connection, "HTTP/1.1 401 Unauthorized\r\n"
                             "Content-Length: 0\r\n\r\n");
}

static void note_work(const struct http *inner, void *context)
{
    (void)inner;
    (void)!__atomic_add_fetch((int *)context, 1, __ATOMIC_SEQ_CST);
}

static void bad_news_of_one_thread_stops_the_other(void **state)
{
    (void)state;
    struct wired wired;
    struct client_call calls[CONNECTIONS];
    int worked = 0;
    open_wired(&wired, answer_unauthorized_at_once);
    const struct http *seam = wired.client.seam;
    start_calls(&wired, calls, 1);
    take_answers(&wired, 1);
    start_calls(&wired, calls, CONNECTIONS);
    /* Each has looked whether there is something to do. */
    http_wire_do(wired.wire, note_work, &worked);
    assert_int_equal(worked, 2);
    assert_int_equal(raw_server_requests(wired.server), 1);
    seam->wait(seam->context, -1, 30 * 1000);
    assert_true(raw_server_requests(wired.server) > 1);
    close_wired(&wired);
}

/* One of three connections that answers nothing keeps nothing else waiting. */
static void what_waits_waits_for_either(void **state)
{
    (void)state;
    struct wired wired;
    struct client_call stuck = {.request = {.method = "GET", .path = "/stuck"}};
    struct client_call calls[40];
    open_wired(&wired, answer_unless_stuck);
    client_start(&wired.client, &stuck);
    wait_for_requests(&wired, 1);
    start_calls(&wired, calls, 40);
    for (int i = 0; i < 40; i++) {
        client_finish(&wired.client, &calls[i]);
        assert_int_equal(calls[i].answer.status, 202);
        client_call_free(&calls[i]);
    }
    assert_false(stuck.is_done);
    close_wired(&wired);
}

static void connections_are_shared_out(void **state)
{
    (void)state;
    for (int connections = 1; connections <= 128; connections++) {
        int sum = 0;
        int threads = http_wire_threads(connections);
        assert_in_range(threads, 1, HTTP_WIRE_MOST_THREADS);
        for (int i = 0; i < threads; i++) {
            int share = http_wire_share(connections, i);
            assert_true(share > 0 && share - connections / threads <= 1);
            sum += share;
        }
        assert_int_equal(sum, connections);
    }
}

static void calls_under_way_go_with_the_wire(void **state)
{
    (void)state;
    struct wired wired;
    struct client_call calls[12];
    open_wired(&wired, say_nothing);
    start_calls(&wired, calls, 12);
    close_wired(&wired);
}

static void a_descriptor_ends_the_wait(void **state)
{
    (void)state;
    struct wired wired;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    open_wired(&wired, say_nothing);
    struct client_call call = {.request = {.method = "GET", .path = "/me"}};
    client_start(&wired.client, &call);
    assert_int_equal(write(ends[1], "x", 1), 1);
    wired.client.seam->wait(wired.client.seam->context, ends[0], 3600 * 1000);
    wired.client.seam->wait(wired.client.seam->context, -1, 0);
    wired.client.seam->wait(wired.client.seam->context, -1, 1);
    client_take_done(&wired.client);
    assert_false(call.is_done);
    close_wired(&wired);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void set_token(const struct http *inner, void *context)
{
    http_curl_set_token(inner->context, context);
}

static void work_is_done_between_calls(void **state)
{
    (void)state;
    static char tokens[][8] = {"first", "second", "third"};
    struct wired wired;
    open_wired(&wired, answer_nothing);
    for (int i = 0; i < 3; i++) {
        size_t length;
        char line[64];
        struct client_call call = {.request = {.method = "GET", .path = "/me"}};
        http_wire_do(wired.wire, set_token, tokens[i]);
        client_call(&wired.client, &call);
        client_call_free(&call);
        (void)snprintf(line, sizeof(line), "Bearer %s\r\n", tokens[i]);
        assert_non_null(
            strstr(raw_server_request(wired.server, i, &length), line));
    }
    close_wired(&wired);
}

static void nothing_is_fine(void **state)
{
    (void)state;
    struct wired wired;
    http_wire_free(NULL);
    open_wired(&wired, answer_nothing);
    stop(&wired);
    client_take_done(&wired.client);
    close_wired(&wired);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_gets_its_own_answer),
        cmocka_unit_test(many_calls_at_once_all_end),
        cmocka_unit_test(stop_ends_what_is_under_way_and_the_wire_goes_on),
        cmocka_unit_test(what_waits_for_a_connection_was_not_sent),
        cmocka_unit_test(what_waits_is_taken_back_and_the_rest_goes_on),
        cmocka_unit_test(bad_news_is_seen_before_more_is_sent),
        cmocka_unit_test(bad_news_of_one_thread_stops_the_other),
        cmocka_unit_test(what_waits_waits_for_either),
        cmocka_unit_test(connections_are_shared_out),
        cmocka_unit_test(calls_under_way_go_with_the_wire),
        cmocka_unit_test(a_descriptor_ends_the_wait),
        cmocka_unit_test(work_is_done_between_calls),
        cmocka_unit_test(nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
