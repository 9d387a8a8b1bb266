#include "delivery/pacer.h"

#include "answers.h"
#include "base/random.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A server with fixed windows, many connections that always have something to
 * send, and the pacer between them, in virtual time: one step a millisecond.
 * What is proved: no 429 after the first window, and nearly all of the quota
 * used. */

enum {
    MOST_CONNECTIONS = 128,
    WINDOWS = 30,
    WINDOW_MS = 10 * 1000,
};

struct world {
    const char *name;
    int64_t limit;
    int connections;
    int64_t skew_ms; /* the server's clock minus ours */
    int up_ms;       /* at most so long until a call is counted */
    int down_ms;     /* … and from then until its answer is here */
    int others;      /* % of the limit that another client takes */
    int follow_ups;  /* calls that follow the first of a delivery, unasked */
    bool no_date;
};

struct connection {
    int64_t started_ms, counted_ms, done_ms; /* counted_ms 0: idle */
    bool was_counted;
    int follow_ups; /* still to come */
    struct http_answer answer;
};

struct simulation {
    const struct world *world;
    struct random random;
    struct pacer pacer;
    struct connection connections[MOST_CONNECTIONS];
    int64_t now_ms, began_ms;
    int64_t window; /* on the server's grid */
    int64_t used;   /* of it, by all */
    double others;  /* owed to the other client */
    /* results, from the second window on */
    int64_t ours, theirs, refused, windows;
    int64_t ours_now, theirs_now;
};

static int64_t their_ms(const struct simulation *simulation)
{
    return simulation->now_ms + simulation->world->skew_ms;
}

static void turn_window(struct simulation *simulation)
{
    int64_t window = their_ms(simulation) / WINDOW_MS;
    if (window == simulation->window)
        return;
    if (simulation->now_ms - simulation->began_ms > 2 * WINDOW_MS) {
        simulation->ours += simulation->ours_now;
        simulation->theirs += simulation->theirs_now;
        simulation->windows++;
    }
    simulation->window = window;
    simulation->used = 0;
    simulation->ours_now = 0;
    simulation->theirs_now = 0;
}

static bool count_call(struct simulation *simulation)
{
    if (simulation->used >= simulation->world->limit)
        return false;
    simulation->used++;
    return true;
}

/* The call is counted, or refused; the answer is on its way. */
static void serve(struct simulation *simulation, struct connection *connection)
{
    bool taken = count_call(simulation);
    bool is_first = simulation->now_ms - simulation->began_ms <= 2 * WINDOW_MS;
    simulation->ours_now += taken;
    simulation->refused += !taken && !is_first;
    struct http_answer *answer = &connection->answer;
    *answer = plain_answer(taken ? 202 : 429, "");
    answer->quota_limit = simulation->world->limit;
    answer->quota_left = simulation->world->limit - simulation->used;
    answer->quota_reset_s = (simulation->window + 1) * WINDOW_MS / 1000;
    if (!simulation->world->no_date)
        answer->date_s = their_ms(simulation) / 1000;
    connection->was_counted = true;
}

static int64_t draw_ms(struct simulation *simulation, int most_ms)
{
    /* one in a hundred is slow */
    if (random_below(&simulation->random, 100) == 0)
        most_ms *= 10;
    return 1 + random_below(&simulation->random, (uint32_t)most_ms);
}

static void start(struct simulation *simulation, struct connection *connection)
{
    connection->started_ms = simulation->now_ms;
    connection->counted_ms =
        simulation->now_ms + draw_ms(simulation, simulation->world->up_ms);
    connection->done_ms = connection->counted_ms +
                          draw_ms(simulation, simulation->world->down_ms);
    connection->was_counted = false;
    pacer_start_call(&simulation->pacer, simulation->now_ms);
}

static void finish(struct simulation *simulation, struct connection *connection)
{
    struct http_answer *answer = &connection->answer;
    answer->started_ms = connection->started_ms;
    answer->took_ms = simulation->now_ms - connection->started_ms;
    pacer_take_answer(&simulation->pacer, answer, simulation->now_ms);
    connection->counted_ms = 0;
    if (answer->status == 429)
        pacer_wait_until(&simulation->pacer, simulation->now_ms + 1000);
    else if (connection->follow_ups-- > 0)
        start(simulation, connection);
}

static void step_connections(struct simulation *simulation)
{
    for (int i = 0; i < simulation->world->connections; i++) {
        struct connection *connection = &simulation->connections[i];
        if (connection->counted_ms == 0)
            continue;
        if (!connection->was_counted &&
            connection->counted_ms <= simulation->now_ms)
            serve(simulation, connection);
        if (connection->was_counted &&
            connection->done_ms <= simulation->now_ms)
            finish(simulation, connection);
    }
}

/* Ask as the world's deliveries have to; a no must say when to ask again. */
static bool may_start(struct simulation *simulation)
{
    bool has_chains = simulation->world->follow_ups > 0;
    struct pacer *pacer = &simulation->pacer;
    int64_t now_ms = simulation->now_ms;
    int allowed = has_chains ? pacer_allowed_deliveries(pacer, now_ms, 1)
                             : pacer_allowed(pacer, now_ms, 1);
    int64_t next_ms = has_chains ? pacer_next_delivery_ms(pacer, now_ms)
                                 : pacer_next_ms(pacer, now_ms);
    assert_int_equal(allowed > 0, next_ms <= now_ms);
    return allowed > 0;
}

static void start_what_is_allowed(struct simulation *simulation)
{
    const struct world *world = simulation->world;
    for (int i = 0; i < world->connections; i++) {
        struct connection *connection = &simulation->connections[i];
        if (connection->counted_ms != 0)
            continue;
        if (!may_start(simulation))
            return;
        connection->follow_ups = world->follow_ups;
        start(simulation, connection);
    }
}

static void step_others(struct simulation *simulation)
{
    const struct world *world = simulation->world;
    simulation->others += (double)world->limit * world->others / 100 /
                          WINDOW_MS * random_below(&simulation->random, 3);
    while (simulation->others >= 1) {
        simulation->others -= 1;
        simulation->theirs_now += count_call(simulation);
    }
}

static void run(struct simulation *simulation, const struct world *world,
                uint64_t seed)
{
    *simulation =
        (struct simulation){.world = world, .random = {.state = seed}};
    pacer_init(&simulation->pacer);
    simulation->began_ms =
        INT64_C(1787572858123) + random_below(&simulation->random, 10000);
    simulation->now_ms = simulation->began_ms;
    simulation->window = their_ms(simulation) / WINDOW_MS;
    int64_t end_ms = simulation->began_ms + WINDOWS * WINDOW_MS;
    for (; simulation->now_ms < end_ms; simulation->now_ms++) {
        turn_window(simulation);
        step_others(simulation);
        step_connections(simulation);
        start_what_is_allowed(simulation);
    }
}

/* Parts of a thousand of what others left that we used. */
static int64_t used_of_a_thousand(const struct simulation *simulation)
{
    int64_t all = simulation->world->limit * simulation->windows;
    return simulation->ours * 1000 / (all - simulation->theirs);
}

static void check(const struct world *world, int64_t least, int64_t refusals)
{
    static struct simulation simulation;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run(&simulation, world, seed);
        int64_t used = used_of_a_thousand(&simulation);
        print_message("seed %" PRIu64 ", %s: %" PRId64 " of 1000 used, %" PRId64
                      " refused in %" PRId64 " windows\n",
                      seed, world->name, used, simulation.refused,
                      simulation.windows);
        assert_true(simulation.windows >= WINDOWS - 4);
        assert_true(used >= least);
        assert_true(simulation.refused <= refusals);
    }
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void quota_is_used_up_and_never_overdrawn(void **state)
{
    (void)state;
    static const struct world worlds[] = {
        {"83", 83, 32, 0, 60, 140, 0, 0, false},
        {"83, +90 s", 83, 32, 90321, 60, 140, 0, 0, false},
        {"83, -90 s", 83, 32, -90321, 60, 140, 0, 0, false},
        {"167", 167, 32, 0, 60, 140, 0, 0, false},
        {"167, +90 s", 167, 32, 90777, 60, 140, 0, 0, false},
        {"1666", 1666, 64, 0, 60, 140, 0, 0, false},
        {"1666, +90 s", 1666, 64, 90000, 60, 140, 0, 0, false},
        {"1666, -90 s", 1666, 64, -89999, 60, 140, 0, 0, false},
        {"1666, slow", 1666, 128, 0, 200, 400, 0, 0, false},
        {"1666, fast", 1666, 16, 5432, 2, 2, 0, 0, false},
        {"83, slow", 83, 16, -1234, 300, 700, 0, 0, false},
        {"167, no Date", 167, 32, 0, 60, 140, 0, 0, true},
        {"167, no Date, +3 s", 167, 32, 3000, 60, 140, 0, 0, true},
    };
    for (size_t i = 0; i < COUNT(worlds); i++)
        check(&worlds[i], 950, 0);
}

static void calls_that_follow_unasked_do_no_harm(void **state)
{
    (void)state;
    static const struct world worlds[] = {
        {"83, two calls", 83, 32, 0, 60, 140, 0, 1, false},
        {"167, two calls", 167, 32, 90321, 60, 140, 0, 1, false},
        {"83, three calls", 83, 32, 0, 60, 140, 0, 2, false},
        {"1666, three calls", 1666, 64, 0, 60, 140, 0, 2, false},
        {"83, slow, two calls", 83, 32, 0, 200, 400, 0, 1, false},
        {"1666, two calls", 1666, 64, -90321, 60, 140, 0, 1, false},
    };
    for (size_t i = 0; i < COUNT(worlds); i++)
        check(&worlds[i], 950, 0);
}

static void longer_chains_are_refused_seldom(void **state)
{
    (void)state;
    static const struct world worlds[] = {
        {"83, five calls", 83, 32, 0, 60, 140, 0, 4, false},
        {"1666, five calls", 1666, 64, 0, 60, 140, 0, 4, false},
    };
    for (size_t i = 0; i < COUNT(worlds); i++)
        check(&worlds[i], 950, WINDOWS);
}

static void what_another_client_leaves_is_used(void **state)
{
    (void)state;
    static const struct world worlds[] = {
        {"83, others 30 %", 83, 32, 0, 60, 140, 30, 0, false},
        {"167, others 50 %", 167, 32, -90321, 60, 140, 50, 0, false},
        {"1666, others 20 %", 1666, 64, 90321, 60, 140, 20, 0, false},
        {"1666, others 80 %", 1666, 64, 0, 60, 140, 80, 0, false},
    };
    for (size_t i = 0; i < COUNT(worlds); i++)
        check(&worlds[i], 900, WINDOWS / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quota_is_used_up_and_never_overdrawn),
        cmocka_unit_test(calls_that_follow_unasked_do_no_harm),
        cmocka_unit_test(longer_chains_are_refused_seldom),
        cmocka_unit_test(what_another_client_leaves_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
