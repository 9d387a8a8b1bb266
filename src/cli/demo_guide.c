#include "cli/demo_guide.h"

#include "base/text.h"
#include "event/catalog.h"
#include "outbox/outbox.h"
#include "tui/deliveries.h"
#include "tui/delivery.h"
#include "tui/job.h"
#include "tui/model.h"
#include "tui/names_view.h"

#include <stddef.h>

static bool is_at_deliveries(const struct model *model)
{
    return model->screen == SCREEN_DELIVERIES;
}

static bool shows_failed(const struct model *model)
{
    return is_at_deliveries(model) &&
           text_equals(model->deliveries->filter.state, "failed");
}

static bool shows_archived(const struct model *model)
{
    return model->screen == SCREEN_DELIVERY && model->delivery->is_read &&
           text_equals(model->delivery->row.reason, "name_archived");
}

static bool edits_name(const struct model *model)
{
    return model->screen == SCREEN_NAMES && names_edit_is_open(model);
}

static bool has_renamed(const struct model *model)
{
    const struct names *names = &model->names->names;
    const char *standard = catalog_kind(KIND_PRODUCT_CHANGE)->default_name;
    return model->names->is_read &&
           !names_are_same(names->name[KIND_PRODUCT_CHANGE], standard);
}

static bool has_started(const struct model *model)
{
    return model->starts > 0;
}

static bool asks_or_has_started(const struct model *model)
{
    return model->job->state == JOB_ASKING || has_started(model);
}

static bool watches(const struct model *model)
{
    return model->screen == SCREEN_OPERATIONS || model->screen == SCREEN_ITEMS;
}

static bool is_at_overview(const struct model *model)
{
    return model->screen == SCREEN_OVERVIEW;
}

/* What is said, and what has to be so that the next step is due. */
static const struct {
    const char *text;
    bool (*is_done)(const struct model *model);
} steps[DEMO_STEP_COUNT] = {
    [DEMO_STEP_LOOK] = {"1 A quota paces what waits; some have failed. 2 shows "
                        "the deliveries.",
                        is_at_deliveries},
    [DEMO_STEP_FILTER] = {"2 Press / then type state:failed and Enter.",
                          shows_failed},
    [DEMO_STEP_OPEN] = {"3 j and k move. Enter opens a product change: why did "
                        "it fail?",
                        shows_archived},
    [DEMO_STEP_EDIT] = {"4 Somebody archived its name at Intercom. E edits the "
                        "name.",
                        edits_name},
    [DEMO_STEP_RENAME] = {"5 Ctrl-U clears it. Type another name, see what "
                          "changes, then Enter.",
                          has_renamed},
    [DEMO_STEP_RETRY] = {"6 Now those that failed: 2, then a marks them all, R "
                         "plans a retry.",
                         asks_or_has_started},
    [DEMO_STEP_START] = {"7 This is the plan. Type the number that it asks "
                         "for, then Enter.",
                         has_started},
    [DEMO_STEP_WATCH] = {"8 They go out behind fresh events. 4 shows how far, "
                         "Enter each of them.",
                         watches},
    [DEMO_STEP_UNDO] = {"9 U takes back what was not sent yet, if you like. "
                        "Then 1: an outage.",
                        is_at_overview},
    [DEMO_STEP_OUTAGE] = {"10 Intercom is down (503) for 20 seconds. Nothing "
                          "fails: all waits.",
                          NULL},
    [DEMO_STEP_END] = {"11 It went on by itself. ? shows all keys; q ends the "
                       "demo, no trace is left.",
                       NULL},
};

/* The breaker has opened and is closed again. */
static bool is_over(struct demo_guide *guide, const struct model *model)
{
    bool is_open =
        model->has_status && model->status.breaker_since_ms != OUTBOX_NO_TIME;
    guide->saw_outage = guide->saw_outage || is_open;
    return guide->saw_outage && !is_open;
}

static bool is_done(struct demo_guide *guide, const struct model *model)
{
    if (guide->step == DEMO_STEP_OUTAGE)
        return is_over(guide, model);
    return steps[guide->step].is_done != NULL &&
           steps[guide->step].is_done(model);
}

/* What was begun and given up is to be begun again. */
static void go_back(struct demo_guide *guide, const struct model *model)
{
    bool gave_up_edit = guide->step == DEMO_STEP_RENAME && !edits_name(model) &&
                        model->order == NULL && !has_renamed(model);
    bool gave_up_plan = guide->step == DEMO_STEP_START &&
                        !asks_or_has_started(model) &&
                        model->job->state == JOB_NONE;
    if (gave_up_edit)
        guide->step = DEMO_STEP_OPEN;
    if (gave_up_plan)
        guide->step = DEMO_STEP_RETRY;
}

const char *demo_guide_look(struct demo_guide *guide, const struct model *model)
{
    if (guide->step < DEMO_STEP_RETRY && has_renamed(model))
        guide->step = DEMO_STEP_RETRY; /* by whatever way */
    while (is_done(guide, model)) {
        guide->step++;
        if (guide->step == DEMO_STEP_OUTAGE && guide->begin_outage != NULL)
            guide->begin_outage(guide->context);
    }
    go_back(guide, model);
    return steps[guide->step].text;
}
