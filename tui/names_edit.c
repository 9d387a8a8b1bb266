#include "tui/names_edit.h"

#include "base/text.h"
#include "tui/model.h"
#include "tui/names_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LABEL_COLUMNS = 11,
    BODY_BYTES = 65536,
    WARNINGS_BYTES = 2048,
};

void names_edit_init(struct names_edit *edit)
{
    *edit = (struct names_edit){.kind = KIND_NONE};
    buf_init(&edit->before, BODY_BYTES);
    buf_init(&edit->after, BODY_BYTES);
    buf_init(&edit->warnings, WARNINGS_BYTES);
}

void names_edit_free(struct names_edit *edit)
{
    name_preview_free(&edit->preview);
    buf_free(&edit->before);
    buf_free(&edit->after);
    buf_free(&edit->warnings);
}

static struct names_edit *edit_of(const struct model *model)
{
    return &model->names->edit;
}

/* --- what it would be ---------------------------------------------------- */

static void render(const struct names_edit *edit, const struct names *names,
                   struct buf *out)
{
    buf_clear(out);
    if (edit->preview.delivery_id != 0)
        name_preview_write(&edit->preview, names, out);
}

/* What stands in the question, applied to the names of now. */
static void reckon(struct model *model)
{
    struct names_edit *edit = edit_of(model);
    const struct names *names = &model->names->names;
    struct err err;
    edit->wished = *names;
    edit->refusal[0] = '\0';
    buf_clear(&edit->warnings);
    render(edit, names, &edit->before);
    if (!names_set(&edit->wished, edit->kind, prompt_text(&model->prompt),
                   &err)) {
        text_copy(edit->refusal, sizeof(edit->refusal), err.text);
        buf_clear(&edit->after);
        return;
    }
    render(edit, &edit->wished, &edit->after);
    name_preview_add_warnings(names, &edit->wished, edit->kind,
                              &edit->warnings);
}

/* --- the question -------------------------------------------------------- */

static void stop(struct model *model)
{
    struct names_edit *edit = edit_of(model);
    name_preview_free(&edit->preview);
    edit->kind = KIND_NONE;
    edit->is_asked = edit->has_effect = edit->is_counting = false;
}

static bool set_name(struct model *model, struct store *store, struct err *err)
{
    struct names_edit *edit = edit_of(model);
    enum event_kind kind = edit->kind;
    const char *name = edit->wished.name[kind];
    const struct operation_request request = model_request(model, "rename");
    int64_t id;
    if (!operation_set_name(store, kind, name, model->names->names.off[kind],
                            &request, &id, err)) {
        if (err->code != ERR_BUSY)
            stop(model);
        return false;
    }
    if (id == 0)
        model_say(model, "It is so already; nothing is changed.");
    else
        model_say(model, "Sent as %s from now on; U takes it back.", name);
    stop(model);
    return true;
}

static bool answer(struct model *model, const char *text)
{
    struct names_edit *edit = edit_of(model);
    (void)text;
    reckon(model);
    if (edit->refusal[0] != '\0')
        return false; /* the pane shows why */
    model->order = set_name;
    return true;
}

void names_edit_begin(struct model *model, enum event_kind kind,
                      int64_t sample_id)
{
    struct names_edit *edit = edit_of(model);
    stop(model);
    edit->kind = kind;
    edit->sample_id = sample_id;
    model->wants_load = true;
}

static void ask(struct model *model)
{
    struct names_edit *edit = edit_of(model);
    struct prompt *prompt = &model->prompt;
    prompt_open(prompt, PROMPT_NAME, "New name   ",
                model->names->names.name[edit->kind], answer);
    prompt->is_in_view = true;
    prompt->changed = reckon;
    prompt->cancelled = stop;
    edit->is_asked = true;
}

bool names_edit_is_open(const struct model *model)
{
    return edit_of(model)->kind != KIND_NONE;
}

void names_edit_load(struct model *model)
{
    struct names_edit *edit = edit_of(model);
    if (!names_edit_is_open(model))
        return;
    if (!edit->is_asked)
        ask(model);
    else if (!model->prompt.is_open && model->order != set_name)
        stop(model); /* it was given up while the file was busy */
    if (!names_edit_is_open(model))
        return;
    if (!edit->is_counting) {
        edit->counting = (struct operation_name_effect){.pending = 0};
        edit->is_counting = true;
    }
    if (model->prompt.is_open)
        reckon(model);
}

/* --- reading ------------------------------------------------------------- */

/* The event that is shown: the delivery's that it began on, else the first
 * that was found. One that is gone by now is not missed. */
static bool read_preview(struct model *model, struct store *store,
                         struct err *err)
{
    struct names_edit *edit = edit_of(model);
    int64_t id =
        edit->sample_id != 0 ? edit->sample_id : edit->counting.sample_id;
    if (edit->preview.delivery_id != 0 || id == 0)
        return true;
    if (name_preview_read(store, id, &edit->preview, err)) {
        reckon(model);
        return true;
    }
    edit->sample_id = 0;
    return err->code == ERR_NOT_FOUND;
}

bool names_edit_work(struct model *model, struct store *store, bool *more,
                     struct err *err)
{
    struct names_edit *edit = edit_of(model);
    *more = false;
    if (!names_edit_is_open(model) || !edit->is_counting)
        return true;
    if (!operation_count_name_effect(store, edit->kind, &edit->counting, more,
                                     err))
        return false;
    if (!*more) {
        edit->is_counting = false;
        edit->has_effect = true;
        edit->effect = edit->counting;
    }
    return read_preview(model, store, err);
}

/* --- drawing ------------------------------------------------------------- */

/* Which of several lines of the same thing it is. */
struct nth {
    int index;
    bool is_last; /* of those that are shown */
};

static void put_label(struct canvas *canvas, int line, const char *label)
{
    (void)canvas_put(canvas, line, 1, LABEL_COLUMNS, ROLE_HEADING, label);
}

static int room_of(const struct canvas *canvas)
{
    return canvas->columns - LABEL_COLUMNS - 2;
}

static void put_text(struct canvas *canvas, int line, const char *label,
                     enum role role, const char *text)
{
    put_label(canvas, line, label);
    (void)canvas_put(canvas, line, 1 + LABEL_COLUMNS, room_of(canvas), role,
                     text);
}

static void draw_rule(const struct model *model, struct canvas *canvas,
                      int line, struct nth nth)
{
    char title[64];
    (void)nth;
    (void)snprintf(title, sizeof(title), "edit: %s",
                   catalog_kind(edit_of(model)->kind)->title);
    canvas_put_rule(canvas, line, title);
}

static void draw_question(const struct model *model, struct canvas *canvas,
                          int line, struct nth nth)
{
    (void)nth;
    if (model->prompt.is_open)
        prompt_draw(&model->prompt, canvas, line, 1, canvas->columns - 2);
    else
        put_text(canvas, line, "New name", ROLE_INPUT,
                 prompt_text(&model->prompt));
}

/* One of the lines of a text that takes several. */
static void put_lines(struct canvas *canvas, int line, const char *label,
                      enum role role, const char *text, struct nth nth)
{
    const char *at = text;
    size_t left = strlen(text);
    int room = room_of(canvas);
    if (nth.index == 0)
        put_label(canvas, line, label);
    for (int i = 0; i < nth.index; i++) {
        size_t fit = canvas_fit(at, left, room);
        at += fit;
        left -= fit;
    }
    if (!nth.is_last)
        left = canvas_fit(at, left, room);
    (void)canvas_put_bytes(canvas, line, 1 + LABEL_COLUMNS, room, role, at,
                           left);
}

static void draw_before(const struct model *model, struct canvas *canvas,
                        int line, struct nth nth)
{
    const struct names_edit *edit = edit_of(model);
    if (edit->preview.delivery_id != 0)
        put_lines(canvas, line, "Before", ROLE_PLAIN, buf_text(&edit->before),
                  nth);
    else if (nth.index == 0)
        put_text(canvas, line, "Before", ROLE_PLAIN,
                 model->names->names.name[edit->kind]);
}

static void draw_after(const struct model *model, struct canvas *canvas,
                       int line, struct nth nth)
{
    const struct names_edit *edit = edit_of(model);
    if (edit->refusal[0] != '\0')
        put_lines(canvas, line, "Refused", ROLE_BAD, edit->refusal, nth);
    else if (edit->preview.delivery_id != 0)
        put_lines(canvas, line, "After", ROLE_PLAIN, buf_text(&edit->after),
                  nth);
    else if (nth.index == 0)
        put_text(canvas, line, "After", ROLE_PLAIN,
                 edit->wished.name[edit->kind]);
}

static void draw_sample(const struct model *model, struct canvas *canvas,
                        int line, struct nth nth)
{
    const struct names_edit *edit = edit_of(model);
    const char *user =
        edit->preview.is_readable ? edit->preview.event.user_id : NULL;
    (void)nth;
    if (edit->preview.delivery_id != 0)
        (void)canvas_put_format(
            canvas, line, 1 + LABEL_COLUMNS, room_of(canvas), ROLE_DIM,
            "  delivery %" PRId64 "%s%s", edit->preview.delivery_id,
            user == NULL ? "" : ", user ", user == NULL ? "" : user);
    else if (edit->has_effect)
        (void)canvas_put(canvas, line, 1 + LABEL_COLUMNS, room_of(canvas),
                         ROLE_DIM, "  none waits or failed to show it on");
}

static void draw_effect(const struct model *model, struct canvas *canvas,
                        int line, struct nth nth)
{
    const struct names_edit *edit = edit_of(model);
    char text[160];
    (void)nth;
    if (!edit->has_effect)
        (void)snprintf(text, sizeof(text), "counting ... %" PRId64 " so far",
                       edit->counting.pending + edit->counting.failed);
    else if (edit->effect.unknown == 0)
        (void)snprintf(text, sizeof(text),
                       "%" PRId64 " pending use the new "
                       "name",
                       edit->effect.pending);
    else
        (void)snprintf(text, sizeof(text),
                       "%" PRId64 " pending use the new name; %" PRId64
                       " that may be at Intercom keep the old",
                       edit->effect.pending, edit->effect.unknown);
    put_text(canvas, line, "Effect", ROLE_PLAIN, text);
}

static void draw_failed(const struct model *model, struct canvas *canvas,
                        int line, struct nth nth)
{
    const struct names_edit *edit = edit_of(model);
    (void)nth;
    if (edit->has_effect)
        (void)canvas_put_format(
            canvas, line, 1 + LABEL_COLUMNS, room_of(canvas), ROLE_PLAIN,
            "%" PRId64 " failed take it when they are retried",
            edit->effect.failed);
}

static void draw_warning(const struct model *model, struct canvas *canvas,
                         int line, struct nth nth)
{
    const char *at = buf_text(&edit_of(model)->warnings);
    for (int i = 0; i < nth.index && *at != '\0'; i++)
        at += strcspn(at, "\n") + 1;
    if (*at == '\0')
        return;
    if (nth.index == 0)
        put_label(canvas, line, "Careful");
    (void)canvas_put_bytes(canvas, line, 1 + LABEL_COLUMNS, room_of(canvas),
                           ROLE_WARNING, at, strcspn(at, "\n"));
}

/* The pane's lines in their order. Those with the highest ranks go first where
 * there is no room for all. */
static const struct pane_line {
    void (*draw)(const struct model *model, struct canvas *canvas, int line,
                 struct nth nth);
    int index;
    int rank;
} pane[] = {
    {draw_rule, 0, 5},    {draw_question, 0, 0}, {draw_before, 0, 4},
    {draw_before, 1, 11}, {draw_before, 2, 13},  {draw_after, 0, 1},
    {draw_after, 1, 10},  {draw_after, 2, 12},   {draw_sample, 0, 7},
    {draw_effect, 0, 2},  {draw_failed, 0, 6},   {draw_warning, 0, 3},
    {draw_warning, 1, 8}, {draw_warning, 2, 9},
};
enum { PANE_LINES = sizeof(pane) / sizeof(pane[0]) };

int names_edit_lines(const struct model *model)
{
    (void)model;
    return PANE_LINES;
}

void names_edit_draw(const struct model *model, struct canvas *canvas, int line,
                     int lines)
{
    for (int i = 0; i < PANE_LINES; i++) {
        if (pane[i].rank >= lines)
            continue;
        struct nth nth = {.index = pane[i].index, .is_last = true};
        for (int j = i + 1; j < PANE_LINES; j++)
            nth.is_last = nth.is_last && (pane[j].draw != pane[i].draw ||
                                          pane[j].rank >= lines);
        pane[i].draw(model, canvas, line++, nth);
    }
}
