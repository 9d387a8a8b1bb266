#include "cli/demo.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/signals.h"
#include "demo_events.h"
#include "outbox/outbox.h"
#include "outbox/store.h"
#include "relay/thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BUSY_MS = 5000,
    MOST_MS = 30000, /* it takes one or two seconds */
    SEED = 42,       /* of faults and jitter: the demo is always the same */
};

/* What goes wrong at the stand-in Intercom: a name that somebody archived, a
 * user whose contact was deleted for good, and an API that is overloaded now
 * and then. */
static const char faults[] = "reject=rc_product_change_event,"
                             "deleted=demo-user-10,503@events:0.25";

/* What has to be taken away again. */
struct place {
    char directory[PATH_MAX];
    char database[PATH_MAX];
    struct sandbox *sandbox;
    int signals;
};

static bool make_directory(struct place *place, struct err *err)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || *parent == '\0')
        parent = "/tmp";
    int length = snprintf(place->directory, sizeof(place->directory),
                          "%s/subrelay-demo-XXXXXX", parent);
    if (length < 0 || (size_t)length + sizeof("/outbox.db") > PATH_MAX)
        return err_set(err, ERR_INVALID, "$TMPDIR is too long");
    if (mkdtemp(place->directory) == NULL) {
        int errnum = errno;
        place->directory[0] = '\0';
        return err_set_errno(err, errnum, "cannot make a directory in %s",
                             parent);
    }
    (void)snprintf(place->database, sizeof(place->database), "%.*s/outbox.db",
                   length, place->directory);
    return true;
}

/* Remove the directory with all that is in it. */
static void remove_directory(const struct place *place)
{
    if (place->directory[0] == '\0')
        return;
    DIR *directory = opendir(place->directory);
    if (directory != NULL) {
        const struct dirent *entry;
        while ((entry = readdir(directory)) != NULL)
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
        (void)closedir(directory);
    }
    (void)rmdir(place->directory);
}

static bool put_line(struct store *store, const char *line, size_t length,
                     struct demo *demo, struct err *err)
{
    bool is_new;
    struct err refusal;
    if (outbox_put(store, line, length, &is_new, &refusal)) {
        demo->enqueued += is_new ? 1 : 0;
        demo->duplicate += is_new ? 0 : 1;
        return true;
    }
    if (refusal.code != ERR_INVALID) {
        *err = refusal;
        return false;
    }
    demo->refused++;
    (void)snprintf(demo->refusal, sizeof(demo->refusal), "%s", refusal.text);
    return true;
}

static bool put_samples(struct store *store, struct demo *demo, struct err *err)
{
    const char *at = demo_events;
    if (!store_begin(store, err))
        return false;
    while (*at != '\0') {
        size_t length = strcspn(at, "\n");
        if (length > 0 && !put_line(store, at, length, demo, err)) {
            store_rollback(store);
            return false;
        }
        at += length + (at[length] == '\n' ? 1 : 0);
    }
    return store_commit(store, err);
}

static bool fill_outbox(const struct place *place, struct demo *demo,
                        struct err *err)
{
    struct store_init_report init;
    struct store *store;
    if (!store_init(place->database, false, &init, err) ||
        !store_open(place->database, STORE_WRITE, BUSY_MS, &store, err))
        return false;
    bool done = put_samples(store, demo, err);
    store_close(store);
    return done;
}

static bool start_relay(const struct place *place, struct relay_thread **thread,
                        struct err *err)
{
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%" PRIu16,
                   sandbox_port(place->sandbox));
    const struct relay_thread_options options = {
        .database_path = place->database,
        .api_url = url,
        .token = "demo",
        .policy = {.connections = 8,
                   .timeout_ms = 5000,
                   .give_up_ms = 3600000,
                   .drain = true,
                   .drain_wait_ms = MOST_MS,
                   .seed = SEED},
    };
    return relay_thread_start(&options, thread, err);
}

/* Wait for the relay's end, a signal, or too long a time. */
static enum demo_end wait_for_relay(const struct place *place,
                                    struct relay_thread *thread,
                                    struct err *err)
{
    struct pollfd waited[] = {
        {.fd = relay_thread_end_descriptor(thread), .events = POLLIN},
        {.fd = place->signals, .events = POLLIN},
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

static enum demo_end relay(const struct place *place, struct demo *demo,
                           struct err *err)
{
    struct relay_thread *thread;
    struct err join_err;
    int64_t started_ms = clock_monotonic_ms(clock_system());
    if (!start_relay(place, &thread, err))
        return DEMO_BROKEN;
    enum demo_end end = wait_for_relay(place, thread, err);
    bool joined = relay_thread_join(thread, &demo->report, &join_err);
    demo->took_ms = clock_monotonic_ms(clock_system()) - started_ms;
    if (end == DEMO_DONE && !joined) {
        *err = join_err;
        return DEMO_BROKEN;
    }
    return end;
}

static bool look(const struct place *place, struct demo *demo, struct err *err)
{
    struct store *store;
    struct filter all;
    struct filter_place ignored;
    struct cursor cursor;
    if (!filter_parse("", &all, &ignored, err) ||
        !store_open(place->database, STORE_READ, BUSY_MS, &store, err))
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

static enum demo_end run_in(struct place *place, struct demo *demo,
                            struct err *err)
{
    const struct sandbox_options options = {.faults = faults, .seed = SEED};
    if (!signals_open(&place->signals, err) || !make_directory(place, err) ||
        !fill_outbox(place, demo, err) ||
        !sandbox_start(&options, &place->sandbox, err))
        return DEMO_BROKEN;
    enum demo_end end = relay(place, demo, err);
    if (end != DEMO_DONE)
        return end;
    if (!look(place, demo, err))
        return DEMO_BROKEN;
    sandbox_summarize(place->sandbox, &demo->arrived);
    return DEMO_DONE;
}

enum demo_end demo_run(struct demo *demo, struct err *err)
{
    struct place place = {.signals = -1};
    *demo = (struct demo){.enqueued = 0};
    /* The planned failures are told at the end, not as they happen. */
    log_set_level(LOG_ERROR);
    enum demo_end end = run_in(&place, demo, err);
    sandbox_stop(place.sandbox);
    remove_directory(&place);
    if (place.signals >= 0)
        (void)close(place.signals);
    return end;
}

void demo_free(struct demo *demo)
{
    for (int i = 0; i < demo->row_count; i++)
        view_delivery_free(&demo->rows[i]);
    view_status_free(&demo->status);
    sandbox_summary_free(&demo->arrived);
}
