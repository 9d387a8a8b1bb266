#include "sim/people_part.h"

#include "base/mem.h"
#include "outbox/outbox.h"
#include "sim/checks.h"
#include "sim/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- their processes ------------------------------------------------------ */

struct store *people_open(struct sim *sim, struct store **store, int process)
{
    struct err err;
    disk_run_as(sim->disk, process);
    if (*store != NULL)
        return *store;
    if (store_open(sim->path, STORE_WRITE, 0, store, &err))
        return *store;
    sim_trace(sim, "process %d cannot open the outbox: %s", process, err.text);
    if (disk_is_dead(sim->disk, process))
        machine_tidy_up(sim);
    return NULL;
}

static void revive(struct sim *sim, int process)
{
    /* A number is a new process once the old one is gone. */
    disk_revive(sim->disk, process);
}

bool people_bury(struct sim *sim, struct store **store, int process)
{
    if (!disk_is_dead(sim->disk, process))
        return false;
    disk_run_as(sim->disk, process);
    store_close(*store);
    *store = NULL;
    sim_trace(sim, "process %d is dead", process);
    revive(sim, process);
    return true;
}

void people_leave_dead(struct sim *sim)
{
    struct people *people = sim->people;
    (void)people_bury(sim, &people->producer, SIM_PRODUCER);
    (void)people_bury(sim, &people->operator, SIM_OPERATOR);
    if (people->writer != NULL && disk_is_dead(sim->disk, SIM_WRITER)) {
        (void)sqlite3_close(people->writer);
        people->writer = NULL;
        revive(sim, SIM_WRITER);
    }
}

struct people *people_new(struct sim *sim)
{
    struct people *people = mem_new(sizeof(*people));
    people->next_created_s = sim->clock.wall_ms / 1000 - 5000000;
    return people;
}

void people_free(struct people *people)
{
    if (people == NULL)
        return;
    store_close(people->producer);
    store_close(people->operator);
    (void)sqlite3_close(people->writer);
    free(people);
}

void people_plan_trouble(struct sim *sim)
{
    int process = sim_happens(sim, 50) ? SIM_PRODUCER : SIM_OPERATOR;
    int64_t n = 1 + sim_draw(sim, 12);
    if (sim_happens(sim, 30))
        disk_plan_error(sim->disk, process, n);
    else
        disk_plan_death(sim->disk, process, n,
                        sim_happens(sim, 40) ? DISK_POWER_CUT : DISK_KILL);
}

/* --- someone with the lock ------------------------------------------------ */

void people_hold_lock(struct sim *sim)
{
    struct people *people = sim->people;
    if (people->writer != NULL)
        return;
    disk_run_as(sim->disk, SIM_WRITER);
    if (sqlite3_open_v2(sim->path, &people->writer,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_exec(people->writer,
                     sim_happens(sim, 50) ? "BEGIN IMMEDIATE"
                                          : "BEGIN EXCLUSIVE",
                     NULL, NULL, NULL) != SQLITE_OK) {
        (void)sqlite3_close(people->writer);
        people->writer = NULL;
        return;
    }
    sim_trace(sim, "another program holds the lock");
}

void people_release_lock(struct sim *sim)
{
    struct people *people = sim->people;
    if (people->writer == NULL)
        return;
    disk_run_as(sim->disk, SIM_WRITER);
    sim_trace(sim, "the lock is free again");
    (void)sqlite3_exec(people->writer, "ROLLBACK", NULL, NULL, NULL);
    (void)sqlite3_close(people->writer);
    people->writer = NULL;
}

/* --- events --------------------------------------------------------------- */

/* What a producer may write. */
static const struct {
    const char *type;
    const char *members;
    enum ledger_sort sort;
    bool has_data_event;
    uint32_t weight;
} sorts[] = {
    {"RENEWAL", ",\"period_type\":\"NORMAL\"", LEDGER_GOOD, true, 40},
    {"RENEWAL", ",\"is_trial_conversion\":true", LEDGER_GOOD, true, 5},
    {"INITIAL_PURCHASE", ",\"period_type\":\"TRIAL\"", LEDGER_GOOD, true, 10},
    {"INITIAL_PURCHASE", ",\"period_type\":\"INTRO\"", LEDGER_GOOD, true, 5},
    {"CANCELLATION", ",\"cancel_reason\":\"UNSUBSCRIBE\"", LEDGER_GOOD, true,
     10},
    {"EXPIRATION", "", LEDGER_GOOD, true, 5},
    {"BILLING_ISSUE", "", LEDGER_GOOD, true, 3},
    {"PRODUCT_CHANGE", "", LEDGER_GOOD, true, 3},
    {"UNCANCELLATION", "", LEDGER_GOOD, false, 8},
    {"SUBSCRIPTION_PAUSED", "", LEDGER_GOOD, false, 4},
    {"TEST", "", LEDGER_SKIPPED, false, 4},
    {"RENEWAL", ",\"environment\":\"SANDBOX\"", LEDGER_SKIPPED, false, 4},
    {"RENEWAL", ",\"period_type\":7", LEDGER_INVALID, false, 4},
};
enum { SORT_COUNT = sizeof(sorts) / sizeof(sorts[0]) };

static size_t draw_sort(struct sim *sim)
{
    uint32_t total = 0;
    for (size_t i = 0; i < SORT_COUNT; i++)
        total += sorts[i].weight;
    uint32_t at = sim_draw(sim, total);
    size_t sort = 0;
    while (at >= sorts[sort].weight)
        at -= sorts[sort++].weight;
    return sort;
}

/* Mostly of now, sometimes late, of the same moment as another, of no time, or
 * absurd. */
static int64_t draw_timestamp(struct sim *sim)
{
    int64_t now_ms = sim_true_ms(sim);
    if (sim_draw(sim, 80) == 0)
        return now_ms + INT64_C(40) * SIM_HOUR;
    switch (sim_draw(sim, 20)) {
    case 0:
    case 1:
        return now_ms / SIM_HOUR * SIM_HOUR;
    case 2:
        return 0;
    case 3:
        return now_ms + (int64_t)sim_draw(sim, SIM_HOUR);
    case 4:
    case 5:
    case 6:
    case 7:
        return now_ms - (int64_t)sim_draw(sim, 3 * SIM_HOUR);
    default:
        return now_ms - (int64_t)sim_draw(sim, SIM_MINUTE);
    }
}

/* Another second each, but that now and then a user has two of one kind in the
 * same second, which are one to Intercom; or a time that is yet to come. */
static int64_t draw_created(struct sim *sim, int user, const char *type)
{
    struct people *people = sim->people;
    bool is_twin = people->last_type[user] == type && sim_happens(sim, 10);
    if (!is_twin) {
        people->next_created_s += 1 + sim_draw(sim, 50);
        people->last_created_s[user] = people->next_created_s;
        people->last_type[user] = type;
    }
    if (sim_happens(sim, 4))
        return sim_true_ms(sim) / 1000 + sim_draw(sim, 600);
    return people->last_created_s[user];
}

static struct ledger_event *write_event(struct sim *sim, struct buf *payload)
{
    struct ledger *ledger = &sim->ledger;
    size_t sort = draw_sort(sim);
    int number = ++ledger->count;
    bool has_user = !sim_happens(sim, 3);
    int user = 1 + (int)sim_draw(sim, 1 + sim_draw(sim, LEDGER_MOST_USERS));
    struct ledger_event *event = &ledger->events[number];
    *event = (struct ledger_event){
        .sort = has_user || sorts[sort].sort == LEDGER_INVALID
                    ? sorts[sort].sort
                    : LEDGER_SKIPPED,
        .user = has_user ? user : 0,
        .has_data_event = sorts[sort].has_data_event,
        .timestamp_ms = draw_timestamp(sim),
    };
    long long created_ms = 1000LL * draw_created(sim, user, sorts[sort].type);
    buf_add_format(payload,
                   "{\"event\":{\"id\":\"e%d\",\"type\":\"%s\",\"product_id\":"
                   "\"p%d\",\"entitlement_ids\":[\"x%d\"],\"store\":"
                   "\"APP_STORE\",\"purchased_at_ms\":%lld,"
                   "\"expiration_at_ms\":%lld%s",
                   number, sorts[sort].type, number, number, created_ms,
                   created_ms, sorts[sort].members);
    if (event->timestamp_ms != 0)
        buf_add_format(payload, ",\"event_timestamp_ms\":%lld",
                       (long long)event->timestamp_ms);
    if (has_user)
        buf_add_format(payload, ",\"app_user_id\":\"u%d\"", user);
    buf_add_text(payload, "}}");
    return event;
}

/* An event without a time of its own that needs one cannot be mapped. */
static void find_sort_by_time(struct ledger_event *event, const char *payload)
{
    static const char *const by_timestamp[] = {"CANCELLATION", "BILLING_ISSUE",
                                               "PRODUCT_CHANGE"};
    for (size_t i = 0; i < 3; i++) {
        if (event->timestamp_ms == 0 && event->sort == LEDGER_GOOD &&
            strstr(payload, by_timestamp[i]) != NULL)
            event->sort = LEDGER_INVALID;
    }
}

/* Put a few in one transaction. */
static bool put_some(struct sim *sim, struct store *store, int first, int count,
                     struct buf *payloads, struct err *err)
{
    if (!store_begin(store, err))
        return false;
    for (int i = 0; i < count; i++) {
        bool is_new;
        if (!outbox_put(store, buf_text(&payloads[i]), payloads[i].length,
                        &is_new, err) ||
            (sim_happens(sim, 5) && /* twice is once */
             !outbox_put(store, buf_text(&payloads[i]), payloads[i].length,
                         &is_new, err))) {
            store_rollback(store);
            return false;
        }
    }
    (void)first;
    return store_commit(store, err);
}

static void set_commits(struct sim *sim, int first, int count,
                        enum ledger_commit commit)
{
    for (int i = 0; i < count; i++)
        sim->ledger.events[first + i].commit = commit;
}

enum { MOST_TOGETHER = 6 };

void people_produce(struct sim *sim)
{
    struct people *people = sim->people;
    struct buf payloads[MOST_TOGETHER];
    struct err err;
    int count = 1 + (int)sim_draw(sim, 1 + sim_draw(sim, MOST_TOGETHER));
    int first = sim->ledger.count + 1;
    struct store *store = people_open(sim, &people->producer, SIM_PRODUCER);
    if (store == NULL || sim->ledger.count + count >= LEDGER_MOST_EVENTS)
        return;
    for (int i = 0; i < count; i++) {
        buf_init(&payloads[i], 4096);
        struct ledger_event *event = write_event(sim, &payloads[i]);
        find_sort_by_time(event, buf_text(&payloads[i]));
    }
    bool done = put_some(sim, store, first, count, payloads, &err);
    sim_trace(sim, "events e%d to e%d: %s", first, first + count - 1,
              done ? "committed" : err.text);
    set_commits(sim, first, count, done ? LEDGER_COMMITTED : LEDGER_IN_DOUBT);
    for (int i = 0; i < count; i++)
        buf_free(&payloads[i]);
    if (disk_is_dead(sim->disk, SIM_PRODUCER))
        machine_tidy_up(sim);
    else if (sim_happens(sim, 80))
        machine_tell(sim);
}
