/* people_operate.c - operators: what they ask for, in the words of
 * src/outbox/operation.h, often in the worst moment. */
#include "sim/people_part.h"

#include "event/catalog.h"
#include "outbox/operation.h"
#include "sim/checks.h"
#include "sim/machine.h"

#include <stdio.h>

static struct operation_request request_of(struct sim *sim, const char *action)
{
    return (struct operation_request){
        .action = action,
        .who = "operator",
        .filter = "drawn",
        .now_ms = sim->clock.wall_ms,
    };
}

/* --- plans ---------------------------------------------------------------- */

/* One delivery in so many, of any state or only of failed ones. */
static int draw_ids(struct sim *sim, int64_t *ids, int most)
{
    int64_t newest =
        checks_number(sim, "SELECT max(id) FROM outbox_delivery", 0);
    bool only_failed = sim_happens(sim, 60);
    uint32_t percent = sim_happens(sim, 50) ? 100 : 20;
    int count = 0;
    for (int64_t id = 1; id <= newest && count < most; id++) {
        if (!sim_happens(sim, percent))
            continue;
        const char *sql = only_failed ? "SELECT count(*) FROM outbox_delivery "
                                        "WHERE id = ?1 AND state = 'failed'"
                                      : "SELECT count(*) FROM outbox_delivery "
                                        "WHERE id = ?1";
        if (checks_number(sim, sql, id) == 1)
            ids[count++] = id;
    }
    return count;
}

/* Some of the plan's pages, often all of them. */
static void apply(struct sim *sim, struct store *store)
{
    struct err err;
    bool more = true;
    while (more && sim_happens(sim, 85) &&
           operation_step(store, sim->clock.wall_ms, &more, &err))
        ;
}

static void plan_and_start(struct sim *sim, struct store *store,
                           const char *action)
{
    struct operation_request request = request_of(sim, action);
    struct operation_plan plan;
    struct err err;
    int64_t ids[OPERATION_PAGE];
    int count = draw_ids(sim, ids, OPERATION_PAGE);
    request.include_delivered = sim_happens(sim, 15);
    disk_run_as(sim->disk, SIM_OPERATOR);
    if (!operation_plan_begin(store, &request, &plan, &err) ||
        !operation_plan_add(store, &plan, ids, (size_t)count, &err) ||
        !operation_plan_finish(store, &plan, &err)) {
        sim_trace(sim, "%s of %d: %s", action, count, err.text);
        return;
    }
    sim_trace(sim, "operation %lld: %s of %d, %lld planned%s",
              (long long)plan.id, action, count, (long long)plan.planned,
              request.include_delivered ? ", delivered ones, too" : "");
    if (sim_happens(sim, 10)) {
        bool done;
        (void)!operation_plan_drop(store, plan.id, &done, &err);
        return;
    }
    if (sim_happens(sim, 20)) { /* somebody thinks about it */
        machine_pass(sim, sim_draw_time(sim, 10 * SIM_SECOND));
        store = people_open(sim, &sim->people->operator, SIM_OPERATOR);
        if (store == NULL)
            return;
    }
    disk_run_as(sim->disk, SIM_OPERATOR);
    if (operation_start(store, plan.id, sim->clock.wall_ms, &err))
        apply(sim, store);
}

/* --- one row each --------------------------------------------------------- */

static void rename_kind(struct sim *sim, struct store *store)
{
    static const char *const names[] = {"Renewed",  "renewed", "New name",
                                        "Old.name", "",        "Third"};
    const enum event_kind kinds[] = {KIND_RENEWAL, KIND_TRIAL_STARTED,
                                     KIND_CANCELLATION};
    struct operation_request request = request_of(sim, "rename");
    struct err err = {.code = ERR_NONE};
    int64_t id = 0;
    enum event_kind kind = kinds[sim_draw(sim, 3)];
    const char *name = names[sim_draw(sim, 6)];
    bool off = sim_happens(sim, 10);
    bool done = operation_set_name(store, kind, name, off, &request, &id, &err);
    sim_trace(sim, "operation %lld: rename %s to '%s'%s%s", (long long)id,
              catalog_word(kind), name, off ? ", off" : "",
              done ? "" : err.text);
}

static void pause_sending(struct sim *sim, struct store *store)
{
    const struct operation_request request = request_of(sim, "pause");
    struct err err;
    bool done = operation_pause(store, &request, &err);
    sim_trace(sim, "pause: %s", done ? "done" : err.text);
}

static void resume_sending(struct sim *sim, struct store *store)
{
    const struct operation_request request = request_of(sim, "resume");
    struct err err;
    bool was_paused;
    bool done = operation_resume(store, &request, &was_paused, &err);
    sim_trace(sim, "resume: %s", done ? "done" : err.text);
}

static void take_back(struct sim *sim, struct store *store)
{
    const struct operation_request request = request_of(sim, "undo");
    struct err err;
    int64_t id = 0;
    bool undoes = sim_happens(sim, 70);
    int64_t target = sim_happens(sim, 70) ? 0 : 1 + sim_draw(sim, 12);
    bool done = undoes ? operation_undo(store, target, &request, &id, &err)
                       : operation_cancel(store, target, &request, &id, &err);
    sim_trace(sim, "%s %lld: %s", undoes ? "undo" : "cancel", (long long)target,
              done ? "done" : err.text);
    if (done)
        apply(sim, store);
}

static void go_on(struct sim *sim, struct store *store)
{
    apply(sim, store);
}

static void retry(struct sim *sim, struct store *store)
{
    plan_and_start(sim, store, "retry");
}

static void discard(struct sim *sim, struct store *store)
{
    plan_and_start(sim, store, "discard");
}

static const struct {
    void (*deed)(struct sim *sim, struct store *store);
    uint32_t weight;
} deeds[] = {
    {retry, 35},     {discard, 10},      {rename_kind, 25},
    {take_back, 10}, {pause_sending, 5}, {resume_sending, 10},
    {go_on, 5},
};

void people_operate(struct sim *sim)
{
    struct people *people = sim->people;
    struct store *store = people_open(sim, &people->operator, SIM_OPERATOR);
    uint32_t at = sim_draw(sim, 100);
    size_t deed = 0;
    if (store == NULL)
        return;
    while (at >= deeds[deed].weight)
        at -= deeds[deed++].weight;
    deeds[deed].deed(sim, store);
    if (disk_is_dead(sim->disk, SIM_OPERATOR))
        machine_tidy_up(sim);
    else if (sim_happens(sim, 80))
        machine_tell(sim);
}

void people_resume(struct sim *sim)
{
    struct people *people = sim->people;
    struct store *store = people_open(sim, &people->operator, SIM_OPERATOR);
    if (store != NULL)
        resume_sending(sim, store);
}
