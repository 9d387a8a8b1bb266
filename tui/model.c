#include "tui/model.h"

#include "tui/job.h"

#include <stdarg.h>
#include <stdio.h>

void model_init(struct model *model, int columns, int lines)
{
    *model = (struct model){.columns = columns, .lines = lines};
    model->wants_load = true;
    prompt_init(&model->prompt);
    job_make(model);
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        if (view_of((enum screen)screen) != NULL)
            view_of((enum screen)screen)->make(model);
    }
}

void model_free(struct model *model)
{
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        if (view_of((enum screen)screen) != NULL)
            view_of((enum screen)screen)->free(model);
    }
    job_free(model);
    prompt_free(&model->prompt);
    if (model->has_status)
        view_status_free(&model->status);
    watch_free(&model->watch);
}

static void say(struct model *model, enum message_kind kind, const char *format,
                va_list arguments) __attribute__((format(printf, 3, 0)));

static void say(struct model *model, enum message_kind kind, const char *format,
                va_list arguments)
{
    model->message_kind = kind;
    (void)vsnprintf(model->message, sizeof(model->message), format, arguments);
}

void model_say(struct model *model, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(model, MESSAGE_DONE, format, arguments);
    va_end(arguments);
}

void model_refuse(struct model *model, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(model, MESSAGE_REFUSED, format, arguments);
    va_end(arguments);
}

void model_open(struct model *model, enum screen screen)
{
    if (model->depth == MODEL_MOST_BEHIND) /* forget the oldest */
        for (int i = 1; i < MODEL_MOST_BEHIND; i++)
            model->behind[i - 1] = model->behind[i];
    else
        model->depth++;
    model->behind[model->depth - 1] = model->screen;
    model->screen = screen;
    model->wants_load = true;
}

void model_switch(struct model *model, enum screen screen)
{
    model->depth = 0;
    model->screen = screen;
    model->wants_load = true;
}

bool model_back(struct model *model)
{
    if (model->depth == 0)
        return false;
    model->screen = model->behind[--model->depth];
    model->wants_load = true;
    return true;
}

enum screen model_tab(const struct model *model)
{
    if (model->screen < SCREEN_TABS)
        return model->screen;
    for (int i = model->depth; i > 0; i--) {
        if (model->behind[i - 1] < SCREEN_TABS)
            return model->behind[i - 1];
    }
    return SCREEN_OVERVIEW;
}

int64_t model_rate(const int64_t *figures)
{
    int64_t now = figures[VIEW_MINUTES - 1];
    int64_t before = figures[VIEW_MINUTES - 2];
    return now > before ? now : before;
}

struct operation_request model_request(const struct model *model,
                                       const char *action)
{
    return (struct operation_request){
        .action = action,
        .who = model->who,
        .now_ms = model->now_ms,
    };
}
