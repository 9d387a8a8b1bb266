#include "sim/run.h"

#include "base/mem.h"
#include "outbox/store.h"
#include "sim/checks.h"
#include "sim/machine.h"
#include "sim/peer.h"
#include "sim/people.h"

#include <stdlib.h>
#include <string.h>

/* --- what happens --------------------------------------------------------- */

static void change_weather(struct sim *sim)
{
    enum weather_state weather =
        sim_happens(sim, 40)
            ? (sim_happens(sim, 50) ? WEATHER_CALM : WEATHER_STORM)
            : (enum weather_state)sim_draw(sim, WEATHER_COUNT);
    sim_trace(sim, "the weather: %s", weather_word(weather));
    peer_set_weather(sim->peer, weather);
}

static void change_token(struct sim *sim)
{
    if (peer_token(sim->peer) != 0 && sim_happens(sim, 60)) {
        sim_trace(sim, "the token is revoked");
        peer_revoke_token(sim->peer);
        return;
    }
    bool other = sim_happens(sim, 20);
    sim_trace(sim, "a new token%s", other ? ", of the other workspace" : "");
    peer_renew_token(sim->peer, other);
    if (sim_happens(sim, 80))
        machine_tell_token(sim);
}

static void change_quota(struct sim *sim)
{
    int64_t limit = sim_happens(sim, 50) ? 0 : 3 + sim_draw(sim, 40);
    sim_trace(sim, "the quota: %lld", (long long)limit);
    peer_set_quota(sim->peer, limit);
}

static void jump_clock(struct sim *sim)
{
    static const int64_t jumps_ms[] = {
        SIM_SECOND, 20 * SIM_SECOND, 10 * SIM_MINUTE,
        SIM_HOUR,   30 * SIM_HOUR,   INT64_C(400) * 24 * SIM_HOUR};
    int64_t by_ms = jumps_ms[sim_draw(sim, 6)];
    if (sim_happens(sim, 50))
        by_ms = -by_ms;
    sim_trace(sim, "the clock jumps by %lld ms", (long long)by_ms);
    sim->clock.wall_ms += by_ms;
    sim->clock_jumps++;
}

static void die(struct sim *sim)
{
    enum disk_death death = sim_happens(sim, 50) ? DISK_POWER_CUT : DISK_KILL;
    if (sim_happens(sim, 25)) {
        machine_kill(sim, death);
        return;
    }
    int64_t n = 1 + sim_draw(sim, 1 + sim_draw(sim, 120));
    sim_trace(sim, "the relay is to die (%s) at its write %lld",
              death == DISK_KILL ? "kill" : "power", (long long)n);
    machine_plan_death(sim, n, death);
}

static void start(struct sim *sim)
{
    machine_start(sim);
}

static void halt(struct sim *sim)
{
    if (machine_has_halted(sim->machine)) {
        machine_wake_up(sim);
        return;
    }
    machine_halt(sim);
    machine_pass(sim, sim_draw_time(sim, 2 * SIM_MINUTE));
    machine_start(sim);
}

static void stop(struct sim *sim)
{
    machine_stop(sim, sim_draw_time(sim, 20 * SIM_SECOND));
}

static void fill_disk(struct sim *sim)
{
    sim_trace(sim, "the disk is full");
    disk_set_full(sim->disk, true);
    machine_pass(sim, sim_draw_time(sim, 5 * SIM_SECOND));
    if (sim_happens(sim, 50))
        people_produce(sim);
    machine_pass(sim, sim_draw_time(sim, 5 * SIM_SECOND));
    sim_trace(sim, "the disk has room again");
    disk_set_full(sim->disk, false);
}

static void hold_lock(struct sim *sim)
{
    people_hold_lock(sim);
    machine_pass(sim, sim_draw_time(sim, 5 * SIM_SECOND));
    people_release_lock(sim);
}

static void fail_a_write(struct sim *sim)
{
    machine_plan_error(sim, 1 + sim_draw(sim, 40));
}

static void meddle(struct sim *sim)
{
    peer_meddle(sim->peer);
}

/* What the issue has in mind by name: an outcome that is unknown, then a 503,
 * then a rename, then the repeat. */
static void rename_in_doubt(struct sim *sim)
{
    sim_trace(sim, "in doubt, then refused, then renamed");
    people_produce(sim);
    peer_set_weather(sim->peer, WEATHER_SLOW);
    machine_pass(sim, sim_draw_time(sim, SIM_MINUTE));
    if (sim_happens(sim, 30))
        machine_kill(sim, DISK_KILL);
    machine_start(sim);
    peer_set_weather(sim->peer, WEATHER_OUTAGE);
    machine_pass(sim, sim_draw_time(sim, 2 * SIM_MINUTE));
    people_operate(sim);
    people_operate(sim);
    peer_set_weather(sim->peer, WEATHER_CALM);
}

static const struct {
    void (*deed)(struct sim *sim);
    uint32_t weight;
} deeds[] = {
    {people_produce, 260},
    {people_operate, 130},
    {change_weather, 110},
    {start, 120},
    {die, 80},
    {stop, 25},
    {change_token, 35},
    {change_quota, 25},
    {jump_clock, 25},
    {halt, 30},
    {fill_disk, 15},
    {hold_lock, 25},
    {fail_a_write, 25},
    {meddle, 40},
    {people_plan_trouble, 25},
    {rename_in_doubt, 30},
};

static void do_something(struct sim *sim)
{
    uint32_t total = 0;
    size_t deed = 0;
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
        total += deeds[i].weight;
    uint32_t at = sim_draw(sim, total);
    while (at >= deeds[deed].weight)
        at -= deeds[deed++].weight;
    deeds[deed].deed(sim);
    checks_look(sim);
}

/* Mostly little time between two things, rarely much. */
static void let_time_pass(struct sim *sim)
{
    uint32_t which = sim_draw(sim, 100);
    int64_t most_ms = which < 55   ? 500
                      : which < 85 ? 10 * SIM_SECOND
                      : which < 97 ? 3 * SIM_MINUTE
                                   : 40 * SIM_MINUTE;
    machine_pass(sim, sim_draw_time(sim, most_ms));
}

/* --- the end -------------------------------------------------------------- */

enum { MOST_HOURS_TO_SETTLE = 60, MOST_STARTS = 20 };

static void mend_everything(struct sim *sim)
{
    sim_trace(sim, "all is mended");
    disk_set_full(sim->disk, false);
    people_release_lock(sim);
    peer_set_weather(sim->peer, WEATHER_FINE);
    peer_set_quota(sim->peer, 0);
    peer_mend(sim->peer);
    if (peer_token(sim->peer) == 0)
        peer_renew_token(sim->peer, false);
    machine_wake_up(sim);
    machine_plan_death(sim, 0, DISK_KILL);
    machine_plan_error(sim, 0);
    machine_pass(sim, 30 * SIM_SECOND); /* one that is stopping ends */
    for (int process = SIM_PRODUCER; process < SIM_FIRST_RELAY; process++) {
        disk_plan_death(sim->disk, process, 0, DISK_KILL);
        disk_plan_error(sim->disk, process, 0);
    }
    people_resume(sim);
}

static void settle(struct sim *sim)
{
    mend_everything(sim);
    for (int i = 0; i < MOST_STARTS && !machine_is_running(sim->machine); i++)
        machine_start(sim);
    machine_tell_token(sim);
    machine_tell(sim);
    for (int hour = 0; hour < MOST_HOURS_TO_SETTLE; hour++) {
        machine_pass(sim, hour == 0 ? 2 * SIM_MINUTE : SIM_HOUR);
        if (checks_count_waiting(sim) == 0)
            break;
    }
    checks_at_end(sim);
    machine_stop(sim, SIM_SECOND);
    machine_pass(sim, 2 * SIM_SECOND);
    if (machine_is_running(sim->machine))
        sim_fail(sim, "the relay does not stop");
}

/* --- the world ------------------------------------------------------------ */

static void make_outbox(struct sim *sim)
{
    struct store_init_report report;
    struct err err;
    bool has_wal = sim_happens(sim, 75);
    sim->disk = disk_new(&sim->clock, sim->seed ^ 0x5eedU);
    disk_make_file(sim->disk, sim->path);
    disk_run_as(sim->disk, SIM_CHECKER);
    if (!store_init(sim->path, has_wal, &report, &err))
        sim_fail(sim, "init: %s", err.text);
    sim_trace(sim, "seed %llu, journal mode %s", (unsigned long long)sim->seed,
              report.journal_mode);
}

static void open_world(struct sim *sim)
{
    fake_clock_init(&sim->clock);
    sim->clock.wall_ms += sim_draw(sim, 100000);
    sim->true_ahead_ms = sim->clock.wall_ms - sim->clock.monotonic_ms;
    make_outbox(sim);
    sim->checks = checks_new(sim);
    sim->peer = peer_new(sim, 30 * SIM_SECOND);
    sim->people = people_new(sim);
    sim->machine = machine_new(sim);
}

static void close_world(struct sim *sim)
{
    machine_free(sim->machine);
    people_free(sim->people);
    checks_close(sim);
    checks_free(sim->checks);
    peer_free(sim->peer);
    disk_free(sim->disk);
    buf_free(&sim->trace);
}

void run_seed(uint64_t seed, const char *path, bool is_loud,
              struct run_result *result)
{
    struct sim *sim = mem_new(sizeof(*sim));
    sim->seed = seed;
    sim->path = path;
    sim->is_loud = is_loud;
    sim->random.state = seed * UINT64_C(0x9e3779b97f4a7c15);
    buf_init(&sim->trace, 1 << 20);
    open_world(sim);
    int64_t began_ms = sim->clock.monotonic_ms;
    int steps = 20 + (int)sim_draw(sim, 80);
    machine_start(sim);
    while (sim->steps++ < steps) {
        do_something(sim);
        let_time_pass(sim);
    }
    settle(sim);
    *result = (struct run_result){
        .trace_hash = sim->trace_hash,
        .turns = machine_turns(sim->machine),
        .events = sim->ledger.count,
        .simulated_ms = sim->clock.monotonic_ms - began_ms,
    };
    close_world(sim);
    free(sim);
}
