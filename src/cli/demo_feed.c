#include "cli/demo_feed.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/thread.h"
#include "cli/demo_place.h"
#include "outbox/outbox.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    EVENT_BYTES = 4096,
    TEXT_BYTES = 48,
    /* The first events, and then every so manieth, are product changes, whose
     * name the sandbox refuses (DEMO_FAULTS). */
    FIRST_CHANGES = 12,
    CHANGE_EVERY = 9,
};

static const int64_t MONTH_MS = INT64_C(30) * 24 * 3600 * 1000;

struct demo_feed {
    pthread_t thread;
    struct store *store;
    int64_t next;
    int interval_ms;
    int stop; /* an eventfd */
};

/* What happens, in turns. */
static const struct {
    const char *type;
    const char *period_type;
    bool is_trial_conversion;
    const char *reason_key; /* NULL: none */
    const char *reason;
} happenings[] = {
    {"RENEWAL", "NORMAL", false, NULL, NULL},
    {"INITIAL_PURCHASE", "NORMAL", false, NULL, NULL},
    {"RENEWAL", "NORMAL", false, NULL, NULL},
    {"INITIAL_PURCHASE", "TRIAL", false, NULL, NULL},
    {"CANCELLATION", "NORMAL", false, "cancel_reason", "UNSUBSCRIBE"},
    {"RENEWAL", "NORMAL", false, NULL, NULL},
    {"RENEWAL", "NORMAL", true, NULL, NULL},
    {"EXPIRATION", "NORMAL", false, "expiration_reason", "UNSUBSCRIBE"},
    {"NON_RENEWING_PURCHASE", "NORMAL", false, NULL, NULL},
    {"RENEWAL", "NORMAL", false, NULL, NULL},
    {"BILLING_ISSUE", "NORMAL", false, NULL, NULL},
    {"CANCELLATION", "TRIAL", false, "cancel_reason", "UNSUBSCRIBE"},
    {"UNCANCELLATION", "NORMAL", false, NULL, NULL},
};
enum { HAPPENING_COUNT = sizeof(happenings) / sizeof(happenings[0]) };

/* What stands in every event. */
static void write_common(struct json *json, int64_t number, int64_t now_ms)
{
    static const char *const stores[] = {"APP_STORE", "PLAY_STORE", "STRIPE"};
    static const char *const products[] = {"reader_monthly", "reader_yearly"};
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof(text), "demo-live-%" PRId64, number);
    json_key_text(json, "id", text);
    json_key_int64(json, "event_timestamp_ms", now_ms);
    json_key_text(json, "app_id", "demo-app");
    (void)snprintf(text, sizeof(text), "reader-%03" PRId64,
                   number * 7 % DEMO_FEED_USERS + 1);
    json_key_text(json, "app_user_id", text);
    json_key_text(json, "product_id", products[number % 2]);
    json_key(json, "entitlement_ids");
    json_open_array(json);
    json_text(json, "reader_plus");
    json_close(json);
    json_key_int64(json, "purchased_at_ms", now_ms - number % 60 * 1000);
    json_key_int64(json, "expiration_at_ms", now_ms + MONTH_MS);
    json_key_text(json, "environment", "PRODUCTION");
    json_key_text(json, "store", stores[number % 3]);
}

void demo_feed_write_event(int64_t number, int64_t now_ms, struct buf *out)
{
    size_t what = (size_t)number % HAPPENING_COUNT;
    bool is_change = number < FIRST_CHANGES || number % CHANGE_EVERY == 0;
    struct json json;
    assert(number >= 0);
    json_begin(&json, out);
    json_open_object(&json);
    json_key_text(&json, "api_version", "1.0");
    json_key(&json, "event");
    json_open_object(&json);
    json_key_text(&json, "type",
                  is_change ? "PRODUCT_CHANGE" : happenings[what].type);
    write_common(&json, number, now_ms);
    if (is_change) {
        json_key_text(&json, "period_type", "NORMAL");
        json_key_text(&json, "new_product_id", "reader_family");
    } else {
        json_key_text(&json, "period_type", happenings[what].period_type);
        json_key_bool(&json, "is_trial_conversion",
                      happenings[what].is_trial_conversion);
        if (happenings[what].reason_key != NULL)
            json_key_text(&json, happenings[what].reason_key,
                          happenings[what].reason);
    }
    json_close(&json);
    json_close(&json);
}

static bool put_one(struct store *store, int64_t number, int64_t now_ms,
                    struct err *err)
{
    struct buf body;
    bool is_new;
    buf_init(&body, EVENT_BYTES);
    demo_feed_write_event(number, now_ms, &body);
    bool done = outbox_put(store, body.bytes, body.length, &is_new, err);
    buf_free(&body);
    return done;
}

bool demo_feed_put(struct store *store, int64_t from, int64_t count,
                   int64_t now_ms, struct err *err)
{
    if (!store_begin(store, err))
        return false;
    for (int64_t i = 0; i < count; i++) {
        if (!put_one(store, from + i, now_ms, err)) {
            store_rollback(store);
            return false;
        }
    }
    return store_commit(store, err);
}

static void *run_feed(void *context)
{
    struct demo_feed *feed = context;
    struct pollfd stop = {.fd = feed->stop, .events = POLLIN};
    for (;;) {
        struct err err;
        int ready = poll(&stop, 1, feed->interval_ms);
        if (ready > 0)
            return NULL;
        if (ready == 0 && demo_feed_put(feed->store, feed->next, 1,
                                        clock_wall_ms(clock_system()), &err))
            feed->next++;
    }
}

static void free_feed(struct demo_feed *feed)
{
    store_close(feed->store);
    if (feed->stop >= 0)
        (void)close(feed->stop);
    free(feed);
}

bool demo_feed_start(const char *database, int64_t from, int interval_ms,
                     struct demo_feed **feed, struct err *err)
{
    struct demo_feed *made = mem_new(sizeof(*made));
    made->next = from;
    made->interval_ms = interval_ms;
    made->stop = eventfd(0, EFD_CLOEXEC);
    if (made->stop < 0) {
        int errnum = errno;
        free_feed(made);
        return err_set_errno(err, errnum, "eventfd");
    }
    if (!store_open(database, STORE_WRITE, DEMO_BUSY_MS, &made->store, err)) {
        free_feed(made);
        return false;
    }
    int errnum = thread_start(&made->thread, run_feed, made);
    if (errnum != 0) {
        free_feed(made);
        return err_set_errno(err, errnum, "starting a thread");
    }
    *feed = made;
    return true;
}

void demo_feed_stop(struct demo_feed *feed)
{
    if (feed == NULL)
        return;
    (void)eventfd_write(feed->stop, 1);
    (void)pthread_join(feed->thread, NULL);
    free_feed(feed);
}
