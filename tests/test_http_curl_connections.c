/* Which connection a call goes on: kept, shared, and closed by the peer at the
 * worst of times. */
#include "net/http_curl.h"

#include "support/http_client.h"
#include "support/raw_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <semaphore.h>
#include <sys/socket.h>

enum { LONG_MS = 60 * 1000 };

static void connections_are_kept_and_used_again(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_start(raw_answer_all, NULL);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    struct client_call call = {.request = client_post_event};
    for (int i = 0; i < 20; i++) {
        client_call(&client, &call);
        assert_int_equal(call.answer.status, 202);
    }
    client_call_free(&call);
    assert_int_equal(raw_server_requests(server), 20);
    assert_int_equal(raw_server_connections(server), 1);
    client_close(&client);
    raw_server_free(server);
}

static void many_calls_at_once_share_the_connections(void **state)
{
    (void)state;
    enum { CALLS = 200 };
    struct raw_server *server = raw_server_start(raw_answer_all, NULL);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    static struct client_call calls[CALLS];
    for (int i = 0; i < CALLS; i++) {
        calls[i].request = i % 2 == 0 ? client_post_event : client_get_me;
        client_start(&client, &calls[i]);
    }
    for (int i = 0; i < CALLS; i++) {
        client_finish(&client, &calls[i]);
        assert_int_equal(calls[i].answer.status, 202);
        client_call_free(&calls[i]);
    }
    assert_int_equal(raw_server_requests(server), CALLS);
    assert_in_range(raw_server_connections(server), 1, 8);
    client_close(&client);
    raw_server_free(server);
}

/* The first connection ends after one answer; the semaphore tells when it is
 * closed. Others answer on. */
static void close_the_first_when_idle(struct raw_connection *connection)
{
    sem_t *closed = connection->context;
    while (raw_read_request(connection)) {
        raw_send(connection, RAW_ACCEPTED);
        if (connection->number == 1) {
            (void)shutdown(connection->socket, SHUT_RDWR);
            (void)sem_post(closed);
            return;
        }
    }
}

static void an_idle_connection_closed_by_the_peer_costs_nothing(void **state)
{
    (void)state;
    sem_t closed;
    (void)sem_init(&closed, 0, 0);
    struct raw_server *server =
        raw_server_start(close_the_first_when_idle, &closed);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    struct client_call call = {.request = client_post_event};
    client_call(&client, &call);
    assert_int_equal(call.answer.status, 202);
    (void)sem_wait(&closed);
    client_call(&client, &call);
    assert_int_equal(call.answer.end, HTTP_ANSWERED);
    assert_int_equal(call.answer.status, 202);
    assert_int_equal(raw_server_requests(server), 2);
    client_call_free(&call);
    client_close(&client);
    raw_server_free(server);
    (void)sem_destroy(&closed);
}

/* The first connection reads a second request, and closes without a word: as
 * if the close and the request had crossed. */
static void close_the_first_on_reuse(struct raw_connection *connection)
{
    int answered = 0;
    while (raw_read_request(connection)) {
        if (connection->number == 1 && answered++ > 0)
            return;
        raw_send(connection, RAW_ACCEPTED);
    }
}

static void
a_close_that_crosses_the_request_ends_with_the_same_bytes_again(void **state)
{
    (void)state;
    struct raw_server *server =
        raw_server_start(close_the_first_on_reuse, NULL);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    struct client_call call = {.request = client_post_event};
    client_call(&client, &call);
    client_call(&client, &call);
    assert_int_equal(call.answer.end, HTTP_ANSWERED);
    assert_int_equal(call.answer.status, 202);
    assert_int_equal(raw_server_requests(server), 3);
    size_t length;
    size_t again_length;
    const char *request = raw_server_request(server, 1, &length);
    const char *again = raw_server_request(server, 2, &again_length);
    assert_int_equal(length, again_length);
    assert_memory_equal(request, again, length);
    client_call_free(&call);
    client_close(&client);
    raw_server_free(server);
}

/* As above, and every later connection closes, too. */
static void close_all_but_the_first_answer(struct raw_connection *connection)
{
    if (raw_read_request(connection) && connection->number == 1) {
        raw_send(connection, RAW_ACCEPTED);
        (void)!raw_read_request(connection);
    }
}

static void a_request_sent_again_in_vain_is_unknown(void **state)
{
    (void)state;
    struct raw_server *server =
        raw_server_start(close_all_but_the_first_answer, NULL);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    struct client_call call = {.request = client_post_event};
    client_call(&client, &call);
    assert_int_equal(call.answer.status, 202);
    client_call(&client, &call);
    client_expect_end(&call, HTTP_UNKNOWN, HTTP_RESET);
    client_call_free(&call);
    client_close(&client);
    raw_server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_kept_and_used_again),
        cmocka_unit_test(many_calls_at_once_share_the_connections),
        cmocka_unit_test(an_idle_connection_closed_by_the_peer_costs_nothing),
        cmocka_unit_test(
            a_close_that_crosses_the_request_ends_with_the_same_bytes_again),
        cmocka_unit_test(a_request_sent_again_in_vain_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
