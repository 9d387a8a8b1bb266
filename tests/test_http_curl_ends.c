/* How a call ends when there is no answer: what may have left this machine and
 * what can't have. Promise 3 hangs on it. */
#include "net/http_curl.h"

#include "support/http_client.h"
#include "support/raw_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG_MS = 60 * 1000, SHORT_MS = 200 };

/* One call to a server of this kind. */
static void call_once(raw_serve *serve, int64_t timeout_ms,
                      struct client_call *call)
{
    struct raw_server *server = raw_server_start(serve, NULL);
    struct client client;
    client_open(&client, raw_server_port(server), timeout_ms);
    client_call(&client, call);
    client_close(&client);
    raw_server_free(server);
}

static void call_url(const char *url, struct client_call *call)
{
    const struct http_curl_options options = {
        .api_url = url,
        .token = "secret-token",
        .connections = 4,
        .timeout_ms = LONG_MS,
        .insecure_http = true,
    };
    struct client client;
    client_open_with(&client, &options);
    client_call(&client, call);
    client_close(&client);
}

/* A port on which nobody listens, kept so that nobody else gets it. */
static int reserve_port(int *reserved)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
    };
    socklen_t length = sizeof(address);
    *reserved = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*reserved, (struct sockaddr *)&address, length), 0);
    assert_int_equal(
        getsockname(*reserved, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

/* --- nothing was sent ----------------------------------------------------- */

static void a_refused_connection_is_not_sent(void **state)
{
    (void)state;
    int reserved;
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d",
                   reserve_port(&reserved));
    struct client_call call = {.request = client_post_event};
    call_url(url, &call);
    client_expect_end(&call, HTTP_NOT_SENT, HTTP_REFUSED);
    client_call_free(&call);
    (void)close(reserved);
}

static void a_name_that_does_not_resolve_is_not_sent(void **state)
{
    (void)state;
    struct client_call call = {.request = client_post_event};
    call_url("http://x.invalid", &call);
    client_expect_end(&call, HTTP_NOT_SENT, HTTP_NO_ADDRESS);
    client_call_free(&call);
}

static void a_call_stopped_before_it_began_is_not_sent(void **state)
{
    (void)state;
    int reserved;
    struct client client;
    client_open(&client, reserve_port(&reserved), LONG_MS);
    struct client_call call = {.request = client_post_event};
    client_start(&client, &call);
    client.seam->stop(client.seam->context);
    client_take_done(&client);
    client_expect_end(&call, HTTP_NOT_SENT, HTTP_STOPPED);
    client_call_free(&call);
    client_close(&client);
    (void)close(reserved);
}

static void an_earlier_call_does_not_make_a_stopped_one_look_sent(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_start(raw_answer_all, NULL);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    struct client_call call = {.request = client_post_event};
    client_call(&client, &call);
    assert_int_equal(call.answer.status, 202);
    client_start(&client, &call);
    client.seam->stop(client.seam->context);
    client_take_done(&client);
    client_expect_end(&call, HTTP_NOT_SENT, HTTP_STOPPED);
    assert_int_equal(raw_server_requests(server), 1);
    client_call_free(&call);
    client_close(&client);
    raw_server_free(server);
}

/* --- it may have been sent ------------------------------------------------ */

static void read_and_close(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
}

static void read_and_reset(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_reset(connection);
}

static void answer_with_nonsense(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_send(connection, "220 mail.example ESMTP\r\n");
}

static void answer_half_a_head(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_send(connection, "HTTP/1.1 202 Accepted\r\nContent-Le");
}

static void answer_half_a_status(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_send(connection, "HTTP/1.1 20");
}

static void answer_an_interim_head_only(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_send(connection, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void answer_half_a_body(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_send(connection,
             "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":");
}

static void answer_half_a_chunk(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_send(connection,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{");
}

static void answer_bad_chunks(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_send(connection,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{");
}

static void a_peer_that_breaks_off_after_the_request_is_unknown(void **state)
{
    (void)state;
    raw_serve *const serves[] = {
        read_and_close,     read_and_reset,       answer_with_nonsense,
        answer_half_a_head, answer_half_a_body,   answer_half_a_chunk,
        answer_bad_chunks,  answer_half_a_status, answer_an_interim_head_only,
    };
    for (size_t i = 0; i < sizeof(serves) / sizeof(serves[0]); i++) {
        struct client_call call = {.request = client_post_event};
        call_once(serves[i], LONG_MS, &call);
        client_expect_end(&call, HTTP_UNKNOWN, HTTP_RESET);
        client_call_free(&call);
    }
}

static void close_at_once(struct raw_connection *connection)
{
    (void)connection;
}

static void
a_peer_that_closes_unread_is_never_said_to_have_answered(void **state)
{
    (void)state;
    /* Whether a byte left before the close is a race: both may be said, but
     * never an answer. */
    for (int i = 0; i < 20; i++) {
        struct client_call call = {.request = client_post_event};
        call_once(close_at_once, LONG_MS, &call);
        assert_int_not_equal(call.answer.end, HTTP_ANSWERED);
        assert_int_equal(call.answer.trouble, HTTP_RESET);
        client_call_free(&call);
    }
}

static void read_and_wait(struct raw_connection *connection)
{
    if (raw_read_request(connection))
        raw_wait_for_end(connection);
}

static void answer_slowly_for_ever(struct raw_connection *connection)
{
    (void)!raw_read_request(connection);
    raw_send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
    raw_wait_for_end(connection);
}

static void a_timeout_after_the_request_is_unknown(void **state)
{
    (void)state;
    raw_serve *const serves[] = {read_and_wait, answer_slowly_for_ever};
    for (size_t i = 0; i < sizeof(serves) / sizeof(serves[0]); i++) {
        struct client_call call = {.request = client_post_event};
        call_once(serves[i], SHORT_MS, &call);
        client_expect_end(&call, HTTP_UNKNOWN, HTTP_TIMED_OUT);
        assert_true(call.answer.took_ms >= SHORT_MS - 1);
        client_call_free(&call);
    }
}

static void a_call_that_waits_for_a_connection_is_not_sent(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_start(read_and_wait, NULL);
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d",
                   raw_server_port(server));
    const struct http_curl_options options = {
        .api_url = url,
        .token = "t",
        .connections = 1,
        .timeout_ms = SHORT_MS,
    };
    struct client client;
    client_open_with(&client, &options);
    struct client_call first = {.request = client_post_event};
    struct client_call second = {.request = client_post_event};
    client_start(&client, &first);
    while (raw_server_requests(server) == 0)
        client.seam->wait(client.seam->context, -1, 1);
    client_start(&client, &second);
    client.seam->wait(client.seam->context, -1, 1);
    client.seam->stop(client.seam->context);
    client_take_done(&client);
    client_expect_end(&first, HTTP_UNKNOWN, HTTP_STOPPED);
    client_expect_end(&second, HTTP_NOT_SENT, HTTP_STOPPED);
    client_call_free(&first);
    client_call_free(&second);
    client_close(&client);
    raw_server_free(server);
}

/* --- stopping and waiting ------------------------------------------------- */

static void stop_cuts_every_call_and_the_client_goes_on(void **state)
{
    (void)state;
    enum { CALLS = 20 };
    struct raw_server *server = raw_server_start(read_and_wait, NULL);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    static struct client_call calls[CALLS];
    for (int i = 0; i < CALLS; i++) {
        calls[i].request = client_post_event;
        client_start(&client, &calls[i]);
    }
    while (raw_server_requests(server) < 8)
        client.seam->wait(client.seam->context, -1, 1);
    client.seam->stop(client.seam->context);
    client_take_done(&client);
    int unknown = 0;
    for (int i = 0; i < CALLS; i++) {
        assert_true(calls[i].is_done);
        assert_int_equal(calls[i].answer.trouble, HTTP_STOPPED);
        assert_int_not_equal(calls[i].answer.end, HTTP_ANSWERED);
        unknown += calls[i].answer.end == HTTP_UNKNOWN;
        client_call_free(&calls[i]);
    }
    assert_int_equal(unknown, 8);
    raw_server_free(server);

    /* Nothing of the cut calls is left behind. */
    client.seam->stop(client.seam->context);
    client_take_done(&client);
    client_call(&client, &calls[0]);
    client_expect_end(&calls[0], HTTP_NOT_SENT, HTTP_REFUSED);
    client_call_free(&calls[0]);
    client_close(&client);
}

static void read_answer_and_tell(struct raw_connection *connection)
{
    while (raw_read_request(connection)) {
        raw_send(connection, RAW_ACCEPTED);
        (void)sem_post(connection->context);
    }
}

static void stop_keeps_an_answer_that_has_come_already(void **state)
{
    (void)state;
    sem_t answered;
    (void)sem_init(&answered, 0, 0);
    struct raw_server *server =
        raw_server_start(read_answer_and_tell, &answered);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    struct client_call call = {.request = client_post_event};
    client_start(&client, &call);
    while (sem_trywait(&answered) != 0)
        client.seam->wait(client.seam->context, -1, 1);
    client.seam->wait(client.seam->context, -1, LONG_MS);
    client.seam->stop(client.seam->context);
    client_take_done(&client);
    assert_int_equal(call.answer.end, HTTP_ANSWERED);
    assert_int_equal(call.answer.status, 202);
    client_call_free(&call);
    client_close(&client);
    raw_server_free(server);
    (void)sem_destroy(&answered);
}

static void freeing_the_client_cuts_what_is_under_way(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_start(read_and_wait, NULL);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    struct client_call call = {.request = client_post_event};
    client_start(&client, &call);
    while (raw_server_requests(server) == 0)
        client.seam->wait(client.seam->context, -1, 1);
    client_close(&client);
    raw_server_free(server);
}

static void wait_ends_when_the_descriptor_can_be_read(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_start(read_and_wait, NULL);
    struct client client;
    client_open(&client, raw_server_port(server), LONG_MS);
    int signal = eventfd(1, EFD_CLOEXEC);
    /* idle */
    client.seam->wait(client.seam->context, signal, 60 * 60 * 1000);
    /* with a call under way that gets no answer */
    struct client_call call = {.request = client_post_event};
    client_start(&client, &call);
    while (raw_server_requests(server) == 0)
        client.seam->wait(client.seam->context, signal, 60 * 60 * 1000);
    client.seam->wait(client.seam->context, signal, 60 * 60 * 1000);
    client_take_done(&client);
    assert_false(call.is_done);
    (void)close(signal);
    client_close(&client);
    raw_server_free(server);
}

static void next_done_has_nothing_without_a_call(void **state)
{
    (void)state;
    int reserved;
    struct client client;
    struct http_done done;
    client_open(&client, reserve_port(&reserved), LONG_MS);
    assert_false(client.seam->next_done(client.seam->context, &done));
    client.seam->wait(client.seam->context, -1, 0);
    client.seam->wait(client.seam->context, -1, -5);
    client.seam->stop(client.seam->context);
    assert_false(client.seam->next_done(client.seam->context, &done));
    client_close(&client);
    http_curl_free(NULL);
    (void)close(reserved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_connection_is_not_sent),
        cmocka_unit_test(a_name_that_does_not_resolve_is_not_sent),
        cmocka_unit_test(a_call_stopped_before_it_began_is_not_sent),
        cmocka_unit_test(an_earlier_call_does_not_make_a_stopped_one_look_sent),
        cmocka_unit_test(a_peer_that_breaks_off_after_the_request_is_unknown),
        cmocka_unit_test(
            a_peer_that_closes_unread_is_never_said_to_have_answered),
        cmocka_unit_test(a_timeout_after_the_request_is_unknown),
        cmocka_unit_test(a_call_that_waits_for_a_connection_is_not_sent),
        cmocka_unit_test(stop_cuts_every_call_and_the_client_goes_on),
        cmocka_unit_test(stop_keeps_an_answer_that_has_come_already),
        cmocka_unit_test(freeing_the_client_cuts_what_is_under_way),
        cmocka_unit_test(wait_ends_when_the_descriptor_can_be_read),
        cmocka_unit_test(next_done_has_nothing_without_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
