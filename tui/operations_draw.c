#include "tui/operations_draw.h"

#include "base/text.h"
#include "outbox/outbox.h"
#include "outbox/words.h"
#include "tui/frame.h"
#include "tui/operations.h"
#include "tui/table.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    LEAST_LIST_LINES = 6, /* or there is no pane */
    ABOUT_BYTES = 65536,
    WORDS_BYTES = 160,
    LABEL_COLUMNS = 10,
};

enum column { ID, ACTION, STATE, WHO, WHEN, DONE, ABOUT, COLUMN_COUNT };

static const struct table_column table[COLUMN_COUNT] = {
    [ID] = {"ID", true, 5, 0},        [ACTION] = {"ACTION", false, 7, 0},
    [STATE] = {"STATE", false, 9, 0}, [WHO] = {"WHO", false, 10, 76},
    [WHEN] = {"AGE", true, 4, 56},    [DONE] = {"DONE", true, 13, 60},
    [ABOUT] = {"ABOUT", false, 0, 0}, /* what is left */
};

static void format_done(const struct operation_row *row, char *out, size_t size)
{
    if (row->planned > 0)
        (void)snprintf(out, size, "%" PRId64 "/%" PRId64, row->applied,
                       row->planned);
    else if (row->applied > 0)
        (void)snprintf(out, size, "%" PRId64, row->applied);
    else
        out[0] = '\0';
}

static void draw_row(const void *context, int index, struct canvas *canvas,
                     int line)
{
    const struct model *model = context;
    const struct operation_row *row = list_row(&model->operations->list, index);
    bool is_running = text_equals(row->state, "running");
    enum role role = is_running ? ROLE_WARNING : ROLE_PLAIN;
    char text[WORDS_BYTES];
    struct buf about;
    (void)snprintf(text, sizeof(text), "%" PRId64, row->id);
    table_put(table, canvas, line, ID, role, text);
    table_put(table, canvas, line, ACTION, role, row->action);
    table_put(table, canvas, line, STATE, is_running ? role : ROLE_DIM,
              row->state);
    table_put(table, canvas, line, WHO, ROLE_PLAIN, row->who);
    words_format_age(model->now_ms - row->created_ms, text);
    table_put(table, canvas, line, WHEN, ROLE_PLAIN, text);
    format_done(row, text, sizeof(text));
    table_put(table, canvas, line, DONE, role, text);
    buf_init(&about, ABOUT_BYTES);
    words_add_operation(row, &about);
    table_put(table, canvas, line, ABOUT, ROLE_PLAIN, buf_text(&about));
    buf_free(&about);
}

static void draw_head(const struct model *model, struct canvas *canvas)
{
    const struct operations *operations = model->operations;
    int room = canvas->columns - 2;
    int width = canvas_put(canvas, FRAME_BODY_LINE, 1, room, ROLE_HEADING,
                           "Operations, newest first");
    if (operations->filter[0] != '\0')
        (void)canvas_put_format(canvas, FRAME_BODY_LINE, width + 3,
                                room - width - 2, ROLE_CHOSEN, "Filter: %s",
                                operations->filter);
    table_put_titles(table, COLUMN_COUNT, canvas, FRAME_BODY_LINE + 1);
}

static void draw_empty(const struct model *model, struct canvas *canvas)
{
    const struct operations *operations = model->operations;
    const char *text = "Nobody has retried, discarded, renamed or paused "
                       "anything yet.";
    if (list_is_loading(&operations->list))
        text = "Reading ...";
    else if (operations->filter[0] != '\0')
        text = "No operation contains that. Esc clears the filter.";
    (void)canvas_put(canvas, FRAME_BODY_LINE + OPERATIONS_HEAD_LINES, 3,
                     canvas->columns - 4, ROLE_DIM, text);
}

static void put_line(struct canvas *canvas, int line, const char *label,
                     const char *text)
{
    (void)canvas_put(canvas, line, 1, LABEL_COLUMNS, ROLE_HEADING, label);
    (void)canvas_put(canvas, line, 1 + LABEL_COLUMNS,
                     canvas->columns - LABEL_COLUMNS - 2, ROLE_PLAIN, text);
}

static void format_who(const struct operation_row *row, char *out, size_t size)
{
    char when[TEXT_TIME_BYTES], took[TEXT_TIME_BYTES] = "";
    text_format_time(row->created_ms, when, sizeof(when));
    bool has_ended =
        row->started_ms != OUTBOX_NO_TIME && row->ended_ms != OUTBOX_NO_TIME;
    if (row->matched > 0 && has_ended)
        text_format_duration(row->ended_ms - row->started_ms, took,
                             sizeof(took));
    (void)snprintf(out, size, "%s, %s%s%s", row->who, when,
                   *took == '\0' ? "" : ", took ", took);
}

static void format_counts(const struct operation_row *row, char *out,
                          size_t size)
{
    int64_t left = row->matched - row->planned;
    (void)snprintf(
        out, size,
        "%" PRId64 " match, %" PRId64 " left alone, %" PRId64 " of %" PRId64
        " changed, %" PRId64 " had changed since the plan",
        row->matched, left, row->applied, row->planned, row->changed);
}

static void draw_pane(const struct model *model, struct canvas *canvas,
                      int line, const struct operation_row *row)
{
    const struct operations *operations = model->operations;
    char text[WORDS_BYTES], title[64];
    struct buf about;
    (void)snprintf(title, sizeof(title), "%s, operation %" PRId64, row->action,
                   row->id);
    canvas_put_rule(canvas, line, title);
    buf_init(&about, ABOUT_BYTES);
    words_add_operation(row, &about);
    put_line(canvas, line + 1, "About", buf_text(&about));
    buf_free(&about);
    format_who(row, text, sizeof(text));
    put_line(canvas, line + 2, "By", text);
    if (row->matched == 0)
        return;
    format_counts(row, text, sizeof(text));
    put_line(canvas, line + 3, "Plan", text);
    if (operations->outcomes.id != row->id)
        return;
    outcomes_write(&operations->outcomes, text, sizeof(text));
    put_line(canvas, line + 4, "Now", *text == '\0' ? "counting ..." : text);
    outcomes_draw_bar(&operations->outcomes, canvas, line + 5);
}

int operations_pane_lines(const struct model *model)
{
    int spare =
        frame_body_lines(model) - OPERATIONS_HEAD_LINES - LEAST_LIST_LINES;
    return spare >= OPERATIONS_PANE_LINES ? OPERATIONS_PANE_LINES : 0;
}

void operations_draw(const struct model *model, struct canvas *canvas)
{
    const struct list *list = &model->operations->list;
    const struct operation_row *row = list_cursor_row(&model->operations->list);
    int first = FRAME_BODY_LINE + OPERATIONS_HEAD_LINES;
    draw_head(model, canvas);
    if (row == NULL) {
        draw_empty(model, canvas);
        return;
    }
    list_draw(list, canvas, first, draw_row, model);
    if (operations_pane_lines(model) > 0)
        draw_pane(model, canvas, first + list->height, row);
}
