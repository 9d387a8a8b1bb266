#include "cli/demo.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/demo_place.h"
#include "cli/signals.h"
#include "outbox/store.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { MOST_MS = 30000 /* it takes one or two seconds */ };

/* Wait for the relay's end, a signal, or too long a time. */
static enum demo_end wait_for_relay(struct relay_thread *thread, int signals,
                                    struct err *err)
{
    struct pollfd waited[] = {
        {.fd = relay_thread_end_descriptor(thread), .events = POLLIN},
        {.fd = signals, .events = POLLIN},
    };
    int ready;
    do {
        ready = poll(waited, 2, MOST_MS);
    } while (ready < 0 && errno == EINTR);
    if ((waited[0].revents & POLLIN) != 0)
        return DEMO_DONE;
    relay_thread_stop(thread, 0);
    if (ready > 0)
        return DEMO_INTERRUPTED;
    (void)err_set(err, ERR_IO, "the relay did not end in %d s", MOST_MS / 1000);
    return DEMO_BROKEN;
}

static enum demo_end relay(const struct demo_place *place, int signals,
                           struct demo *demo, struct err *err)
{
    const struct relay_policy policy = {
        .connections = 8,
        .timeout_ms = 5000,
        .give_up_ms = 3600000,
        .drain = true,
        .drain_wait_ms = MOST_MS,
        .seed = DEMO_SEED,
    };
    struct relay_thread *thread;
    struct err join_err;
    int64_t started_ms = clock_monotonic_ms(clock_system());
    if (!demo_place_start_relay(place, &policy, &thread, err))
        return DEMO_BROKEN;
    enum demo_end end = wait_for_relay(thread, signals, err);
    bool joined = relay_thread_join(thread, &demo->report, &join_err);
    demo->took_ms = clock_monotonic_ms(clock_system()) - started_ms;
    if (end == DEMO_DONE && !joined) {
        *err = join_err;
        return DEMO_BROKEN;
    }
    return end;
}

static bool look(const struct demo_place *place, struct demo *demo,
                 struct err *err)
{
    struct store *store;
    struct filter all;
    struct filter_place ignored;
    struct cursor cursor;
    if (!filter_parse("", &all, &ignored, err) ||
        !store_open(place->database, STORE_READ, DEMO_BUSY_MS, &store, err))
        return false;
    cursor_begin(&cursor, &all, CURSOR_BY_ID, true, 0);
    bool done = view_list(store, &cursor, DEMO_MOST_ROWS, demo->rows,
                          &demo->row_count, err);
    if (done) {
        done = view_read_status(store, clock_wall_ms(clock_system()),
                                &demo->status, err);
        for (int i = 0; !done && i < demo->row_count; i++)
            view_delivery_free(&demo->rows[i]);
    }
    store_close(store);
    return done;
}

static enum demo_end run_in(struct demo_place *place, int signals,
                            struct demo *demo, struct err *err)
{
    const struct sandbox_options options = {.faults = DEMO_FAULTS,
                                            .seed = DEMO_SEED};
    if (!demo_place_make(place, &options, err) ||
        !demo_place_put_samples(place, &demo->samples, err))
        return DEMO_BROKEN;
    enum demo_end end = relay(place, signals, demo, err);
    if (end != DEMO_DONE)
        return end;
    if (!look(place, demo, err))
        return DEMO_BROKEN;
    sandbox_summarize(place->sandbox, &demo->arrived);
    return DEMO_DONE;
}

enum demo_end demo_run(struct demo *demo, struct err *err)
{
    struct demo_place place = {.sandbox = NULL};
    int signals;
    *demo = (struct demo){.took_ms = 0};
    /* The planned failures are told at the end, not as they happen. */
    log_set_level(LOG_ERROR);
    if (!signals_open(&signals, err))
        return DEMO_BROKEN;
    enum demo_end end = run_in(&place, signals, demo, err);
    demo_place_remove(&place);
    (void)close(signals);
    return end;
}

void demo_free(struct demo *demo)
{
    for (int i = 0; i < demo->row_count; i++)
        view_delivery_free(&demo->rows[i]);
    view_status_free(&demo->status);
    sandbox_summary_free(&demo->arrived);
}
