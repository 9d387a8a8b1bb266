#include "tui/deliveries_draw.h"

#include "base/text.h"
#include "outbox/words.h"
#include "tui/deliveries.h"
#include "tui/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_BYTES = 32, WORDS_BYTES = 2048, LEAST_ID_COLUMNS = 4 };

enum role deliveries_state_role(const char *state)
{
    static const struct {
        const char *state;
        enum role role;
    } roles[] = {
        {"failed", ROLE_BAD},      {"delivered", ROLE_GOOD},
        {"sending", ROLE_WARNING}, {"skipped", ROLE_DIM},
        {"discarded", ROLE_DIM},
    };
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (text_equals(roles[i].state, state))
            return roles[i].role;
    }
    return ROLE_PLAIN;
}

/* --- columns ------------------------------------------------------------- */

enum column { STATE, ID, AGE, EVENT, USER, TRY, RESULT, COLUMN_COUNT };

static const struct {
    const char *title;
    bool is_right;
    int narrow, usual, wide; /* columns of it, on under 60, 80, over 120 */
    int least;               /* it is dropped on a canvas under this */
} table[COLUMN_COUNT] = {
    [STATE] = {"STATE", false, 9, 9, 9, 0},
    [ID] = {"ID", true, 0, 0, 0, 0}, /* as wide as the ids are */
    [AGE] = {"AGE", true, 4, 4, 4, 80},
    [EVENT] = {"EVENT", false, 8, 16, 26, 0},
    [USER] = {"USER", false, 13, 13, 30, 60},
    [TRY] = {"TRY", true, 3, 3, 3, 70},
    [RESULT] = {"LAST RESULT", false, 0, 0, 0, 0}, /* what is left */
};

struct place {
    int at, width; /* width 0: dropped */
};

static int count_id_columns(const struct deliveries *deliveries)
{
    int columns = LEAST_ID_COLUMNS;
    for (int i = 0; i < deliveries->list.count; i++) {
        const struct view_delivery *row = list_row(&deliveries->list, i);
        int needed = snprintf(NULL, 0, "%" PRId64, row->id);
        columns = needed > columns ? needed : columns;
    }
    return columns;
}

static void place_columns(const struct deliveries *deliveries,
                          const struct canvas *canvas, struct place *places)
{
    int at = 3; /* the cursor and the mark */
    for (int i = 0; i < COLUMN_COUNT; i++) {
        int width = canvas->columns < 60    ? table[i].narrow
                    : canvas->columns < 120 ? table[i].usual
                                            : table[i].wide;
        if (i == ID)
            width = count_id_columns(deliveries);
        if (i == RESULT)
            width = canvas->columns - at - 1;
        if (canvas->columns < table[i].least || width < 0)
            width = 0;
        places[i] = (struct place){at, width};
        at += width > 0 ? width + 1 : 0;
    }
}

static void put(struct canvas *canvas, int line, const struct place *places,
                enum column column, enum role role, const char *text)
{
    const struct place *place = &places[column];
    if (table[column].is_right)
        canvas_put_right(canvas, line, place->at, place->width, role, text);
    else
        (void)canvas_put(canvas, line, place->at, place->width, role, text);
}

/* The bytes of "422 parameter_invalid: " up to its message, and *status_length
 * of "422"; 0 if it does not begin so. */
static size_t find_message(const char *result, size_t *status_length)
{
    *status_length = strspn(result, "0123456789");
    if (*status_length == 0 || result[*status_length] != ' ')
        return 0;
    size_t at = *status_length + 1;
    at += strspn(result + at, "abcdefghijklmnopqrstuvwxyz_");
    return strncmp(result + at, ": ", 2) == 0 ? at + 2 : 0;
}

/* Where there is no room for all of it, Intercom's word makes room for what it
 * means: "422 event name archived". */
static void put_result(struct canvas *canvas, int line,
                       const struct place *places, enum role role,
                       const char *result)
{
    size_t status_length;
    size_t message = find_message(result, &status_length);
    const struct place *place = &places[RESULT];
    int indent = (int)status_length + 1;
    if (message == 0 || place->width <= indent ||
        canvas_width(result) <= place->width) {
        put(canvas, line, places, RESULT, role, result);
        return;
    }
    (void)canvas_put_bytes(canvas, line, place->at, place->width, role, result,
                           status_length);
    (void)canvas_put(canvas, line, place->at + indent, place->width - indent,
                     role, result + message);
}

/* --- rows ---------------------------------------------------------------- */

static void draw_row(const void *context, int index, struct canvas *canvas,
                     int line)
{
    const struct model *model = context;
    const struct deliveries *deliveries = model->deliveries;
    const struct view_delivery *row = list_row(&deliveries->list, index);
    enum role state = deliveries_state_role(row->state);
    enum role role =
        state == ROLE_DIM || state == ROLE_GOOD ? ROLE_DIM : ROLE_PLAIN;
    struct place places[COLUMN_COUNT];
    char text[NUMBER_BYTES];
    struct buf words;
    buf_init(&words, WORDS_BYTES);
    place_columns(deliveries, canvas, places);
    if (marks_has(&deliveries->marks, row->id))
        (void)canvas_put(canvas, line, 1, 1, ROLE_CHOSEN, "*");
    put(canvas, line, places, STATE, state, row->state);
    (void)snprintf(text, sizeof(text), "%" PRId64, row->id);
    put(canvas, line, places, ID, role, text);
    words_format_age(model->now_ms - row->arrived_ms, text);
    put(canvas, line, places, AGE, role, text);
    words_add_event(row, &words);
    put(canvas, line, places, EVENT, role, buf_text(&words));
    put(canvas, line, places, USER, role,
        words_lane_is_user(row->lane) ? row->lane : "-");
    (void)snprintf(text, sizeof(text), "%d", row->attempts);
    put(canvas, line, places, TRY, role, text);
    buf_clear(&words);
    words_add_result(row, model->now_ms, &words);
    put_result(canvas, line, places, role, buf_text(&words));
    buf_free(&words);
}

/* --- above and below ----------------------------------------------------- */

static int64_t count_all(const struct view_status *status)
{
    return status->pending + status->sending + status->delivered +
           status->failed + status->skipped + status->discarded;
}

/* "214 match of 1,028,441   3 marked" */
static void format_counts(const struct model *model, char *out, size_t size)
{
    const struct deliveries *deliveries = model->deliveries;
    const struct deliveries_count *count = &deliveries->count;
    const struct marks *marks = &deliveries->marks;
    char matching[NUMBER_BYTES], all[NUMBER_BYTES], marked[60] = "";
    int64_t marked_count = marks->all ? count->matching - (int64_t)marks->count
                                      : (int64_t)marks->count;
    text_format_count(count->matching, matching, sizeof(matching));
    text_format_count(count_all(&model->status), all, sizeof(all));
    if (!marks_is_empty(marks)) {
        char number[NUMBER_BYTES];
        text_format_count(marked_count, number, sizeof(number));
        (void)snprintf(marked, sizeof(marked), "   %s marked",
                       marks->all && !count->is_known ? "all" : number);
    }
    if (count->is_known)
        (void)snprintf(out, size, "%s match of %s%s", matching, all, marked);
    else if (count->is_counting)
        (void)snprintf(out, size, "counting, %d %%%s",
                       cursor_share(&count->cursor) / 10, marked);
    else
        (void)snprintf(out, size, "%s or more of %s%s", matching, all, marked);
}

static void draw_filter(const struct model *model, struct canvas *canvas,
                        int line)
{
    static const char *const sorts[] = {
        [SORT_NEWEST] = "",
        [SORT_OLDEST] = "oldest first",
        [SORT_USER] = "by user",
        [SORT_REASON] = "by reason",
    };
    const struct deliveries *deliveries = model->deliveries;
    char counts[160], right[200];
    format_counts(model, counts, sizeof(counts));
    (void)snprintf(right, sizeof(right), "%s%s%s", sorts[deliveries->sort],
                   deliveries->sort == SORT_NEWEST ? "" : "   ", counts);
    bool is_asked =
        model->prompt.is_open && model->prompt.kind == PROMPT_FILTER;
    int width = canvas_width(right);
    int room = canvas->columns - 2;
    if (!is_asked && width < room - 20) {
        canvas_put_right(canvas, line, 1, room, ROLE_PLAIN, right);
        room -= width + 2;
    }
    if (is_asked) {
        prompt_draw(&model->prompt, canvas, line, 1, room);
        return;
    }
    int used = canvas_put(canvas, line, 1, room, ROLE_HEADING, "Filter: ");
    bool is_all = deliveries->text[0] == '\0';
    (void)canvas_put(canvas, line, 1 + used, room - used,
                     is_all ? ROLE_DIM : ROLE_CHOSEN,
                     is_all ? "none, all deliveries" : deliveries->text);
}

/* "1-18 of 214, more below (G)". Paging by key does not count the rows before
 * those that are held: then only that there are some is known. */
static void format_place(const struct deliveries *deliveries, int shown,
                         char *out, size_t size)
{
    const struct list *list = &deliveries->list;
    bool has_above = list->top > 0 || !list->is_first_held;
    bool has_below = list->top + shown < list->count || !list->is_last_held;
    char all[NUMBER_BYTES + 4] = "";
    int used = 0;
    if (deliveries->count.is_known) {
        char number[NUMBER_BYTES];
        text_format_count(deliveries->count.matching, number, sizeof(number));
        (void)snprintf(all, sizeof(all), " of %s", number);
    }
    if (list->is_first_held)
        used =
            snprintf(out, size, "%d-%d%s%s", list->top + 1, list->top + shown,
                     all, has_above || has_below ? ", " : "");
    (void)snprintf(out + used, size - (size_t)used, "%s%s%s",
                   has_above ? "more above (g)" : "",
                   has_above && has_below ? ", " : "",
                   has_below ? "more below (G)" : "");
}

static void draw_position(const struct model *model, struct canvas *canvas,
                          int line)
{
    const struct deliveries *deliveries = model->deliveries;
    const struct list *list = &deliveries->list;
    char text[160];
    int shown = list->count - list->top;
    if (shown > list->height)
        shown = list->height;
    if (deliveries->save.file != NULL) {
        (void)snprintf(text, sizeof(text),
                       "writing %s: %" PRId64 " rows so far. Esc stops.",
                       save_name(deliveries->save.file), deliveries->save.rows);
    } else if (list_is_loading(list)) {
        (void)snprintf(text, sizeof(text), "searching, %d %%. Esc stops.",
                       cursor_share(&deliveries->cursor) / 10);
    } else if (list->count == 0) {
        (void)snprintf(text, sizeof(text), "%s",
                       deliveries->text[0] == '\0'
                           ? "no deliveries yet"
                           : "nothing matches; Esc clears the filter");
    } else {
        format_place(deliveries, shown, text, sizeof(text));
    }
    (void)canvas_put(canvas, line, 3, canvas->columns - 4, ROLE_DIM, text);
}

void deliveries_draw(const struct model *model, struct canvas *canvas)
{
    const struct deliveries *deliveries = model->deliveries;
    struct place places[COLUMN_COUNT];
    int line = FRAME_BODY_LINE;
    place_columns(deliveries, canvas, places);
    draw_filter(model, canvas, line++);
    for (int i = 0; i < COLUMN_COUNT; i++)
        put(canvas, line, places, (enum column)i, ROLE_HEADING, table[i].title);
    list_draw(&deliveries->list, canvas, ++line, draw_row, model);
    draw_position(model, canvas, FRAME_BODY_LINE + frame_body_lines(model) - 1);
}
