#include "tui/body.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/delivery.h"
#include "tui/frame.h"
#include "tui/indent.h"
#include "tui/model.h"
#include "tui/save.h"
#include "tui/scroll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_SHOWN_BYTES = 64 * 1024 * 1024,
};

static void make(struct model *model)
{
    model->body = mem_new(sizeof(*model->body));
    buf_init(&model->body->shown, MOST_SHOWN_BYTES);
}

static void forget(struct body *body)
{
    for (int i = 0; i < body->part_count; i++)
        free(body->parts[i].bytes);
    free(body->parts);
    free(body->lines);
    body->parts = NULL;
    body->lines = NULL;
    body->part_count = body->line_count = body->part = 0;
    buf_clear(&body->shown);
}

static void free_state(struct model *model)
{
    forget(model->body);
    buf_free(&model->body->shown);
    free(model->body);
}

/* --- the parts ----------------------------------------------------------- */

static void add_part(struct body *body, const char *title, const char *bytes,
                     size_t length)
{
    if (bytes == NULL || length == 0)
        return;
    body->parts = mem_resize(body->parts, ((size_t)body->part_count + 1) *
                                              sizeof(*body->parts));
    struct body_part *part = &body->parts[body->part_count++];
    text_copy(part->title, sizeof(part->title), title);
    part->bytes = mem_copy_bytes(bytes, length);
    part->length = length;
}

static void add_attempt(struct body *body, const struct view_attempt *attempt)
{
    char title[80];
    (void)snprintf(title, sizeof(title), "attempt %d, event sent",
                   attempt->number);
    if (attempt->event_body != NULL)
        add_part(body, title, attempt->event_body, strlen(attempt->event_body));
    for (size_t i = attempt->call_count; i > 0; i--) {
        const struct view_call *call = &attempt->calls[i - 1];
        (void)snprintf(title, sizeof(title), "attempt %d, answer to %.40s",
                       attempt->number, call->request);
        add_part(body, title, call->answer, call->answer_length);
    }
    (void)snprintf(title, sizeof(title), "attempt %d, attributes sent",
                   attempt->number);
    if (attempt->attributes != NULL)
        add_part(body, title, attempt->attributes, strlen(attempt->attributes));
}

static void show_part(struct body *body)
{
    const struct body_part *part = &body->parts[body->part];
    buf_clear(&body->shown);
    if (body->is_indented)
        indent_json(part->bytes, part->length, &body->shown);
    else
        buf_add(&body->shown, part->bytes, part->length);
    body->top = 0;
    body->columns = 0;
    body->found = -1;
}

void body_open(struct model *model)
{
    struct body *body = model->body;
    const struct delivery *delivery = model->delivery;
    const struct view_attempt *attempt =
        delivery_attempt(delivery, delivery->list.cursor);
    forget(body);
    body->id = delivery->id;
    if (attempt != NULL)
        add_attempt(body, attempt);
    add_part(body, "the webhook as it came", delivery->history.payload,
             delivery->history.payload_length);
    if (body->part_count == 0) {
        model_refuse(model, "There is no body to show.");
        return;
    }
    body->is_indented = true;
    show_part(body);
    model_open(model, SCREEN_BODY);
}

/* --- lines --------------------------------------------------------------- */

static void add_line(struct body *body, size_t *room, size_t at, size_t length)
{
    if ((size_t)body->line_count == *room) {
        *room = *room == 0 ? 64 : 2 * *room;
        body->lines = mem_resize(body->lines, *room * sizeof(*body->lines));
    }
    body->lines[body->line_count++] = (struct body_line){at, length};
}

/* Lines end at newlines, and where the screen does. */
static void make_lines(struct body *body, int columns)
{
    const char *bytes = buf_text(&body->shown);
    size_t length = body->shown.length, at = 0, room = 0;
    int width = columns > 4 ? columns - 2 : 1;
    free(body->lines);
    body->lines = NULL;
    body->line_count = 0;
    body->columns = columns;
    while (at < length) {
        const char *end = memchr(bytes + at, '\n', length - at);
        size_t line = end == NULL ? length - at : (size_t)(end - bytes) - at;
        do {
            size_t fits = line == 0 ? 0 : canvas_fit(bytes + at, line, width);
            add_line(body, &room, at, fits);
            at += fits;
            line -= fits;
        } while (line > 0);
        at += end == NULL ? 0 : 1;
    }
}

static bool load(struct model *model, struct store *store, struct err *err)
{
    (void)store;
    (void)err;
    if (model->body->columns != model->columns)
        make_lines(model->body, model->columns);
    return true;
}

/* --- searching ----------------------------------------------------------- */

/* Where the text is in these bytes, whatever the case of ASCII letters; length
 * if it is not. */
static size_t find_text(const char *bytes, size_t length, const char *text)
{
    size_t wanted = strlen(text);
    for (size_t at = 0; wanted > 0 && at + wanted <= length; at++) {
        if (strncasecmp(bytes + at, text, wanted) == 0)
            return at;
    }
    return length;
}

static bool line_matches(const struct body *body, int index)
{
    const struct body_line *line = &body->lines[index];
    return find_text(buf_text(&body->shown) + line->at, line->length,
                     body->search) < line->length;
}

/* Go to the next line that matches, from here on, around the end. */
static void search(struct model *model, int from, int step)
{
    struct body *body = model->body;
    int count = body->line_count;
    for (int i = 0; i < count; i++) {
        int index = ((from + i * step) % count + count) % count;
        if (!line_matches(body, index))
            continue;
        if ((step > 0 && index < from) || (step < 0 && index > from))
            model_say(model, "Around the end.");
        int height = frame_body_lines(model) - 1;
        body->found = index;
        if (index < body->top || index >= body->top + height)
            body->top = index > height / 2 ? index - height / 2 : 0;
        return;
    }
    body->found = -1;
    model_refuse(model, "'%s' is not in this body.", body->search);
}

static bool answer_search(struct model *model, const char *text)
{
    struct body *body = model->body;
    text_copy(body->search, sizeof(body->search), text);
    body->found = -1;
    if (*text != '\0')
        search(model, body->top, 1);
    return true;
}

static void search_on(struct model *model, int step)
{
    struct body *body = model->body;
    if (body->search[0] == '\0')
        model_refuse(model, "Nothing is searched for; / searches.");
    else
        search(model, (body->found < 0 ? body->top - step : body->found) + step,
               step);
}

/* --- writing ------------------------------------------------------------- */

static bool answer_file(struct model *model, const char *text)
{
    const struct body_part *part = &model->body->parts[model->body->part];
    struct save *save;
    struct buf bytes;
    struct err err;
    if (!save_begin(text, &save, &err))
        return prompt_refuse(&model->prompt, "%s", err.text);
    buf_init(&bytes, part->length);
    buf_add(&bytes, part->bytes, part->length);
    bool good = save_write(save, &bytes, &err);
    buf_free(&bytes);
    if (!good)
        save_drop(save);
    if (!good || !save_finish(save, &err))
        return prompt_refuse(&model->prompt, "%s", err.text);
    model_say(model, "Wrote %zu bytes to %s.", part->length, text);
    return true;
}

void body_ask_file(struct model *model)
{
    if (model->screen == SCREEN_BODY)
        prompt_open(&model->prompt, PROMPT_FILE,
                    "Write the body to the file: ", "", answer_file);
}

/* --- keys ---------------------------------------------------------------- */

static void update(struct model *model, enum action action)
{
    struct body *body = model->body;
    int height = frame_body_lines(model) - 1;
    if (scroll_move(action, body->line_count, height, &body->top))
        return;
    switch (action) {
    case ACTION_VIEW:
        body->part = (body->part + 1) % body->part_count;
        show_part(body);
        model->wants_load = true;
        break;
    case ACTION_INDENT:
        body->is_indented = !body->is_indented;
        show_part(body);
        model->wants_load = true;
        break;
    case ACTION_FILTER:
        prompt_open(&model->prompt, PROMPT_SEARCH, "Search: ", "",
                    answer_search);
        break;
    case ACTION_NEXT:
        search_on(model, 1);
        break;
    case ACTION_PREVIOUS:
        search_on(model, -1);
        break;
    case ACTION_WRITE:
        body_ask_file(model);
        break;
    default:
        break;
    }
}

/* --- drawing ------------------------------------------------------------- */

/* Matches are shown over the line. */
static void mark_matches(const struct body *body, const struct body_line *line,
                         struct canvas *canvas, int at)
{
    const char *bytes = buf_text(&body->shown) + line->at;
    size_t wanted = strlen(body->search), from = 0;
    while (wanted > 0 && from < line->length) {
        size_t found =
            from + find_text(bytes + from, line->length - from, body->search);
        if (found >= line->length)
            return;
        char before[1024];
        if (found >= sizeof(before))
            return;
        memcpy(before, bytes, found);
        before[found] = '\0';
        int column = 1 + canvas_width(before);
        (void)canvas_put_bytes(canvas, at, column, canvas->columns - column,
                               ROLE_CHOSEN, bytes + found, wanted);
        from = found + wanted;
    }
}

static void draw_line(const struct body *body, int index, struct canvas *canvas,
                      int at)
{
    const struct body_line *line = &body->lines[index];
    (void)canvas_put_bytes(canvas, at, 1, canvas->columns - 2, ROLE_PLAIN,
                           buf_text(&body->shown) + line->at, line->length);
    if (body->search[0] != '\0')
        mark_matches(body, line, canvas, at);
    if (index == body->found)
        (void)canvas_put(canvas, at, 0, 1, ROLE_CHOSEN, ">");
}

static void draw(const struct model *model, struct canvas *canvas)
{
    const struct body *body = model->body;
    int height = frame_body_lines(model) - 1;
    char right[100];
    if (body->part_count == 0)
        return;
    int last = body->top + height < body->line_count ? body->top + height
                                                     : body->line_count;
    (void)snprintf(right, sizeof(right), "%s   lines %d-%d of %d",
                   body->is_indented ? "indented" : "as it is", body->top + 1,
                   last, body->line_count);
    int room = canvas->columns - 2;
    int width = canvas_width(right);
    if (width + 20 < room) {
        canvas_put_right(canvas, FRAME_BODY_LINE, 1, room, ROLE_DIM, right);
        room -= width + 2;
    }
    (void)canvas_put_format(canvas, FRAME_BODY_LINE, 1, room, ROLE_HEADING,
                            "%" PRId64 "  body %d of %d: %s, %zu bytes",
                            body->id, body->part + 1, body->part_count,
                            body->parts[body->part].title,
                            body->parts[body->part].length);
    for (int i = body->top; i < last; i++)
        draw_line(body, i, canvas, FRAME_BODY_LINE + 1 + i - body->top);
}

const struct view body_view = {
    .title = "Body",
    .place = PLACE_BODY,
    .make = make,
    .free = free_state,
    .load = load,
    .update = update,
    .draw = draw,
};
