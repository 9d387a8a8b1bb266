/* test_sandbox.c - the sandbox over real sockets: what goes wrong on a wire,
 * what takes time, what runs beside each other. */
#include "net/sandbox.h"

#include "base/buf.h"
#include "base/clock.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PARALLEL = 100, DEADLINE_MS = 20000 };

static struct sandbox *sandbox;
static struct curl_slist *headers;

/* One transfer and what came of it. */
struct transfer {
    CURL *easy;
    struct buf head;
    struct buf body;
    CURLcode end;
    long status;
};

static void start(const struct sandbox_options *options)
{
    struct err err;
    if (!sandbox_start(options, &sandbox, &err))
        fail_msg("%s", err.text);
}

static int stop(void **state)
{
    (void)state;
    sandbox_stop(sandbox);
    sandbox = NULL;
    return 0;
}

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    buf_add(context, bytes, size * count);
    return size * count;
}

/* body NULL: a GET. */
static void prepare(struct transfer *transfer, const char *path,
                    const char *body)
{
    char url[300];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s",
                   (unsigned)sandbox_port(sandbox), path);
    *transfer = (struct transfer){.easy = curl_easy_init()};
    buf_init(&transfer->head, (size_t)1 << 16);
    buf_init(&transfer->body, 1 << 24);
    curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(transfer->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(transfer->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)DEADLINE_MS);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, &transfer->body);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, keep);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, &transfer->head);
    if (body != NULL)
        curl_easy_setopt(transfer->easy, CURLOPT_COPYPOSTFIELDS, body);
}

static void finish(struct transfer *transfer, CURLcode end)
{
    transfer->end = end;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
                      &transfer->status);
}

static void discard(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    buf_free(&transfer->head);
    buf_free(&transfer->body);
}

static void run(struct transfer *transfer)
{
    finish(transfer, curl_easy_perform(transfer->easy));
}

/* One call on a connection of its own; returns its status, 0: no answer. */
static long call(const char *path, const char *body)
{
    struct transfer transfer;
    prepare(&transfer, path, body);
    run(&transfer);
    long status = transfer.end == CURLE_OK ? transfer.status : 0;
    discard(&transfer);
    return status;
}

static void create(const char *user)
{
    char body[100];
    (void)snprintf(body, sizeof(body), "{\"external_id\":\"%s\"}", user);
    assert_int_equal(call("/contacts", body), 200);
}

static void prepare_event(struct transfer *transfer, const char *user,
                          int number)
{
    char body[200];
    (void)snprintf(body, sizeof(body),
                   "{\"event_name\":\"e\",\"user_id\":\"%s\",\"created_at\":"
                   "%d}",
                   user, number);
    prepare(transfer, "/events", body);
}

/* Start all of them at once. */
static CURLM *launch(struct transfer *transfers, size_t count)
{
    CURLM *multi = curl_multi_init();
    int running = 0;
    for (size_t i = 0; i < count; i++) {
        curl_easy_setopt(transfers[i].easy, CURLOPT_PRIVATE, &transfers[i]);
        curl_multi_add_handle(multi, transfers[i].easy);
    }
    curl_multi_perform(multi, &running);
    return multi;
}

/* Go on until all have ended, and discard multi. */
static void land(CURLM *multi)
{
    int running = 1;
    while (running > 0) {
        int left = 0;
        curl_multi_poll(multi, NULL, 0, 100, NULL);
        curl_multi_perform(multi, &running);
        const CURLMsg *message = NULL;
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            struct transfer *transfer = NULL;
            CURL *easy = message->easy_handle;
            CURLcode end = message->data.result;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
            finish(transfer, end);
            curl_multi_remove_handle(multi, easy);
        }
    }
    curl_multi_cleanup(multi);
}

static int64_t calls_so_far(void)
{
    struct sandbox_summary summary;
    sandbox_summarize(sandbox, &summary);
    int64_t calls = summary.calls;
    sandbox_summary_free(&summary);
    return calls;
}

static int64_t parallel_so_far(void)
{
    struct sandbox_summary summary;
    sandbox_summarize(sandbox, &summary);
    int64_t parallel = summary.parallel_same_user;
    sandbox_summary_free(&summary);
    return parallel;
}

/* Go on with what was launched until so many calls came. */
static void drive_until_served(CURLM *multi, int64_t calls)
{
    int64_t deadline = now_ms() + DEADLINE_MS;
    int running = 0;
    while (calls_so_far() < calls && now_ms() < deadline) {
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, 5, NULL);
    }
    assert_int_equal(calls_so_far(), calls);
}

static void answer_has_the_headers_of_intercom(void **state)
{
    static const char *const parts[] = {
        "HTTP/1.1 200 ",
        "Date: ",
        "X-Request-Id: ",
        "X-RateLimit-Limit: 50\r\n",
        "X-RateLimit-Remaining: ",
        "X-RateLimit-Reset: ",
        "Content-Type: application/json",
    };
    struct transfer transfer;
    (void)state;
    start(&(struct sandbox_options){.quota = 50});
    prepare(&transfer, "/me", NULL);
    run(&transfer);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strstr(buf_text(&transfer.head), parts[i]) == NULL)
            fail_msg("no %s in %s", parts[i], buf_text(&transfer.head));
    }
    discard(&transfer);
}

static void merged_contact_sends_the_link(void **state)
{
    struct transfer transfer;
    (void)state;
    start(&(struct sandbox_options){.seed = 1});
    create("u%/1");
    create("u2");
    assert_int_equal(call("/_sandbox/contacts/u%25%2F1/merge", "u2"), 200);
    prepare(&transfer, "/contacts/find_by_external_id/u%25%2F1", NULL);
    run(&transfer);
    assert_int_equal(transfer.status, 410);
    assert_non_null(strstr(buf_text(&transfer.head), "\r\nLink: </contacts/"));
    assert_non_null(
        strstr(buf_text(&transfer.head), ">; rel=\"canonical\"\r\n"));
    discard(&transfer);
}

static void body_may_be_large_but_not_huge(void **state)
{
    static const struct {
        int padding;
        long status;
    } rows[] = {{1000, 200}, {200 * 1024, 200}, {300 * 1024, 413}};
    (void)state;
    start(&(struct sandbox_options){.seed = 1});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf body;
        buf_init(&body, 1 << 20);
        buf_add_format(&body, "{\"role\":\"user\"%*s}", rows[i].padding, "");
        assert_int_equal(call("/contacts", buf_text(&body)), rows[i].status);
        buf_free(&body);
    }
}

static void faults_break_the_connection_as_they_say(void **state)
{
    static const struct {
        const char *spec;
        CURLcode ends[2];
        long timeout_ms;
    } rows[] = {
        {"reset:1", {CURLE_RECV_ERROR, CURLE_GOT_NOTHING}, DEADLINE_MS},
        {"reset-after:1", {CURLE_RECV_ERROR, CURLE_GOT_NOTHING}, DEADLINE_MS},
        {"truncate:1", {CURLE_PARTIAL_FILE, CURLE_RECV_ERROR}, DEADLINE_MS},
        {"timeout:1",
         {CURLE_OPERATION_TIMEDOUT, CURLE_OPERATION_TIMEDOUT},
         300},
    };
    struct err err;
    (void)state;
    start(&(struct sandbox_options){.seed = 1});
    create("u1");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct transfer transfer;
        assert_true(sandbox_set_faults(sandbox, rows[i].spec, &err));
        prepare_event(&transfer, "u1", (int)i);
        curl_easy_setopt(transfer.easy, CURLOPT_TIMEOUT_MS, rows[i].timeout_ms);
        run(&transfer);
        if (transfer.end != rows[i].ends[0] && transfer.end != rows[i].ends[1])
            fail_msg("%s: %s", rows[i].spec, curl_easy_strerror(transfer.end));
        discard(&transfer);
    }
    assert_false(sandbox_set_faults(sandbox, "nothing", &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void unanswered_connection_is_freed_when_its_peer_goes(void **state)
{
    struct transfer transfer;
    int64_t deadline = now_ms() + DEADLINE_MS;
    bool is_freed = false;
    (void)state;
    start(&(struct sandbox_options){.faults = "timeout:1"});
    prepare(&transfer, "/me", NULL);
    curl_easy_setopt(transfer.easy, CURLOPT_TIMEOUT_MS, 100L);
    run(&transfer);
    assert_int_equal(transfer.end, CURLE_OPERATION_TIMEDOUT);
    discard(&transfer);
    while (!is_freed && now_ms() < deadline) {
        prepare(&transfer, "/_sandbox/stats", NULL);
        run(&transfer);
        is_freed =
            strstr(buf_text(&transfer.body), "\"open_connections\":1,") != NULL;
        discard(&transfer);
    }
    assert_true(is_freed);
}

static void delayed_answers_wait_side_by_side(void **state)
{
    enum { LATENCY_MS = 200 };
    static struct transfer transfers[PARALLEL];
    struct sandbox_summary summary;
    (void)state;
    start(&(struct sandbox_options){.latency_ms = LATENCY_MS});
    for (size_t i = 0; i < PARALLEL; i++)
        prepare(&transfers[i], "/me", NULL);
    int64_t before_ms = now_ms();
    land(launch(transfers, PARALLEL));
    int64_t took_ms = now_ms() - before_ms;
    assert_true(took_ms >= LATENCY_MS);
    assert_true(took_ms < (int64_t)PARALLEL * LATENCY_MS / 2);
    for (size_t i = 0; i < PARALLEL; i++) {
        assert_int_equal(transfers[i].end, CURLE_OK);
        assert_int_equal(transfers[i].status, 200);
        discard(&transfers[i]);
    }
    sandbox_summarize(sandbox, &summary);
    assert_int_equal(summary.calls, PARALLEL);
    assert_true(summary.peak_connections > PARALLEL / 2);
    sandbox_summary_free(&summary);
}

static void only_overlapping_events_of_one_user_are_parallel(void **state)
{
    struct transfer pair[2];
    (void)state;
    start(&(struct sandbox_options){.latency_ms = 200});
    create("u1");
    create("u2");
    prepare_event(&pair[0], "u1", 1);
    prepare_event(&pair[1], "u2", 1);
    land(launch(pair, 2));
    discard(&pair[0]);
    discard(&pair[1]);
    prepare_event(&pair[0], "u1", 2);
    run(&pair[0]);
    discard(&pair[0]);
    assert_int_equal(parallel_so_far(), 0);
    prepare_event(&pair[0], "u1", 3);
    prepare_event(&pair[1], "u1", 4);
    land(launch(pair, 2));
    discard(&pair[0]);
    discard(&pair[1]);
    assert_int_equal(parallel_so_far(), 1);
}

static void event_whose_sender_left_is_not_parallel(void **state)
{
    struct transfer transfer;
    (void)state;
    start(&(struct sandbox_options){.faults = "slow@events:1"});
    create("u1");
    prepare_event(&transfer, "u1", 1);
    curl_easy_setopt(transfer.easy, CURLOPT_TIMEOUT_MS, 300L);
    run(&transfer);
    assert_int_equal(transfer.end, CURLE_OPERATION_TIMEDOUT);
    discard(&transfer);
    prepare_event(&transfer, "u1", 2);
    run(&transfer);
    assert_int_equal(transfer.status, 202);
    discard(&transfer);
    assert_int_equal(parallel_so_far(), 0);
}

static void stop_ends_calls_that_wait(void **state)
{
    static struct transfer transfers[PARALLEL];
    (void)state;
    start(&(struct sandbox_options){.latency_ms = 3600000,
                                    .faults = "timeout@events:0.5"});
    for (size_t i = 0; i < PARALLEL; i++)
        prepare_event(&transfers[i], "u1", (int)i);
    CURLM *multi = launch(transfers, PARALLEL);
    drive_until_served(multi, PARALLEL);
    int64_t before_ms = now_ms();
    assert_int_equal(stop(NULL), 0);
    assert_true(now_ms() - before_ms < DEADLINE_MS);
    land(multi);
    for (size_t i = 0; i < PARALLEL; i++)
        discard(&transfers[i]);
}

static void listing_of_many_events_is_one_array(void **state)
{
    enum { EVENTS = 2000 };
    struct transfer transfer;
    int count = 0;
    (void)state;
    start(&(struct sandbox_options){.seed = 1});
    create("u1");
    prepare(&transfer, "/events", "");
    for (int i = 0; i < EVENTS; i++) {
        char body[200];
        (void)snprintf(body, sizeof(body),
                       "{\"event_name\":\"e\",\"user_id\":\"u1\","
                       "\"created_at\":%d,\"metadata\":{\"n\":%d}}",
                       i, i);
        curl_easy_setopt(transfer.easy, CURLOPT_COPYPOSTFIELDS, body);
        run(&transfer);
        assert_int_equal(transfer.status, 202);
    }
    discard(&transfer);
    prepare(&transfer, "/_sandbox/events?user=u1", NULL);
    run(&transfer);
    assert_int_equal(transfer.end, CURLE_OK);
    const char *at = buf_text(&transfer.body);
    assert_int_equal(at[0], '[');
    assert_string_equal(at + transfer.body.length - 3, "}]\n");
    while ((at = strstr(at, "\"event_name\"")) != NULL) {
        count++;
        at++;
    }
    assert_int_equal(count, EVENTS);
    discard(&transfer);
}

static void port_in_use_and_bad_address_are_told_apart(void **state)
{
    struct sandbox *other = NULL;
    struct err err;
    (void)state;
    start(&(struct sandbox_options){.seed = 1});
    struct sandbox_options options = {.port = sandbox_port(sandbox)};
    assert_false(sandbox_start(&options, &other, &err));
    assert_int_equal(err.code, ERR_ACCESS);
    options.address = "nowhere";
    assert_false(sandbox_start(&options, &other, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_null(other);
}

static int open_curl(void **state)
{
    (void)state;
    curl_global_init(CURL_GLOBAL_ALL);
    headers = curl_slist_append(NULL, "Authorization: Bearer token");
    headers = curl_slist_append(headers, "Content-Type: application/json");
    return 0;
}

static int close_curl(void **state)
{
    (void)state;
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answer_has_the_headers_of_intercom),
        TEST(merged_contact_sends_the_link),
        TEST(body_may_be_large_but_not_huge),
        TEST(faults_break_the_connection_as_they_say),
        TEST(unanswered_connection_is_freed_when_its_peer_goes),
        TEST(delayed_answers_wait_side_by_side),
        TEST(only_overlapping_events_of_one_user_are_parallel),
        TEST(event_whose_sender_left_is_not_parallel),
        TEST(stop_ends_calls_that_wait),
        TEST(listing_of_many_events_is_one_array),
        TEST(port_in_use_and_bad_address_are_told_apart),
    };
    return cmocka_run_group_tests(tests, open_curl, close_curl);
}
