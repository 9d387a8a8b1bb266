/* A name server that does not answer must hold up nobody but the calls that
 * need it: neither the end of the relay nor the calls beside it. */
#include "net/http_curl.h"

#include "support/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

enum { PATIENCE_S = 20, LONG_MS = 60 * 1000, SHORT_MS = 200 };

/* The name server: it answers when it is let go, or after PATIENCE_S, so that
 * what waits for it fails instead of hanging. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int asked;    /* names asked for, all in all */
static int answered; /* of these */
static bool is_let_go;

/* Stands in for the C library's, also where libcurl calls it. */
int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    struct timespec until;
    (void)node;
    (void)service;
    (void)hints;
    *result = NULL;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    (void)pthread_mutex_lock(&lock);
    asked++;
    (void)pthread_cond_broadcast(&changed);
    while (!is_let_go && pthread_cond_timedwait(&changed, &lock, &until) == 0) {
    }
    answered++;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&lock);
    return EAI_AGAIN;
}

static int count_answered(void)
{
    (void)pthread_mutex_lock(&lock);
    int count = answered;
    (void)pthread_mutex_unlock(&lock);
    return count;
}

static void wait_until_asked(void)
{
    (void)pthread_mutex_lock(&lock);
    while (asked == 0)
        (void)pthread_cond_wait(&changed, &lock);
    (void)pthread_mutex_unlock(&lock);
}

static int silence(void **state)
{
    (void)state;
    asked = 0;
    answered = 0;
    is_let_go = false;
    return 0;
}

/* Let the name server answer, and wait until it has. */
static int let_go(void **state)
{
    (void)state;
    (void)pthread_mutex_lock(&lock);
    is_let_go = true;
    (void)pthread_cond_broadcast(&changed);
    while (answered < asked)
        (void)pthread_cond_wait(&changed, &lock);
    (void)pthread_mutex_unlock(&lock);
    return 0;
}

static void open_client(struct client *client, int64_t timeout_ms)
{
    const struct http_curl_options options = {
        .api_url = "https://name.example",
        .token = "secret-token",
        .connections = 4,
        .timeout_ms = timeout_ms,
    };
    client_open_with(client, &options);
}

static void stop_does_not_wait_for_a_name(void **state)
{
    (void)state;
    struct client client;
    struct client_call call = {.request = client_get_me};
    open_client(&client, LONG_MS);
    client_start(&client, &call);
    client.seam->wait(client.seam->context, -1, 0);
    wait_until_asked();
    client.seam->stop(client.seam->context);
    client_take_done(&client);
    assert_int_equal(count_answered(), 0);
    assert_true(call.is_done);
    assert_int_equal(call.answer.end, HTTP_NOT_SENT);
    assert_int_equal(call.answer.trouble, HTTP_STOPPED);
    client_call_free(&call);
    client_close(&client);
    assert_int_equal(count_answered(), 0);
}

static void a_timeout_does_not_wait_for_a_name(void **state)
{
    (void)state;
    struct client client;
    struct client_call call = {.request = client_get_me};
    open_client(&client, SHORT_MS);
    client_call(&client, &call);
    assert_int_equal(count_answered(), 0);
    assert_int_equal(call.answer.end, HTTP_NOT_SENT);
    client_call_free(&call);
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stop_does_not_wait_for_a_name, silence,
                                        let_go),
        cmocka_unit_test_setup_teardown(a_timeout_does_not_wait_for_a_name,
                                        silence, let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
