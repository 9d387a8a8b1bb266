/* test_demo_guide.c - the line that leads through the demo: what has to be so,
 * and which step is then due. */
#include "cli/demo_guide.h"

#include "outbox/outbox.h"
#include "tui/deliveries.h"
#include "tui/delivery.h"
#include "tui/job.h"
#include "tui/model.h"
#include "tui/names_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char reason[] = "name_archived";

static void at_overview(struct model *model)
{
    model->screen = SCREEN_OVERVIEW;
}

static void at_deliveries(struct model *model)
{
    model->screen = SCREEN_DELIVERIES;
}

static void filtered(struct model *model)
{
    model->screen = SCREEN_DELIVERIES;
    model->deliveries->filter.state = "failed";
}

static void opened(struct model *model)
{
    model->screen = SCREEN_DELIVERY;
    model->delivery->is_read = true;
    model->delivery->row.reason = reason;
}

static void editing(struct model *model)
{
    model->screen = SCREEN_NAMES;
    model->names->is_read = true;
    names_init(&model->names->names);
    model->names->edit.kind = KIND_PRODUCT_CHANGE;
}

static void edit_given_up(struct model *model)
{
    editing(model);
    model->names->edit.kind = KIND_NONE;
}

static void renamed(struct model *model)
{
    edit_given_up(model);
    (void)snprintf(model->names->names.name[KIND_PRODUCT_CHANGE], 8, "Changed");
}

static void asking(struct model *model)
{
    renamed(model);
    model->job->state = JOB_ASKING;
}

static void started(struct model *model)
{
    renamed(model);
    model->starts = 1;
}

static void at_operations(struct model *model)
{
    started(model);
    model->screen = SCREEN_OPERATIONS;
}

static void in_the_outage(struct model *model)
{
    model->has_status = true;
    model->status.breaker_since_ms = 5;
}

static void after_the_outage(struct model *model)
{
    model->has_status = true;
    model->status.breaker_since_ms = OUTBOX_NO_TIME;
}

static void count_call(void *context)
{
    ++*(int *)context;
}

/* The step that this guide is on when the model is so. */
static enum demo_step look(struct demo_guide *guide,
                           void (*set)(struct model *model))
{
    struct model model;
    model_init(&model, 80, 24);
    set(&model);
    const char *line = demo_guide_look(guide, &model);
    assert_true(strlen(line) <= 78);
    enum demo_step step = guide->step;
    model.delivery->row.reason = NULL; /* it is not the row's */
    model.has_status = false;
    model_free(&model);
    return step;
}

static void each_step_follows_from_what_is_done(void **state)
{
    (void)state;
    static const struct {
        enum demo_step step;
        void (*set)(struct model *model);
        enum demo_step wanted;
    } rows[] = {
        {DEMO_STEP_LOOK, at_overview, DEMO_STEP_LOOK},
        {DEMO_STEP_LOOK, at_deliveries, DEMO_STEP_FILTER},
        {DEMO_STEP_LOOK, filtered, DEMO_STEP_OPEN},
        {DEMO_STEP_FILTER, at_overview, DEMO_STEP_FILTER},
        {DEMO_STEP_FILTER, filtered, DEMO_STEP_OPEN},
        {DEMO_STEP_OPEN, opened, DEMO_STEP_EDIT},
        {DEMO_STEP_EDIT, editing, DEMO_STEP_RENAME},
        {DEMO_STEP_RENAME, editing, DEMO_STEP_RENAME},
        {DEMO_STEP_RENAME, edit_given_up, DEMO_STEP_OPEN},
        {DEMO_STEP_RENAME, renamed, DEMO_STEP_RETRY},
        {DEMO_STEP_LOOK, renamed, DEMO_STEP_RETRY},
        {DEMO_STEP_RETRY, renamed, DEMO_STEP_RETRY},
        {DEMO_STEP_RETRY, asking, DEMO_STEP_START},
        {DEMO_STEP_START, renamed, DEMO_STEP_RETRY},
        {DEMO_STEP_START, started, DEMO_STEP_WATCH},
        {DEMO_STEP_RETRY, started, DEMO_STEP_WATCH},
        {DEMO_STEP_WATCH, at_operations, DEMO_STEP_UNDO},
        {DEMO_STEP_UNDO, at_operations, DEMO_STEP_UNDO},
        {DEMO_STEP_UNDO, at_overview, DEMO_STEP_OUTAGE},
        {DEMO_STEP_OUTAGE, after_the_outage, DEMO_STEP_OUTAGE},
        {DEMO_STEP_END, at_overview, DEMO_STEP_END},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct demo_guide guide = {.step = rows[i].step};
        enum demo_step step = look(&guide, rows[i].set);
        if (step != rows[i].wanted)
            fail_msg("row %zu: step %d", i, (int)step);
    }
}

static void the_outage_begins_once_and_is_waited_for(void **state)
{
    (void)state;
    int calls = 0;
    struct demo_guide guide = {
        .step = DEMO_STEP_UNDO, .begin_outage = count_call, .context = &calls};
    assert_int_equal(look(&guide, at_overview), DEMO_STEP_OUTAGE);
    assert_int_equal(look(&guide, in_the_outage), DEMO_STEP_OUTAGE);
    assert_int_equal(look(&guide, after_the_outage), DEMO_STEP_END);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_follows_from_what_is_done),
        cmocka_unit_test(the_outage_begins_once_and_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
