#include "tui/delivery_draw.h"

#include "base/text.h"
#include "outbox/outbox.h"
#include "outbox/words.h"
#include "tui/deliveries_draw.h"
#include "tui/delivery.h"
#include "tui/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LABEL_COLUMNS = 10,
    WORDS_BYTES = 2048,
    TOOK_BYTES = 32,
    /* The pane shows so much of a body; v shows all of it. */
    MOST_BODY_BYTES = 4000,
    PANE_LABEL = 9,
    MOST_ATTEMPT_SHARE = 3, /* a third of what is left is for attempts */
};

/* --- where what stands --------------------------------------------------- */

static const char *next_step(const struct delivery *delivery)
{
    return delivery->next_step == NULL ? "none is needed" : delivery->next_step;
}

/* A text with a label may go on in a second line, and no further. */
static int count_lines(const struct model *model, const char *text)
{
    return canvas_width(text) > model->columns - 2 - LABEL_COLUMNS ? 2 : 1;
}

struct delivery_layout delivery_layout(const struct model *model)
{
    struct delivery_layout layout = {.facts = -1};
    int lines = frame_body_lines(model);
    int end = FRAME_BODY_LINE + lines;
    layout.why_lines = layout.next_lines = 1;
    if (lines >= 14) {
        layout.why_lines = count_lines(model, buf_text(&model->delivery->why));
        layout.next_lines = count_lines(model, next_step(model->delivery));
    }
    int at = FRAME_BODY_LINE + 1 + layout.why_lines + layout.next_lines;
    int count = (int)model->delivery->history.attempt_count;
    if (lines >= 14) {
        layout.facts = at;
        at += 3; /* two lines and a rule */
    }
    layout.attempts = at++;
    int most = (end - at) / (lines >= 14 ? MOST_ATTEMPT_SHARE : 2);
    layout.attempt_rows = count < most ? count : most;
    if (layout.attempt_rows < 1)
        layout.attempt_rows = 1;
    at += layout.attempt_rows;
    layout.pane = at++;
    layout.pane_rows = end - at > 0 ? end - at : 0;
    return layout;
}

/* --- the upper half ------------------------------------------------------ */

static void put_line(struct canvas *canvas, int line, int column, int width,
                     const char *label, const char *text)
{
    (void)canvas_put(canvas, line, column, LABEL_COLUMNS - 1, ROLE_HEADING,
                     label);
    (void)canvas_put(canvas, line, column + LABEL_COLUMNS,
                     width - LABEL_COLUMNS, ROLE_PLAIN, text);
}

/* The same in so many lines, broken between words where that is possible. */
static void put_lines(struct canvas *canvas, int line, int lines,
                      const char *label, const char *text)
{
    int room = canvas->columns - 2 - LABEL_COLUMNS;
    size_t fits = canvas_fit(text, strlen(text), room > 0 ? room : 1);
    if (lines < 2 || text[fits] == '\0') {
        put_line(canvas, line, 1, canvas->columns - 2, label, text);
        return;
    }
    for (size_t at = fits; at > fits / 2; at--) {
        if (text[at] == ' ') {
            fits = at;
            break;
        }
    }
    put_line(canvas, line, 1, canvas->columns - 2, label, "");
    (void)canvas_put_bytes(canvas, line, 1 + LABEL_COLUMNS, room, ROLE_PLAIN,
                           text, fits);
    (void)canvas_put(canvas, line + 1, 1 + LABEL_COLUMNS, room, ROLE_PLAIN,
                     text + fits + (text[fits] == ' ' ? 1 : 0));
}

/* "FAILED after 5 attempts in 1 min" */
static void format_state(const struct delivery *delivery, bool is_short,
                         char *out, size_t size)
{
    const struct view_history *history = &delivery->history;
    const struct view_delivery *row = &delivery->row;
    char took[TOOK_BYTES] = "";
    size_t used = 0;
    for (; row->state[used] != '\0' && used + 1 < size; used++)
        out[used] = (char)(row->state[used] - 'a' + 'A');
    out[used] = '\0';
    if (row->attempts == 0 || is_short)
        return;
    if (history->attempt_count > 1 && row->settled_ms != OUTBOX_NO_TIME)
        text_format_duration(row->settled_ms - history->attempts[0].started_ms,
                             took, sizeof(took));
    (void)snprintf(out + used, size - used, " after %d attempt%s%s%s",
                   row->attempts, row->attempts == 1 ? "" : "s",
                   *took == '\0' ? "" : " in ", took);
}

static void draw_title(const struct delivery *delivery, struct canvas *canvas,
                       int line)
{
    const struct view_delivery *row = &delivery->row;
    struct buf title;
    char state[100];
    buf_init(&title, WORDS_BYTES);
    buf_add_format(&title, "%" PRId64 "  ", row->id);
    words_add_event(row, &title);
    if (delivery->event_name[0] != '\0')
        buf_add_format(&title, " as %s", delivery->event_name);
    format_state(delivery, canvas->columns < 60, state, sizeof(state));
    int width = canvas_width(state);
    int room = canvas->columns - 2;
    canvas_put_right(canvas, line, 1, room, deliveries_state_role(row->state),
                     state);
    (void)canvas_put(canvas, line, 1, room - width - 2, ROLE_HEADING,
                     buf_text(&title));
    buf_free(&title);
}

static void draw_facts(const struct delivery *delivery, struct canvas *canvas,
                       int line)
{
    const struct view_delivery *row = &delivery->row;
    char happened[TEXT_TIME_BYTES] = "not told", queued[TEXT_TIME_BYTES];
    char event[WORDS_BYTES];
    int half = canvas->columns / 2;
    if (row->event_timestamp_ms != OUTBOX_NO_TIME)
        text_format_time(row->event_timestamp_ms, happened, sizeof(happened));
    text_format_time(row->arrived_ms, queued, sizeof(queued));
    (void)snprintf(event, sizeof(event), "%.200s  %.400s",
                   row->type == NULL ? "-" : row->type,
                   row->event_id == NULL ? "-" : row->event_id);
    put_line(canvas, line, 1, half - 2, "User",
             words_lane_is_user(row->lane) ? row->lane : "none");
    put_line(canvas, line, half, canvas->columns - half - 1, "Event", event);
    put_line(canvas, line + 1, 1, half - 2, "Happened", happened);
    put_line(canvas, line + 1, half, canvas->columns - half - 1, "Queued",
             queued);
    canvas_put_rule(canvas, line + 2, NULL);
}

/* --- attempts ------------------------------------------------------------ */

/* The last call says how far it came: "event", "contact". */
static const char *name_call(const struct view_attempt *attempt)
{
    static const struct {
        const char *part, *name;
    } names[] = {
        {"/events", "event"},
        {"/data_attributes", "attribute"},
        {"/contacts", "contact"},
    };
    if (attempt->call_count == 0)
        return "-";
    const char *request = attempt->calls[attempt->call_count - 1].request;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (request != NULL && strstr(request, names[i].part) != NULL)
            return names[i].name;
    }
    return "other";
}

static const char *tell_result(const struct view_attempt *attempt)
{
    return attempt->outcome == NULL  ? "being sent"
           : attempt->result != NULL ? attempt->result
                                     : attempt->outcome;
}

struct attempt_columns {
    int number, when, took, call, result, cause; /* -1: no room */
    int result_width;
};

static struct attempt_columns attempt_columns(const struct canvas *canvas)
{
    enum { WHEN = 15, TOOK = 8, CALL = 10, CAUSE = 14 };
    struct attempt_columns at = {
        .number = 1, .cause = -1, .call = -1, .took = -1, .when = 6};
    int next = at.when + WHEN;
    if (canvas->columns >= 60) {
        at.took = next;
        next += TOOK;
        at.call = next + 1;
        next += CALL;
    }
    int end = canvas->columns - 1;
    if (canvas->columns >= 72) {
        at.cause = end - CAUSE + 1;
        end -= CAUSE;
    }
    at.result = next;
    at.result_width = end - next;
    return at;
}

static void format_when(int64_t when_ms, char *out)
{
    char whole[TEXT_TIME_BYTES];
    text_format_time(when_ms, whole, sizeof(whole));
    (void)snprintf(out, TEXT_TIME_BYTES, "%.14s",
                   strlen(whole) > 5 ? whole + 5 : whole);
}

static enum role role_of_outcome(const struct view_attempt *attempt)
{
    return text_equals(attempt->outcome, "failed")      ? ROLE_BAD
           : text_equals(attempt->outcome, "delivered") ? ROLE_GOOD
           : attempt->outcome == NULL                   ? ROLE_WARNING
                                                        : ROLE_PLAIN;
}

static void draw_attempt(const void *context, int index, struct canvas *canvas,
                         int line)
{
    const struct model *model = context;
    const struct view_attempt *attempt =
        delivery_attempt(model->delivery, index);
    struct attempt_columns at = attempt_columns(canvas);
    char text[TEXT_TIME_BYTES];
    (void)snprintf(text, sizeof(text), "%d", attempt->number);
    canvas_put_right(canvas, line, at.number, 4, ROLE_PLAIN, text);
    format_when(attempt->started_ms, text);
    (void)canvas_put(canvas, line, at.when, 14, ROLE_PLAIN, text);
    if (at.took >= 0 && attempt->ended_ms != OUTBOX_NO_TIME) {
        text_format_duration(attempt->ended_ms - attempt->started_ms, text,
                             sizeof(text));
        canvas_put_right(canvas, line, at.took, 8, ROLE_PLAIN, text);
    }
    if (at.call >= 0)
        (void)canvas_put(canvas, line, at.call, 9, ROLE_PLAIN,
                         name_call(attempt));
    (void)canvas_put(canvas, line, at.result, at.result_width - 1,
                     role_of_outcome(attempt), tell_result(attempt));
    if (at.cause >= 0)
        (void)canvas_put(canvas, line, at.cause, 13, ROLE_DIM, attempt->cause);
}

static void draw_attempts(const struct model *model, struct canvas *canvas,
                          const struct delivery_layout *layout)
{
    struct attempt_columns at = attempt_columns(canvas);
    int line = layout->attempts;
    canvas_put_right(canvas, line, at.number, 4, ROLE_HEADING, "#");
    (void)canvas_put(canvas, line, at.when, 14, ROLE_HEADING, "WHEN (UTC)");
    if (at.took >= 0)
        canvas_put_right(canvas, line, at.took, 8, ROLE_HEADING, "TOOK");
    if (at.call >= 0)
        (void)canvas_put(canvas, line, at.call, 9, ROLE_HEADING, "CALL");
    (void)canvas_put(canvas, line, at.result, at.result_width - 1, ROLE_HEADING,
                     "RESULT");
    if (at.cause >= 0)
        (void)canvas_put(canvas, line, at.cause, 13, ROLE_HEADING, "CAUSE");
    if (model->delivery->history.attempt_count == 0)
        (void)canvas_put(canvas, line + 1, 3, canvas->columns - 4, ROLE_DIM,
                         "no attempt so far");
    else
        list_draw(&model->delivery->list, canvas, line + 1, draw_attempt,
                  model);
}

/* --- the pane ------------------------------------------------------------ */

/* Lines are counted, or those of the window drawn. */
struct pane {
    struct canvas *canvas; /* NULL: count only */
    int columns;
    int line;  /* of the pane, next */
    int first; /* shown */
    int end;   /* behind the last one shown */
    int at;    /* line of the canvas that first is */
};

static void put_piece(const struct pane *pane, const char *label,
                      enum role role, const char *bytes, size_t length)
{
    if (pane->canvas == NULL || pane->line < pane->first ||
        pane->line >= pane->end)
        return;
    int line = pane->at + pane->line - pane->first;
    (void)canvas_put(pane->canvas, line, 2, PANE_LABEL - 1, ROLE_HEADING,
                     label);
    (void)canvas_put_bytes(pane->canvas, line, 1 + PANE_LABEL,
                           pane->columns - PANE_LABEL - 2, role, bytes, length);
}

static void add_text(struct pane *pane, const char *label, enum role role,
                     const char *bytes, size_t length)
{
    int room = pane->columns - PANE_LABEL - 2;
    size_t shown = length < MOST_BODY_BYTES ? length : MOST_BODY_BYTES;
    do {
        size_t fits = canvas_fit(bytes, shown, room > 0 ? room : 1);
        put_piece(pane, label, role, bytes, fits);
        pane->line++;
        label = "";
        bytes += fits;
        shown -= fits;
        length -= fits;
    } while (shown > 0);
    if (length == 0)
        return;
    char rest[80];
    int used =
        snprintf(rest, sizeof(rest), "%zu bytes more; v shows all", length);
    put_piece(pane, "", ROLE_DIM, rest, (size_t)used);
    pane->line++;
}

static void add_call(struct pane *pane, const struct view_call *call)
{
    char took[TOOK_BYTES], text[600], label[PANE_LABEL];
    text_format_duration(call->took_ms, took, sizeof(took));
    int used =
        snprintf(text, sizeof(text), "%.160s  %s  ", call->request, took);
    if (call->status != 0)
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%d",
                         call->status);
    used += snprintf(text + used, sizeof(text) - (size_t)used, "%.200s",
                     call->result == NULL ? "" : call->result);
    if (call->request_id != NULL && *call->request_id != '\0')
        (void)snprintf(text + used, sizeof(text) - (size_t)used,
                       "  request id %.100s", call->request_id);
    (void)snprintf(label, sizeof(label), "call %d", call->number);
    bool is_good = call->status >= 200 && call->status < 300;
    add_text(pane, label, is_good ? ROLE_PLAIN : ROLE_WARNING, text,
             strlen(text));
    if (call->answer != NULL && call->answer_length > 0)
        add_text(pane, "got", ROLE_PLAIN, call->answer, call->answer_length);
}

static void add_attempt(struct pane *pane, const struct view_attempt *attempt)
{
    if (attempt->event_body != NULL)
        add_text(pane, "event", ROLE_PLAIN, attempt->event_body,
                 strlen(attempt->event_body));
    if (attempt->attributes != NULL)
        add_text(pane, "contact", ROLE_PLAIN, attempt->attributes,
                 strlen(attempt->attributes));
    /* The newest call decided: it comes first. */
    for (size_t i = attempt->call_count; i > 0; i--)
        add_call(pane, &attempt->calls[i - 1]);
    if (attempt->call_count == 0)
        add_text(pane, "", ROLE_DIM, "no call made", strlen("no call made"));
}

static void add_all(struct pane *pane, const struct delivery *delivery)
{
    const struct view_attempt *attempt =
        delivery_attempt(delivery, delivery->list.cursor);
    if (attempt != NULL)
        add_attempt(pane, attempt);
    else if (delivery->history.payload != NULL)
        add_text(pane, "webhook", ROLE_PLAIN, delivery->history.payload,
                 delivery->history.payload_length);
}

int delivery_pane_lines(const struct model *model)
{
    struct pane pane = {.columns = model->columns};
    add_all(&pane, model->delivery);
    return pane.line;
}

static void draw_pane(const struct model *model, struct canvas *canvas,
                      const struct delivery_layout *layout)
{
    const struct delivery *delivery = model->delivery;
    const struct view_attempt *attempt =
        delivery_attempt(delivery, delivery->list.cursor);
    struct pane pane = {
        .canvas = canvas,
        .columns = canvas->columns,
        .first = delivery->pane_top,
        .end = delivery->pane_top + layout->pane_rows,
        .at = layout->pane + 1,
    };
    char title[80] = "the webhook, as it came";
    if (attempt != NULL)
        (void)snprintf(title, sizeof(title), "attempt %d%s", attempt->number,
                       delivery->is_in_pane ? ": j/k scroll, Tab back" : "");
    canvas_put_rule(canvas, layout->pane, title);
    add_all(&pane, delivery);
    if (pane.line > pane.end)
        canvas_put_right(canvas, layout->pane, 1, canvas->columns - 4, ROLE_DIM,
                         " more below ");
}

/* --- all of it ----------------------------------------------------------- */

void delivery_draw(const struct model *model, struct canvas *canvas)
{
    const struct delivery *delivery = model->delivery;
    struct delivery_layout layout = delivery_layout(model);
    int line = FRAME_BODY_LINE;
    if (!delivery->is_read) {
        (void)canvas_put_format(
            canvas, line, 1, canvas->columns - 2, ROLE_WARNING,
            "There is no delivery %" PRId64 ": it was pruned, or never was.",
            delivery->id);
        return;
    }
    draw_title(delivery, canvas, line);
    put_lines(canvas, line + 1, layout.why_lines, "Why",
              buf_text(&delivery->why));
    put_lines(canvas, line + 1 + layout.why_lines, layout.next_lines,
              "Next step", next_step(delivery));
    if (layout.facts >= 0)
        draw_facts(delivery, canvas, layout.facts);
    draw_attempts(model, canvas, &layout);
    draw_pane(model, canvas, &layout);
}
