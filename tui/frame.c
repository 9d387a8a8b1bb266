#include "tui/frame.h"

#include "outbox/outbox.h"
#include "tui/job.h"
#include "tui/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TITLE_COLUMNS = 10, RELAY_BYTES = 80, GAP = 2 };

/* --- the title line ------------------------------------------------------ */

/* "[1 Overview] " on a wide screen, "[1]" on a narrow one. */
static int format_tab(const struct model *model, enum screen screen, char *out,
                      size_t size)
{
    bool is_lit = model_tab(model) == screen;
    bool is_narrow = model->columns < 70;
    static const char *const titles[] = {"Overview", "Deliveries", "Names",
                                         "Operations"};
    const char *title = is_narrow ? "" : titles[screen];
    return snprintf(out, size, "%c%d%s%s%c", is_lit ? '[' : ' ',
                    (int)screen + 1, is_narrow ? "" : " ", title,
                    is_lit ? ']' : ' ');
}

enum screen frame_tab_at(const struct model *model, int column)
{
    int at = TITLE_COLUMNS;
    for (int screen = 0; screen < SCREEN_TABS; screen++) {
        char tab[40];
        int width = format_tab(model, (enum screen)screen, tab, sizeof(tab));
        if (column >= at && column < at + width)
            return (enum screen)screen;
        at += width + 1;
    }
    return SCREEN_COUNT;
}

/* What the relay does, in as few words as matter. */
static void tell_relay(const struct model *model, char *out)
{
    const struct view_status *status = &model->status;
    char words[RELAY_BYTES / 2] = "";
    if (!model->has_status)
        ;
    else if (status->pause_reason != NULL)
        (void)snprintf(words, sizeof(words), "PAUSED");
    else if (!status->relay_is_running)
        (void)snprintf(words, sizeof(words), "no relay");
    else if (status->hold_reason != NULL)
        (void)snprintf(words, sizeof(words), "HELD");
    else if (status->breaker_since_ms != OUTBOX_NO_TIME)
        (void)snprintf(words, sizeof(words), "NO WAY THROUGH");
    else if (status->wait_until_ms > model->now_ms)
        (void)snprintf(words, sizeof(words), "waiting (429)");
    else
        (void)snprintf(words, sizeof(words), "%s %" PRId64 "/min",
                       status->pending + status->sending == 0 ? "idle"
                                                              : "sending",
                       model_rate(model->minutes.delivered));
    (void)snprintf(out, RELAY_BYTES, "%s%s%s",
                   model->is_frozen ? "FROZEN  " : "",
                   model->read_only ? "read-only  " : "", words);
}

static void draw_title(const struct model *model, struct canvas *canvas)
{
    char relay[RELAY_BYTES];
    int at = TITLE_COLUMNS;
    canvas_fill(canvas, 0, 0, canvas->columns, ROLE_BAR);
    (void)canvas_put(canvas, 0, 0, canvas->columns, ROLE_BAR, "subrelay");
    for (int screen = 0; screen < SCREEN_TABS; screen++) {
        char tab[40];
        bool is_lit = model_tab(model) == (enum screen)screen;
        int width = format_tab(model, (enum screen)screen, tab, sizeof(tab));
        (void)canvas_put(canvas, 0, at, width, is_lit ? ROLE_TAB : ROLE_BAR,
                         tab);
        at += width + 1;
    }
    tell_relay(model, relay);
    int width = canvas_width(relay);
    int room = canvas->columns - at - 1;
    if (width <= room)
        (void)canvas_put(canvas, 0, canvas->columns - width, width, ROLE_BAR,
                         relay);
    else if (room > 0)
        (void)canvas_put(canvas, 0, at + 1, room, ROLE_BAR, relay);
}

/* --- the lowest lines ---------------------------------------------------- */

static int draw_key(struct canvas *canvas, int line, int at, const char *text)
{
    size_t key = strcspn(text, " ");
    int width = canvas_width(text);
    (void)canvas_put_bytes(canvas, line, at, width, ROLE_KEY, text, key);
    (void)canvas_put(canvas, line, at + (int)key, width - (int)key, ROLE_DIM,
                     text + key);
    return at + width + GAP;
}

/* In the table's order, as many as fit; help comes last, and always. */
static void draw_keys(const struct model *model, struct canvas *canvas,
                      int line)
{
    size_t count;
    const struct keys_row *rows = keys_table(&count);
    enum keys_place place = view_of(model->screen)->place;
    const char *help = "";
    int at = 1;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].action == ACTION_HELP && rows[i].footer != NULL)
            help = rows[i].footer;
    }
    int end = canvas->columns - 1 - canvas_width(help) - GAP;
    for (size_t i = 0; i < count; i++) {
        const char *text = rows[i].footer;
        if (text == NULL || rows[i].action == ACTION_HELP ||
            (rows[i].places & place) == 0 ||
            (model->read_only && keys_changes(rows[i].action)))
            continue;
        if (at + canvas_width(text) <= end)
            at = draw_key(canvas, line, at, text);
    }
    (void)draw_key(canvas, line, at, help);
}

static void draw_prompt_keys(const struct prompt *prompt, struct canvas *canvas,
                             int line)
{
    static const char *const keys[] = {"Enter ok", "Esc cancel", "Ctrl-U clear",
                                       "Up before"};
    int at = 1;
    if (prompt->refusal[0] != '\0') { /* more needed than the keys */
        (void)canvas_put(canvas, line, 1, canvas->columns - 2, ROLE_BAD,
                         prompt->refusal);
        return;
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (at + canvas_width(keys[i]) < canvas->columns)
            at = draw_key(canvas, line, at, keys[i]);
    }
}

/* A question, else what was said, else trouble, else what runs, else a hint. */
static void draw_message(const struct model *model, struct canvas *canvas,
                         int line)
{
    const struct view *view = view_of(model->screen);
    int width = canvas->columns - 2;
    if (model->prompt.is_open && !model->prompt.is_in_view)
        prompt_draw(&model->prompt, canvas, line, 1, width);
    else if (model->prompt.is_open && model->prompt.hint != NULL)
        (void)canvas_put(canvas, line, 1, width, ROLE_DIM, model->prompt.hint);
    else if (model->message_kind != MESSAGE_NONE)
        (void)canvas_put(canvas, line, 1, width,
                         model->message_kind == MESSAGE_REFUSED ? ROLE_WARNING
                                                                : ROLE_PLAIN,
                         model->message);
    else if (model->trouble[0] != '\0')
        (void)canvas_put(canvas, line, 1, width, ROLE_BAD, model->trouble);
    else if (!watch_draw(&model->watch, canvas, line) && view->hint != NULL)
        (void)canvas_put(canvas, line, 1, width, ROLE_DIM, view->hint(model));
}

static void draw_guide(const struct model *model, struct canvas *canvas,
                       int line)
{
    canvas_fill(canvas, line, 0, canvas->columns, ROLE_CHOSEN);
    (void)canvas_put(canvas, line, 1, canvas->columns - 2, ROLE_CHOSEN,
                     model->guide);
}

/* --- all of it ----------------------------------------------------------- */

int frame_body_lines(const struct model *model)
{
    int lines = model->lines - 3 - (model->guide != NULL ? 1 : 0);
    return lines < 1 ? 1 : lines;
}

static void draw_too_small(const struct model *model, struct canvas *canvas)
{
    (void)canvas_put_format(canvas, 0, 0, canvas->columns, ROLE_WARNING,
                            "%dx%d is too small", model->columns, model->lines);
    (void)canvas_put_format(canvas, 1, 0, canvas->columns, ROLE_PLAIN,
                            "subrelay needs %dx%d; q quits",
                            MODEL_LEAST_COLUMNS, MODEL_LEAST_LINES);
}

void frame_draw(const struct model *model, struct canvas *canvas)
{
    canvas_clear(canvas);
    if (canvas->columns < MODEL_LEAST_COLUMNS ||
        canvas->lines < MODEL_LEAST_LINES) {
        draw_too_small(model, canvas);
        return;
    }
    int pane = job_pane_lines(model);
    view_of(model->screen)->draw(model, canvas);
    draw_title(model, canvas);
    if (pane > 0)
        job_draw(model, canvas,
                 FRAME_BODY_LINE + frame_body_lines(model) - pane);
    canvas_fill(canvas, canvas->lines - 2, 0, canvas->columns, ROLE_PLAIN);
    canvas_fill(canvas, canvas->lines - 1, 0, canvas->columns, ROLE_PLAIN);
    if (model->guide != NULL)
        draw_guide(model, canvas, canvas->lines - 3);
    draw_message(model, canvas, canvas->lines - 2);
    if (model->prompt.is_open)
        draw_prompt_keys(&model->prompt, canvas, canvas->lines - 1);
    else
        draw_keys(model, canvas, canvas->lines - 1);
}
