/* The receiver's HTTP over socket pairs, one thread, its time given: who
 * commits here is the test. */
#include "net/receiver_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD       "POST /webhooks/revenuecat HTTP/1.1\r\nHost: x\r\n"
#define WEBHOOK    HEAD "Content-Length: 2\r\n\r\n{}"
#define GET_HEALTH "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

enum { MOST_CLIENTS = 2 };

struct fixture {
    struct receiver_stats stats;
    struct receiver_auth *auth;
    struct receiver_http *http;
    int64_t now_ms;
    int clients[MOST_CLIENTS]; /* our ends; -1: hung up */
    int client_count;
};

static void set_up(struct fixture *fixture)
{
    struct err err;
    *fixture = (struct fixture){.now_ms = 1000000};
    receiver_stats_init(&fixture->stats);
    fixture->auth = receiver_auth_new(NULL, NULL);
    const struct receiver_http_options options = {.auth = fixture->auth,
                                                  .stats = &fixture->stats};
    assert_true(receiver_http_new(&options, &fixture->http, &err));
}

static void tear_down(struct fixture *fixture)
{
    for (int i = 0; i < fixture->client_count; i++) {
        if (fixture->clients[i] >= 0)
            (void)close(fixture->clients[i]);
    }
    receiver_http_free(fixture->http);
    receiver_auth_free(fixture->auth);
}

static int open_receiver(void **state)
{
    static struct fixture fixture;
    set_up(&fixture);
    *state = &fixture;
    return 0;
}

static int close_receiver(void **state)
{
    tear_down(*state);
    return 0;
}

/* The client's end of a new connection. */
static int connect_to(struct fixture *fixture)
{
    int ends[2];
    const struct sockaddr_in peer = {.sin_family = AF_INET};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends),
                     0);
    assert_true(receiver_http_add(fixture->http, ends[0],
                                  (const struct sockaddr *)&peer, sizeof(peer),
                                  fixture->now_ms));
    assert_true(fixture->client_count < MOST_CLIENTS);
    fixture->clients[fixture->client_count++] = ends[1];
    return ends[1];
}

static void hang_up(struct fixture *fixture, int client)
{
    for (int i = 0; i < fixture->client_count; i++) {
        if (fixture->clients[i] == client)
            fixture->clients[i] = -1;
    }
    (void)close(client);
}

static void say(int client, const char *text)
{
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL),
                     strlen(text));
}

/* Run until nothing more happens without a job being done. */
static void run(struct fixture *fixture)
{
    do {
        receiver_http_run(fixture->http, fixture->now_ms);
    } while (receiver_http_wait_ms(fixture->http, fixture->now_ms) == 0);
}

/* Answer all jobs that have gathered: how many there were. */
static int do_jobs(struct fixture *fixture)
{
    struct receiver_jobs jobs;
    int count = 0;
    run(fixture);
    receiver_http_take_jobs(fixture->http, &jobs);
    for (struct receiver_job *job = jobs.first; job != NULL; job = job->next) {
        receiver_request_answer(job->request, RECEIVER_ACCEPTED, NULL, NULL);
        count++;
    }
    receiver_http_finish(fixture->http, &jobs, fixture->now_ms);
    run(fixture);
    return count;
}

/* What the client has been sent; "closed" at the end if it was closed. */
static const char *hear(int client)
{
    static char text[65536];
    size_t length = 0;
    for (;;) {
        ssize_t got = recv(client, text + length, sizeof(text) - 10 - length,
                           MSG_DONTWAIT);
        if (got > 0) {
            length += (size_t)got;
            continue;
        }
        bool is_open = got < 0 && errno == EAGAIN;
        (void)snprintf(text + length, 10, "%s", is_open ? "" : "closed");
        return text;
    }
}

static int count_answers(const char *text, const char *status)
{
    int count = 0;
    while ((text = strstr(text, status)) != NULL) {
        count++;
        text++;
    }
    return count;
}

static void must_hear_accepted(int client)
{
    assert_non_null(strstr(hear(client), "HTTP/1.1 200 OK\r\n"));
}

static void a_request_waits_for_its_commit(void **state)
{
    struct fixture *fixture = *state;
    int client = connect_to(fixture);
    say(client, WEBHOOK);
    run(fixture);
    assert_string_equal(hear(client), "");
    assert_int_equal(do_jobs(fixture), 1);
    const char *answer = hear(client);
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(answer, "{\"status\":\"accepted\"}"));
    assert_null(strstr(answer, "closed"));
    /* The connection is kept. */
    say(client, WEBHOOK);
    assert_int_equal(do_jobs(fixture), 1);
    must_hear_accepted(client);
    hang_up(fixture, client);
    run(fixture);
    assert_int_equal(receiver_http_count(fixture->http), 0);
}

static void pipelined_requests_are_answered_one_by_one_in_order(void **state)
{
    struct fixture *fixture = *state;
    int client = connect_to(fixture);
    say(client,
        WEBHOOK GET_HEALTH "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" HEAD
                           "Content-Length: 3\r\n\r\n[1]");
    assert_int_equal(do_jobs(fixture), 1);
    assert_int_equal(do_jobs(fixture), 1);
    const char *text = hear(client);
    const char *first = strstr(text, "accepted");
    assert_non_null(first);
    const char *second = strstr(first, "{\"status\":\"ok\"}");
    assert_non_null(second);
    const char *third = strstr(second, "not_found");
    assert_non_null(third);
    assert_non_null(strstr(third, "accepted"));
    assert_int_equal(count_answers(text, "HTTP/1.1 "), 4);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    static const char request[] = HEAD "Transfer-Encoding: chunked\r\n\r\n"
                                       "3\r\n{\"a\r\n3\r\n\":1\r\n1\r\n}\r\n"
                                       "0\r\n\r\n";
    int client = connect_to(fixture);
    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        const char byte[] = {request[i], '\0'};
        say(client, byte);
        run(fixture);
    }
    struct receiver_jobs jobs;
    receiver_http_take_jobs(fixture->http, &jobs);
    assert_non_null(jobs.first);
    assert_string_equal(buf_text(&jobs.first->request->body), "{\"a\":1}");
    receiver_request_answer(jobs.first->request, RECEIVER_BUSY, NULL, "why");
    receiver_http_finish(fixture->http, &jobs, fixture->now_ms);
    run(fixture);
    const char *answer = hear(client);
    assert_non_null(strstr(answer, "HTTP/1.1 503 "));
    assert_non_null(strstr(answer, "Retry-After: 30\r\n"));
}

/* Each row is sent, then so much time passes. */
static void who_is_late_is_cut_whatever_trickles_in(void **state)
{
    static const struct {
        const char *sent;
        const char *trickle; /* sent again and again */
        int64_t fine_ms;
        int64_t late_ms;
        enum receiver_cut cut;
    } rows[] = {
        {"", "", 9000, 10100, RECEIVER_CUT_HEAD},
        {"POST /webh", "o", 9000, 10100, RECEIVER_CUT_HEAD},
        {HEAD, "A", 9000, 10100, RECEIVER_CUT_HEAD},
        {HEAD "Content-Length: 500\r\n\r\n", "x", 29000, 30100,
         RECEIVER_CUT_BODY},
        {GET_HEALTH, "", 74000, 75100, RECEIVER_CUT_IDLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture fixture;
        set_up(&fixture);
        int client = connect_to(&fixture);
        int64_t start_ms = fixture.now_ms;
        say(client, rows[i].sent);
        run(&fixture);
        (void)hear(client);
        for (int64_t ms = 1000; ms <= rows[i].fine_ms; ms += 1000) {
            say(client, rows[i].trickle);
            fixture.now_ms = start_ms + ms;
            run(&fixture);
            assert_string_equal(hear(client), "");
        }
        fixture.now_ms = start_ms + rows[i].late_ms;
        assert_true(receiver_http_wait_ms(fixture.http, fixture.now_ms) == 0);
        run(&fixture);
        assert_string_equal(hear(client), "closed");
        assert_int_equal(receiver_http_count(fixture.http), 0);
        assert_int_equal(fixture.stats.cuts[rows[i].cut], 1);
        tear_down(&fixture);
    }
}

static void who_asks_at_the_last_moment_is_answered(void **state)
{
    struct fixture *fixture = *state;
    int client = connect_to(fixture);
    say(client, GET_HEALTH);
    run(fixture);
    (void)hear(client);
    say(client, WEBHOOK);
    fixture->now_ms += 80000;
    assert_int_equal(do_jobs(fixture), 1);
    must_hear_accepted(client);
}

static void a_commit_may_take_as_long_as_it_takes(void **state)
{
    struct fixture *fixture = *state;
    int client = connect_to(fixture);
    say(client, WEBHOOK);
    run(fixture);
    fixture->now_ms += 3600 * 1000;
    run(fixture);
    assert_int_equal(do_jobs(fixture), 1);
    must_hear_accepted(client);
}

static void the_longest_idle_one_makes_room(void **state)
{
    struct fixture *fixture = *state;
    int busy = connect_to(fixture);
    say(busy, WEBHOOK);
    int answered = connect_to(fixture);
    say(answered, GET_HEALTH);
    run(fixture);
    (void)hear(answered);
    assert_true(receiver_http_make_room(fixture->http));
    run(fixture);
    assert_string_equal(hear(answered), "closed");
    assert_false(receiver_http_make_room(fixture->http));
    assert_int_equal(do_jobs(fixture), 1);
    must_hear_accepted(busy);
}

static void a_request_that_lies_there_is_answered_before_the_end(void **state)
{
    struct fixture *fixture = *state;
    int idle = connect_to(fixture);
    int client = connect_to(fixture);
    say(client, GET_HEALTH);
    run(fixture);
    (void)hear(client);
    /* It is idle here, and this has not been read yet. */
    say(client, WEBHOOK);
    receiver_http_empty(fixture->http, false);
    run(fixture);
    assert_string_equal(hear(idle), "closed");
    assert_int_equal(do_jobs(fixture), 1);
    receiver_http_empty(fixture->http, false);
    run(fixture);
    const char *answer = hear(client);
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
    assert_int_equal(receiver_http_count(fixture->http), 0);
    assert_non_null(strstr(answer, "closed"));
}

static void what_comes_on_a_cut_connection_is_not_taken(void **state)
{
    struct fixture *fixture = *state;
    int client = connect_to(fixture);
    run(fixture);
    receiver_http_empty(fixture->http, false);
    (void)send(client, HEAD "Content-Length: 0\r\n\r\n", strlen(HEAD) + 21,
               MSG_NOSIGNAL);
    assert_int_equal(do_jobs(fixture), 0);
    assert_string_equal(hear(client), "closed");
}

static void a_body_that_comes_too_late_is_not_taken(void **state)
{
    struct fixture *fixture = *state;
    int client = connect_to(fixture);
    say(client, HEAD "Content-Length: 2\r\n\r\n{");
    run(fixture);
    say(client, "}");
    fixture->now_ms += 30100;
    assert_int_equal(do_jobs(fixture), 0);
    assert_string_equal(hear(client), "closed");
}

static void all_is_cut_when_the_grace_is_over(void **state)
{
    struct fixture *fixture = *state;
    int waiting = connect_to(fixture);
    int sending = connect_to(fixture);
    say(waiting, WEBHOOK);
    say(sending, HEAD "Content-Length: 200\r\n\r\n{}");
    run(fixture);
    receiver_http_empty(fixture->http, false);
    run(fixture);
    assert_string_equal(hear(sending), "");
    receiver_http_empty(fixture->http, true);
    run(fixture);
    assert_string_equal(hear(sending), "closed");
    /* That of the job cannot go before it is back. */
    assert_int_equal(receiver_http_count(fixture->http), 1);
    assert_int_equal(do_jobs(fixture), 1);
    assert_int_equal(receiver_http_count(fixture->http), 0);
}

static void a_client_that_is_gone_costs_nothing_but_its_commit(void **state)
{
    struct fixture *fixture = *state;
    int client = connect_to(fixture);
    say(client, WEBHOOK);
    run(fixture);
    hang_up(fixture, client);
    run(fixture);
    assert_int_equal(do_jobs(fixture), 1);
    assert_int_equal(receiver_http_count(fixture->http), 0);
}

static void what_is_no_http_is_counted_and_closed(void **state)
{
    static const char *const rows[] = {
        "nonsense\r\n\r\n",
        "POST /webhooks/revenuecat HTTP/3.0\r\n\r\n",
        HEAD "Content-Length: x\r\n\r\n",
        HEAD "Content-Length: -1\r\n\r\n",
        HEAD "Content-Length: 99999999999999999999\r\n\r\n",
        HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture fixture;
        set_up(&fixture);
        int client = connect_to(&fixture);
        say(client, rows[i]);
        assert_int_equal(do_jobs(&fixture), 0);
        const char *answer = hear(client);
        assert_non_null(strstr(answer, "closed"));
        assert_null(strstr(answer, " 200 "));
        tear_down(&fixture);
    }
}

static void a_head_of_16_kib_is_read_and_one_of_64_is_not(void **state)
{
    static char value[64 * 1024];
    static char request[66 * 1024];
    static const struct {
        size_t bytes;
        int jobs;
    } rows[] = {{5000, 1}, {16 * 1024, 1}, {64 * 1024 - 1, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture fixture;
        set_up(&fixture);
        memset(value, 'v', rows[i].bytes);
        value[rows[i].bytes] = '\0';
        (void)snprintf(request, sizeof(request),
                       HEAD "Authorization: %s\r\nContent-Length: 0\r\n\r\n",
                       value);
        int client = connect_to(&fixture);
        say(client, request);
        assert_int_equal(do_jobs(&fixture), rows[i].jobs);
        const char *answer = hear(client);
        if (rows[i].jobs == 0) {
            assert_non_null(strstr(answer, "HTTP/1.1 431 "));
            assert_non_null(strstr(answer, "closed"));
            assert_int_equal(fixture.stats.malformed, 1);
        }
        tear_down(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_receiver, close_receiver)
        TEST(a_request_waits_for_its_commit),
        TEST(pipelined_requests_are_answered_one_by_one_in_order),
        TEST(a_request_may_come_byte_by_byte),
        cmocka_unit_test(who_is_late_is_cut_whatever_trickles_in),
        TEST(who_asks_at_the_last_moment_is_answered),
        TEST(a_commit_may_take_as_long_as_it_takes),
        TEST(the_longest_idle_one_makes_room),
        TEST(a_request_that_lies_there_is_answered_before_the_end),
        TEST(what_comes_on_a_cut_connection_is_not_taken),
        TEST(a_body_that_comes_too_late_is_not_taken),
        TEST(all_is_cut_when_the_grace_is_over),
        TEST(a_client_that_is_gone_costs_nothing_but_its_commit),
        cmocka_unit_test(what_is_no_http_is_counted_and_closed),
        cmocka_unit_test(a_head_of_16_kib_is_read_and_one_of_64_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
