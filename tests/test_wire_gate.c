/* Calls that wait for a sync, at the wire: none leaves before it is made. The
 * peer is real, the sync is ours. */
#include "net/wire_gate.h"

#include "net/http_wire.h"
#include "support/http_client.h"
#include "support/raw_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <time.h>

enum { CONNECTIONS = 1, CALLS = 20 };

static const struct timespec moment = {.tv_nsec = 1000 * 1000};

/* The disk: a sync waits until it is let go, and fails if it is to. */
static struct {
    atomic_int begun;
    atomic_int let_go;
    atomic_int ended;
    atomic_bool fails;
} disk;

static struct raw_server *server;
static struct client client;
static struct http_wire *wire;

static bool sync_disk(void *context)
{
    int number = atomic_fetch_add(&disk.begun, 1) + 1;
    (void)context;
    while (atomic_load(&disk.let_go) < number)
        (void)nanosleep(&moment, NULL);
    atomic_fetch_add(&disk.ended, 1);
    return !atomic_load(&disk.fails);
}

static void wait_for(atomic_int *what, int wanted)
{
    for (int i = 0; i < 30000 && atomic_load(what) < wanted; i++)
        (void)nanosleep(&moment, NULL);
    assert_int_equal(atomic_load(what), wanted);
}

static void forget_syncs(void)
{
    disk.begun = 0;
    disk.let_go = 0;
    disk.ended = 0;
    disk.fails = false;
}

static int open_wire_to(void *answer)
{
    struct err err;
    forget_syncs();
    server = raw_server_start(raw_answer_all, answer);
    client_open(&client, raw_server_port(server), 60 * 1000);
    const struct http *const inner[] = {client.seam};
    const struct http_wire_options options = {
        .inner = inner,
        .connections = CONNECTIONS,
        .sync = sync_disk,
    };
    assert_int_equal(http_wire_threads(CONNECTIONS), 1);
    if (!http_wire_new(&options, &wire, &err))
        fail_msg("%s", err.text);
    client.seam = http_wire_seam(wire);
    return 0;
}

static int open_wire(void **state)
{
    (void)state;
    return open_wire_to(NULL);
}

static int close_wire(void **state)
{
    (void)state;
    http_wire_free(wire);
    client_close(&client);
    raw_server_free(server);
    return 0;
}

static void start(struct client_call *calls, int count, bool after_sync)
{
    for (int i = 0; i < count; i++) {
        calls[i] = (struct client_call){.request = {.method = "GET",
                                                    .path = "/me",
                                                    .after_sync = after_sync}};
        client_start(&client, &calls[i]);
    }
}

static void finish(struct client_call *calls, int count,
                   enum http_trouble trouble)
{
    for (int i = 0; i < count; i++) {
        client_finish(&client, &calls[i]);
        assert_int_equal(calls[i].answer.trouble, trouble);
        assert_int_equal(calls[i].answer.end, trouble == HTTP_NO_TROUBLE
                                                  ? HTTP_ANSWERED
                                                  : HTTP_NOT_SENT);
        client_call_free(&calls[i]);
    }
}

static void nothing_leaves_before_its_sync_is_made(void **state)
{
    (void)state;
    struct client_call waiting[CALLS];
    struct client_call others[1];
    start(waiting, CALLS, true);
    wait_for(&disk.begun, 1);
    /* what need not wait goes on meanwhile, however often */
    for (int i = 0; i < 10; i++) {
        start(others, 1, false);
        finish(others, 1, HTTP_NO_TROUBLE);
    }
    assert_int_equal(raw_server_requests(server), 10);
    disk.let_go = 1000;
    finish(waiting, CALLS, HTTP_NO_TROUBLE);
    assert_int_equal(raw_server_requests(server), 10 + CALLS);
}

static void one_sync_is_for_all_that_came_during_the_one_before(void **state)
{
    (void)state;
    struct client_call first[1];
    struct client_call later[CALLS];
    start(first, 1, true);
    wait_for(&disk.begun, 1);
    start(later, CALLS, true);
    client.seam->sync(client.seam->context);
    disk.let_go = 1;
    finish(first, 1, HTTP_NO_TROUBLE);
    wait_for(&disk.begun, 2);
    assert_int_equal(raw_server_requests(server), 1);
    disk.let_go = 2;
    finish(later, CALLS, HTTP_NO_TROUBLE);
    assert_int_equal(disk.begun, 2);
}

static void a_sync_is_made_without_a_call(void **state)
{
    (void)state;
    disk.let_go = 1000;
    for (int i = 1; i <= 3; i++) {
        client.seam->sync(client.seam->context);
        wait_for(&disk.begun, i);
    }
}

static void what_could_not_be_synced_is_not_sent(void **state)
{
    (void)state;
    struct client_call calls[CALLS];
    disk.fails = true;
    disk.let_go = 1000;
    start(calls, CALLS, true);
    finish(calls, CALLS, HTTP_RECALLED);
    assert_int_equal(raw_server_requests(server), 0);
    start(calls, 1, false);
    finish(calls, 1, HTTP_NO_TROUBLE);
    disk.fails = false;
    start(calls, CALLS, true);
    finish(calls, CALLS, HTTP_NO_TROUBLE);
    assert_int_equal(raw_server_requests(server), CALLS + 1);
}

/* Of the first the sync is being made, the others wait for the next. */
static void what_is_recalled_is_not_sent(void **state)
{
    (void)state;
    struct client_call calls[CALLS];
    start(calls, 1, true);
    wait_for(&disk.begun, 1);
    start(calls + 1, CALLS - 2, true);
    client.seam->recall(client.seam->context);
    start(calls + CALLS - 1, 1, true); /* after that: it is meant */
    disk.let_go = 1000;
    finish(calls, CALLS - 1, HTTP_RECALLED);
    finish(calls + CALLS - 1, 1, HTTP_NO_TROUBLE);
    assert_int_equal(raw_server_requests(server), 1);
}

static void *let_go_soon(void *context)
{
    const struct timespec soon = {.tv_nsec = 20 * 1000 * 1000};
    (void)context;
    (void)nanosleep(&soon, NULL);
    disk.let_go = 1000;
    return NULL;
}

static void a_stop_waits_for_a_sync_that_nobody_waits_for(void **state)
{
    (void)state;
    pthread_t soon;
    client.seam->sync(client.seam->context);
    assert_int_equal(pthread_create(&soon, NULL, let_go_soon, NULL), 0);
    client.seam->stop(client.seam->context);
    assert_int_equal(disk.ended, 1);
    (void)pthread_join(soon, NULL);
}

static void what_waits_goes_with_the_wire(void **state)
{
    (void)state;
    static struct client_call calls[CALLS]; /* outlives the wire */
    disk.let_go = 1000;
    start(calls, CALLS, true);
    client.seam->sync(client.seam->context);
}

/* --- bad news ------------------------------------------------------------ */

static int open_unauthorized(void **state)
{
    static char unauthorized[] = "HTTP/1.1 401 Unauthorized\r\n"
                                 "Content-Length: 0\r\n\r\n";
    (void)state;
    return open_wire_to(unauthorized);
}

/* Whoever lets calls out does not know what the relay has not seen. */
static void bad_news_keeps_what_was_synced(void **state)
{
    (void)state;
    struct client_call first[1];
    struct client_call waiting[CALLS];
    struct http_done done;
    const struct http *seam = client.seam;
    start(waiting, CALLS, true);
    wait_for(&disk.begun, 1);
    start(first, 1, false);
    while (!seam->next_done(seam->context, &done))
        (void)nanosleep(&moment, NULL);
    assert_int_equal(done.answer.status, 401);
    disk.let_go = 1000;
    seam->sync(seam->context); /* what was let out is out when this begins */
    wait_for(&disk.begun, 2);
    seam->recall(seam->context);
    finish(waiting, CALLS, HTTP_RECALLED);
    assert_int_equal(raw_server_requests(server), 1);
}

/* --- the gate alone ------------------------------------------------------ */

static struct wire_queue made;
static struct wire_queue unsent;

static void let_out(void *context, struct wire_queue *to_make,
                    struct wire_queue *ended)
{
    (void)context;
    wire_queue_add_all(&made, to_make);
    wire_queue_add_all(&unsent, ended);
}

static struct wire_gate *new_gate(void)
{
    struct wire_gate *gate;
    const struct wire_gate_options options = {.sync = sync_disk,
                                              .let_out = let_out};
    forget_syncs();
    wire_queue_init(&made);
    wire_queue_init(&unsent);
    assert_int_equal(wire_gate_new(&options, &gate), 0);
    return gate;
}

static void what_is_inside_at_a_stop_is_synced_and_not_sent(void **state)
{
    (void)state;
    struct wire_gate *gate = new_gate();
    wire_gate_add(gate, wire_call_new());
    wait_for(&disk.begun, 1);
    wire_gate_add(gate, wire_call_new());
    wire_gate_take_back(gate, HTTP_STOPPED);
    wire_gate_sync(gate);
    disk.let_go = 1000;
    wire_gate_wait(gate);
    assert_int_equal(disk.ended, 2);
    assert_int_equal(made.count, 0);
    assert_int_equal(unsent.count, 2);
    for (const struct wire_call *call = unsent.first; call != NULL;
         call = call->next)
        assert_int_equal(call->done.answer.trouble, HTTP_STOPPED);
    wire_gate_free(gate);
    wire_queue_free(&unsent);
}

static void a_call_can_pass_again_after_it_was_taken_back(void **state)
{
    (void)state;
    struct wire_gate *gate = new_gate();
    disk.let_go = 1000;
    disk.fails = true;
    wire_gate_add(gate, wire_call_new());
    wire_gate_wait(gate);
    assert_int_equal(unsent.count, 1);
    disk.fails = false;
    wire_gate_add(gate, wire_queue_take(&unsent));
    wire_gate_wait(gate);
    assert_int_equal(unsent.count, 0);
    assert_int_equal(made.count, 1);
    wire_gate_free(gate);
    wire_queue_free(&made);
}

static void nothing_is_fine(void **state)
{
    (void)state;
    wire_gate_free(NULL);
    struct wire_gate *gate = new_gate();
    wire_gate_wait(gate);
    wire_gate_take_back(gate, HTTP_RECALLED);
    wire_gate_free(gate);
    assert_int_equal(disk.begun, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_wire, close_wire)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_leaves_before_its_sync_is_made),
        TEST(one_sync_is_for_all_that_came_during_the_one_before),
        TEST(a_sync_is_made_without_a_call),
        TEST(what_could_not_be_synced_is_not_sent),
        TEST(what_is_recalled_is_not_sent),
        TEST(a_stop_waits_for_a_sync_that_nobody_waits_for),
        TEST(what_waits_goes_with_the_wire),
        cmocka_unit_test_setup_teardown(bad_news_keeps_what_was_synced,
                                        open_unauthorized, close_wire),
        cmocka_unit_test(what_is_inside_at_a_stop_is_synced_and_not_sent),
        cmocka_unit_test(a_call_can_pass_again_after_it_was_taken_back),
        cmocka_unit_test(nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
