#include "sim/machine.h"

#include "base/mem.h"
#include "outbox/lock.h"
#include "outbox/store.h"
#include "relay/relay.h"
#include "sim/checks.h"
#include "sim/peer.h"
#include "sim/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* So many turns without time passing are a busy loop. Many in a row are in
 * order: pages of an operation, of an adoption. */
enum { MOST_TURNS_AT_ONCE = 60 };

/* A relay's process. */
struct process {
    int number;
    struct peer_client client;
    struct fake_http *http;
    struct lock *lock;
    struct store *store;
    struct relay *relay;
    int64_t turn_ms; /* monotonic: its next turn */
    int turns_at_once;
    bool is_stopping;
};

struct machine {
    struct sim *sim;
    struct relay_policy policy;
    struct process *running; /* NULL: none */
    struct process *halted;  /* NULL: none; has lost its lock */
    int last_number;
    int64_t turns;
};

/* --- processes ------------------------------------------------------------ */

static bool is_dead(const struct sim *sim, const struct process *process)
{
    return process != NULL && disk_is_dead(sim->disk, process->number);
}

/* Close all that it has open; a dead one changes nothing by that. */
static void end(struct sim *sim, struct process **ending)
{
    struct process *process = *ending;
    if (process == NULL)
        return;
    *ending = NULL;
    disk_run_as(sim->disk, process->number);
    relay_free(process->relay);
    store_close(process->store);
    lock_release(process->lock);
    fake_http_free(process->http);
    free(process);
}

static bool refresh_token(void *context)
{
    struct process *process = context;
    int token = peer_token(process->client.peer);
    if (token == 0 || token == process->client.token)
        return false;
    process->client.token = token;
    return true;
}

static int next_number(struct machine *machine)
{
    int first = SIM_FIRST_RELAY;
    int span = 30;
    machine->last_number++;
    return first + machine->last_number % span;
}

static bool open_parts(struct sim *sim, struct process *process,
                       struct err *err)
{
    struct machine *machine = sim->machine;
    process->client = (struct peer_client){
        .peer = sim->peer,
        .process = process->number,
        .token = peer_token(sim->peer),
    };
    const struct fake_server server = peer_server(&process->client);
    process->http = fake_http_new(&sim->clock, &server);
    if (!lock_take(sim->path, &process->lock, err) ||
        !store_open(sim->path, STORE_WRITE, 0, &process->store, err))
        return false;
    const struct relay_seams seams = {
        .clock = &sim->clock.clock,
        .http = fake_http_seam(process->http),
        .store = process->store,
        .refresh_token = refresh_token,
        .refresh_context = process,
    };
    machine->policy.seed = random_next(&sim->random);
    return relay_new(&machine->policy, &seams, "https://api.simulated",
                     &process->relay, err);
}

static void check_refused(struct sim *sim)
{
    struct lock *lock;
    struct err err;
    if (lock_take(sim->path, &lock, &err))
        sim_fail(sim, "a second relay gets the lock");
    if (err.code != ERR_BUSY)
        sim_fail(sim, "a second relay is refused for a wrong reason: %s",
                 err.text);
}

void machine_start(struct sim *sim)
{
    struct machine *machine = sim->machine;
    struct err err = {.code = ERR_NONE};
    if (machine->running != NULL) {
        check_refused(sim);
        return;
    }
    struct process *process = mem_new(sizeof(*process));
    machine->running = process;
    process->number = next_number(machine);
    disk_revive(sim->disk, process->number);
    disk_run_as(sim->disk, process->number);
    bool started = open_parts(sim, process, &err);
    sim_trace(sim, "relay %d starts%s%s", process->number, started ? "" : ": ",
              err.text);
    process->turn_ms = sim->clock.monotonic_ms;
    bool may_fail = err.code == ERR_BUSY || err.code == ERR_FULL ||
                    err.code == ERR_IO || err.code == ERR_ACCESS;
    if (is_dead(sim, process))
        machine_tidy_up(sim);
    else if (!started && !may_fail)
        sim_fail(sim, "the relay cannot start: %s", err.text);
    else if (!started)
        end(sim, &machine->running);
    else
        checks_after_start(sim);
}

/* --- turns ---------------------------------------------------------------- */

static void watch_for_busy_loop(struct sim *sim, struct process *process,
                                int64_t wait_ms)
{
    process->turns_at_once = wait_ms > 0 ? 0 : process->turns_at_once + 1;
    if (process->turns_at_once > MOST_TURNS_AT_ONCE)
        sim_fail(sim, "a busy loop: %d turns without a wait",
                 process->turns_at_once);
}

/* What the relay's end says. True: it has ended. */
static bool take_end(struct sim *sim, struct process *process,
                     enum relay_state state, const struct err *err)
{
    if (is_dead(sim, process) || state == RELAY_GOES_ON)
        return false;
    if (state == RELAY_HAS_FAILED)
        sim_fail(sim, "the relay fails: %s", err->text);
    if (!process->is_stopping)
        sim_fail(sim, "the relay ends by itself");
    sim_trace(sim, "relay %d ends", process->number);
    int number = process->number;
    end(sim, &sim->machine->running);
    if (disk_is_dead(sim->disk, number))
        machine_tidy_up(sim);
    return true;
}

static void take_turn(struct sim *sim, struct process *process)
{
    struct err err;
    int64_t wait_ms = 0;
    checks_look(sim);
    disk_run_as(sim->disk, process->number);
    enum relay_state state = relay_turn(process->relay, &wait_ms, &err);
    sim->machine->turns++;
    if (take_end(sim, process, state, &err)) {
        checks_look(sim);
        return;
    }
    if (is_dead(sim, process)) {
        machine_tidy_up(sim);
        return;
    }
    checks_look(sim);
    watch_for_busy_loop(sim, process, wait_ms);
    int64_t now = sim->clock.monotonic_ms;
    process->turn_ms = wait_ms > INT64_MAX - now ? INT64_MAX : now + wait_ms;
}

static int64_t next_turn_ms(const struct process *process)
{
    int64_t answer_ms = fake_http_next_end_ms(process->http);
    return answer_ms < process->turn_ms ? answer_ms : process->turn_ms;
}

void machine_pass(struct sim *sim, int64_t ms)
{
    struct process *process;
    int64_t until_ms = sim->clock.monotonic_ms + ms;
    while ((process = sim->machine->running) != NULL &&
           next_turn_ms(process) <= until_ms) {
        int64_t next_ms = next_turn_ms(process);
        if (next_ms > sim->clock.monotonic_ms)
            fake_clock_advance(&sim->clock, next_ms - sim->clock.monotonic_ms);
        take_turn(sim, process);
    }
    if (until_ms > sim->clock.monotonic_ms)
        fake_clock_advance(&sim->clock, until_ms - sim->clock.monotonic_ms);
}

void machine_tell(struct sim *sim)
{
    struct process *process = sim->machine->running;
    if (process == NULL)
        return;
    disk_run_as(sim->disk, process->number);
    if (relay_notice_changes(process->relay))
        process->turn_ms = sim->clock.monotonic_ms;
}

void machine_tell_token(struct sim *sim)
{
    struct process *process = sim->machine->running;
    if (process == NULL || !refresh_token(process))
        return;
    relay_take_new_token(process->relay);
    process->turn_ms = sim->clock.monotonic_ms;
}

/* --- ends ----------------------------------------------------------------- */

void machine_tidy_up(struct sim *sim)
{
    struct machine *machine = sim->machine;
    bool lost_power = disk_lost_power(sim->disk);
    if (is_dead(sim, machine->running)) {
        sim_trace(sim, "relay %d is dead%s", machine->running->number,
                  lost_power ? ", the power is gone" : "");
        end(sim, &machine->running);
    }
    if (is_dead(sim, machine->halted))
        end(sim, &machine->halted);
    people_leave_dead(sim);
    if (lost_power)
        checks_close(sim);
    disk_bury(sim->disk);
    checks_look(sim); /* before anybody else changes what they left */
}

void machine_plan_death(struct sim *sim, int64_t n, enum disk_death death)
{
    const struct process *process = sim->machine->running;
    if (process != NULL)
        disk_plan_death(sim->disk, process->number, n, death);
}

void machine_plan_error(struct sim *sim, int64_t n)
{
    const struct process *process = sim->machine->running;
    if (process != NULL)
        disk_plan_error(sim->disk, process->number, n);
}

void machine_kill(struct sim *sim, enum disk_death death)
{
    const struct process *process = sim->machine->running;
    int number = process != NULL ? process->number : SIM_PRODUCER;
    if (process == NULL && death == DISK_KILL)
        return;
    disk_kill(sim->disk, number, death);
    machine_tidy_up(sim);
}

void machine_stop(struct sim *sim, int64_t grace_ms)
{
    struct process *process = sim->machine->running;
    if (process == NULL)
        return;
    sim_trace(sim, "relay %d is to stop within %lld ms", process->number,
              (long long)grace_ms);
    process->is_stopping = true;
    process->turn_ms = sim->clock.monotonic_ms;
    relay_stop(process->relay, sim->clock.monotonic_ms + grace_ms);
}

/* --- one that was halted -------------------------------------------------- */

void machine_halt(struct sim *sim)
{
    struct machine *machine = sim->machine;
    struct process *process = machine->running;
    if (process == NULL || machine->halted != NULL || process->is_stopping)
        return;
    sim_trace(sim, "relay %d is halted and loses its lock", process->number);
    fake_http_end_all(process->http);
    lock_release(process->lock);
    process->lock = NULL;
    machine->halted = process;
    machine->running = NULL;
}

bool machine_has_halted(const struct machine *machine)
{
    return machine->halted != NULL;
}

static bool is_fenced(struct sim *sim, const struct process *process)
{
    struct relay_report report;
    relay_read_report(process->relay, &report);
    return checks_number(sim, "SELECT epoch FROM outbox_relay", 0) >
           report.epoch;
}

void machine_wake_up(struct sim *sim)
{
    struct process *process = sim->machine->halted;
    struct err err = {.code = ERR_NONE};
    int64_t wait_ms;
    if (process == NULL || !is_fenced(sim, process))
        return;
    disk_run_as(sim->disk, process->number);
    uint64_t before = disk_hash(sim->disk);
    int calls = fake_http_calls(process->http);
    enum relay_state state = relay_turn(process->relay, &wait_ms, &err);
    sim_trace(sim, "relay %d wakes up: %s", process->number,
              state == RELAY_HAS_FAILED ? err.text : "it goes on");
    if (disk_hash(sim->disk) != before)
        sim_fail(sim, "a relay whose time is over has written");
    if (fake_http_calls(process->http) != calls)
        sim_fail(sim, "a relay whose time is over has made a call");
    if (state == RELAY_GOES_ON) { /* it was idle: once it is told … */
        (void)relay_notice_changes(process->relay);
        state = relay_turn(process->relay, &wait_ms, &err);
    }
    if (state != RELAY_HAS_FAILED || err.code != ERR_SUPERSEDED)
        sim_fail(sim, "a relay whose time is over goes on");
    if (disk_hash(sim->disk) != before)
        sim_fail(sim, "a relay whose time is over has written at last");
    end(sim, &sim->machine->halted);
}

/* --- the machine ---------------------------------------------------------- */

struct machine *machine_new(struct sim *sim)
{
    static const int64_t give_ups_ms[] = {
        INT64_C(72) * SIM_HOUR, INT64_C(72) * SIM_HOUR, 10 * SIM_MINUTE};
    struct machine *machine = mem_new(sizeof(*machine));
    machine->sim = sim;
    machine->policy = (struct relay_policy){
        .connections = 1 + (int)sim_draw(sim, 8),
        .timeout_ms = 30 * SIM_SECOND,
        .give_up_ms = give_ups_ms[sim_draw(sim, 3)],
        .check_attributes = sim_happens(sim, 70),
        .drain_wait_ms = SIM_MINUTE,
    };
    checks_set_give_up(sim, machine->policy.give_up_ms);
    return machine;
}

void machine_free(struct machine *machine)
{
    if (machine == NULL)
        return;
    end(machine->sim, &machine->running);
    end(machine->sim, &machine->halted);
    free(machine);
}

bool machine_is_running(const struct machine *machine)
{
    return machine->running != NULL;
}

int64_t machine_turns(const struct machine *machine)
{
    return machine->turns;
}
