/* Which authorities may vouch for a server: read once for all connections, and
 * again when that may have been mended. */
#include "net/http_curl.h"

#include "base/clock.h"
#include "support/http_client.h"
#include "support/tls_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { CONNECTIONS = 8, LONG_MS = 60 * 1000, PATIENCE_MS = 10 * 1000 };

/* What libcurl finds in its file of authorities, and how often it looked. Only
 * the thread that moves the bytes is there. */
static X509 *authority; /* NULL: none that is of use */
static int readings;

/* Stand in for the library's, where libcurl calls them. */
int X509_STORE_load_file(X509_STORE *store, const char *file)
{
    (void)file;
    readings++;
    if (authority != NULL)
        (void)X509_STORE_add_cert(store, authority);
    return 1;
}

int X509_STORE_load_path(X509_STORE *store, const char *path)
{
    (void)store;
    (void)path;
    return 1;
}

struct fixture {
    struct tls_server tls;
    struct raw_server *server;
    struct client client;
};

static int open_both(void **state)
{
    static struct fixture fixture;
    char url[64];
    tls_server_init(&fixture.tls,
                    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    fixture.server = raw_server_start(tls_server_serve, &fixture.tls);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d",
                   raw_server_port(fixture.server));
    const struct http_curl_options options = {
        .api_url = url,
        .token = "secret-token",
        .connections = CONNECTIONS,
        .timeout_ms = LONG_MS,
    };
    client_open_with(&fixture.client, &options);
    authority = NULL;
    readings = 0;
    *state = &fixture;
    return 0;
}

static int close_both(void **state)
{
    struct fixture *fixture = *state;
    client_close(&fixture->client);
    raw_server_free(fixture->server);
    tls_server_free(&fixture->tls);
    return 0;
}

/* So many calls at once, each over a connection of its own. */
static void call_at_once(struct fixture *fixture, struct client_call *calls)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        calls[i] = (struct client_call){.request = client_get_me};
        client_start(&fixture->client, &calls[i]);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        client_finish(&fixture->client, &calls[i]);
}

static void connections_share_what_they_trust(void **state)
{
    struct fixture *fixture = *state;
    struct client_call calls[CONNECTIONS];
    authority = fixture->tls.certificate;
    call_at_once(fixture, calls);
    for (int i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(calls[i].answer.status, 200);
        client_call_free(&calls[i]);
    }
    assert_int_equal(raw_server_connections(fixture->server), CONNECTIONS);
    assert_int_equal(readings, 1);
}

static void
what_was_refused_is_looked_up_anew_once_it_may_be_mended(void **state)
{
    struct fixture *fixture = *state;
    struct client_call call = {.request = client_get_me};
    client_call(&fixture->client, &call);
    assert_int_equal(call.answer.trouble, HTTP_CERTIFICATE);
    assert_int_equal(readings, 1);

    authority = fixture->tls.certificate;
    int64_t until_ms = clock_monotonic_ms(clock_system()) + PATIENCE_MS;
    do {
        const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
        client_call(&fixture->client, &call);
    } while (call.answer.end != HTTP_ANSWERED &&
             clock_monotonic_ms(clock_system()) < until_ms);
    assert_int_equal(call.answer.status, 200);
    client_call_free(&call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(connections_share_what_they_trust,
                                        open_both, close_both),
        cmocka_unit_test_setup_teardown(
            what_was_refused_is_looked_up_anew_once_it_may_be_mended, open_both,
            close_both),
    };
    (void)signal(SIGPIPE, SIG_IGN); /* the test's own TLS server writes */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
