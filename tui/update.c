#include "tui/update.h"

#include "tui/frame.h"
#include "tui/job.h"

static void switch_by(struct model *model, int step)
{
    int tab = (int)model_tab(model);
    do {
        tab = (tab + step + SCREEN_TABS) % SCREEN_TABS;
    } while (view_of((enum screen)tab) == NULL);
    model_switch(model, (enum screen)tab);
}

static void leave(struct model *model)
{
    if (!model_back(model))
        model->wants_quit = true;
}

static void click(struct model *model)
{
    enum screen tab = model->mouse_line == 0
                          ? frame_tab_at(model, model->mouse_column)
                          : SCREEN_COUNT;
    if (tab != SCREEN_COUNT && view_of(tab) != NULL)
        model_switch(model, tab);
    else
        view_of(model->screen)->update(model, ACTION_CLICK);
}

static void freeze(struct model *model)
{
    model->is_frozen = !model->is_frozen;
    model->wants_load = !model->is_frozen;
    if (model->is_frozen)
        model_say(model, "Frozen: what is shown stays as it is. z goes on.");
    else
        model_say(model, "Live again.");
}

/* What a key means wherever the view has nothing of its own for it. False: the
 * view takes it. */
static bool update_everywhere(struct model *model, enum action action)
{
    bool is_screen = model->screen < SCREEN_TABS;
    switch (action) {
    case ACTION_SCREEN_1:
    case ACTION_SCREEN_2:
    case ACTION_SCREEN_3:
    case ACTION_SCREEN_4:
        if (view_of((enum screen)(action - ACTION_SCREEN_1)) == NULL)
            return true;
        model_switch(model, (enum screen)(action - ACTION_SCREEN_1));
        return true;
    case ACTION_TAB:
    case ACTION_BACK_TAB:
        if (model->screen == SCREEN_DELIVERY)
            return false;
        switch_by(model, action == ACTION_TAB ? 1 : -1);
        return true;
    case ACTION_CLICK:
        click(model);
        return true;
    case ACTION_QUIT:
        leave(model);
        return true;
    case ACTION_BACK:
        if (is_screen)
            return false;
        (void)model_back(model);
        return true;
    case ACTION_HELP:
        if (model->screen != SCREEN_HELP)
            model_open(model, SCREEN_HELP);
        return true;
    case ACTION_FREEZE:
        freeze(model);
        return true;
    case ACTION_REDRAW:
        model->wants_redraw = true;
        return true;
    case ACTION_SUSPEND:
        model->wants_suspend = true;
        return true;
    case ACTION_PAUSE:
        job_pause_or_resume(model);
        return true;
    case ACTION_UNDO:
        if (model->screen == SCREEN_NAMES || model->screen == SCREEN_OPERATIONS)
            return false;
        job_undo(model, 0);
        return true;
    default:
        return false;
    }
}

static void say_no(struct model *model, uint32_t code, enum action action)
{
    char name[KEYS_NAME_BYTES];
    keys_name(code, name);
    if (model->read_only && keys_changes(action))
        model_refuse(model, "%s changes something: not with --read-only.",
                     name);
    else
        model_refuse(model, "no action on %s; ? for help", name);
}

void update_key(struct model *model, uint32_t code)
{
    const struct view *view = view_of(model->screen);
    enum action action = keys_find(code);
    bool is_redraw = action == ACTION_REDRAW || action == ACTION_SUSPEND;
    if (model->prompt.is_open && !is_redraw) {
        prompt_update(model, code);
        return;
    }
    model->message_kind = MESSAGE_NONE;
    if (action == ACTION_BACK && model->order != NULL) {
        model->order = NULL;
        model_refuse(model, "Given up: the file was busy.");
    } else if (job_has_keys(model) && !is_redraw) {
        if (action == ACTION_BACK || action == ACTION_QUIT)
            job_give_up(model);
    } else if (!keys_applies(action, view->place, model->read_only)) {
        say_no(model, code, action);
    } else if (!update_everywhere(model, action)) {
        view->update(model, action);
    }
}

void update_size(struct model *model, int columns, int lines)
{
    model->columns = columns;
    model->lines = lines;
    model->wants_load = true;
}
