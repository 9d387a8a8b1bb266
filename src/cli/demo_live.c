#include "cli/demo_live.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/demo_feed.h"
#include "cli/demo_guide.h"
#include "cli/demo_place.h"
#include "cli/operator.h"
#include "cli/signals.h"
#include "tui/console.h"
#include "tui/term.h"

#include <unistd.h>

enum {
    QUOTA = 60,         /* calls in 10 s: what waits takes a minute */
    LATENCY_MS = 40,    /* of every answer */
    BACKLOG = 120,      /* events that wait at the start */
    INTERVAL_MS = 1500, /* between fresh events */
    CONNECTIONS = 8,
    TIMEOUT_MS = 5000,
    GRACE_MS = 300,
};

/* As DEMO_FAULTS, but fewer of those that pass by themselves. */
#define LIVE_FAULTS                                                            \
    "reject=rc_product_change_event,deleted=demo-user-10,503@events:0.05"
/* 503 for twenty seconds from the next call on. */
#define OUTAGE_FAULTS LIVE_FAULTS ",down=20"

static void begin_outage(void *context)
{
    struct sandbox *sandbox = context;
    struct err err;
    /* It can only be refused for its words, and those are constant. */
    if (!sandbox_set_faults(sandbox, OUTAGE_FAULTS, &err))
        log_line(LOG_ERROR, "%s", err.text);
}

static const char *guide_line(void *context, const struct model *model)
{
    return demo_guide_look(context, model);
}

static bool run_console(const struct demo_place *place, int signals,
                        struct relay_thread *relay, struct err *err)
{
    struct demo_guide guide = {
        .begin_outage = begin_outage,
        .context = place->sandbox,
    };
    const struct console_options options = {
        .database = place->database,
        .who = operator_name(),
        .scheme = TERM_SCHEME_AUTO,
        .signal_descriptor = signals,
        .relay_descriptor = relay_thread_end_descriptor(relay),
        .guide = guide_line,
        .guide_context = &guide,
    };
    return console_run(&options, err);
}

static bool fill(const struct demo_place *place, struct err *err)
{
    struct demo_samples samples;
    struct store *store;
    if (!demo_place_put_samples(place, &samples, err) ||
        !store_open(place->database, STORE_WRITE, DEMO_BUSY_MS, &store, err))
        return false;
    bool done =
        demo_feed_put(store, 0, BACKLOG, clock_wall_ms(clock_system()), err);
    store_close(store);
    return done;
}

/* With relay and users at work behind it. */
static bool run_live(const struct demo_place *place, int signals,
                     struct relay_thread *relay, struct err *err)
{
    struct demo_feed *feed;
    if (!demo_feed_start(place->database, BACKLOG, INTERVAL_MS, &feed, err))
        return false;
    bool good = run_console(place, signals, relay, err);
    demo_feed_stop(feed);
    return good;
}

static bool run_in(struct demo_place *place, int signals, struct err *err)
{
    const struct sandbox_options options = {
        .faults = LIVE_FAULTS,
        .quota = QUOTA,
        .latency_ms = LATENCY_MS,
        .seed = DEMO_SEED,
    };
    const struct relay_policy policy = {
        .connections = CONNECTIONS,
        .timeout_ms = TIMEOUT_MS,
        .give_up_ms = (int64_t)72 * 3600 * 1000,
        .seed = DEMO_SEED,
    };
    struct relay_thread *relay;
    struct relay_report report;
    struct err ignored;
    if (!demo_place_make(place, &options, err) || !fill(place, err) ||
        !demo_place_start_relay(place, &policy, &relay, err))
        return false;
    bool good = run_live(place, signals, relay, err);
    relay_thread_stop(relay, GRACE_MS);
    /* What was left unsent goes with the demo. */
    if (!relay_thread_join(relay, &report, &ignored))
        log_line(LOG_ERROR, "%s", ignored.text);
    return good;
}

bool demo_live_run(struct err *err)
{
    struct demo_place place = {.sandbox = NULL};
    int signals;
    log_set_level(LOG_ERROR);
    if (!signals_open(&signals, err))
        return false;
    bool good = run_in(&place, signals, err);
    demo_place_remove(&place);
    (void)close(signals);
    return good;
}
