#include "tui/overview_draw.h"

#include "base/text.h"
#include "outbox/outbox.h"
#include "outbox/words.h"
#include "tui/frame.h"
#include "tui/overview.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    LABEL_COLUMNS = 11,
    NUMBER_BYTES = 32,
    AGE_COLUMNS = 6,
    FEW_KINDS = 3,   /* are shown on 24 lines; others are summed up */
    MOST_KINDS = 12, /* where there is more room */
    TALL_LINES = 40,
    CHART_LINES = 3, /* its heading and two lines */
    STATE_LINES = 3,
};

/* --- where what stands --------------------------------------------------- */

static bool is_stopped(const struct view_status *status)
{
    return status->pause_reason != NULL || status->hold_reason != NULL ||
           status->breaker_since_ms != OUTBOX_NO_TIME;
}

static int count_kind_rows(const struct model *model)
{
    int kinds = (int)model->status.kind_count;
    int most = model->lines >= TALL_LINES ? MOST_KINDS : FEW_KINDS;
    return 1 + (kinds > most ? most : kinds);
}

struct overview_layout overview_layout(const struct model *model)
{
    struct overview_layout layout = {.stop = -1, .pending = -1, .chart = -1};
    int lines = frame_body_lines(model);
    int at = FRAME_BODY_LINE;
    if (is_stopped(&model->status))
        layout.stop = at++;
    layout.state = at;
    at += STATE_LINES + 1;
    layout.end = FRAME_BODY_LINE + lines;
    if (lines >= 16) {
        layout.pending = at;
        layout.pending_rows = count_kind_rows(model);
        at += layout.pending_rows + 2;
    }
    if (lines >= 20)
        layout.chart = layout.end - CHART_LINES;
    layout.causes = at;
    int end = layout.chart < 0 ? layout.end : layout.chart - 1;
    layout.cause_rows = end - at - 1;
    return layout;
}

/* --- drawing: the state -------------------------------------------------- */

static void put_label(struct canvas *canvas, int line, int column,
                      const char *label)
{
    (void)canvas_put(canvas, line, column, LABEL_COLUMNS, ROLE_HEADING, label);
}

static void format_wait(const struct model *model, int64_t until_ms, char *out)
{
    text_format_duration(until_ms - model->now_ms, out, NUMBER_BYTES);
}

/* ", next probe in 40 s"; "" without one. */
static void format_probe(const struct model *model, int64_t probe_ms, char *out,
                         size_t size)
{
    char wait[NUMBER_BYTES];
    out[0] = '\0';
    if (probe_ms == OUTBOX_NO_TIME || !model->status.relay_is_running)
        return;
    format_wait(model, probe_ms, wait);
    if (probe_ms > model->now_ms)
        (void)snprintf(out, size, ", next probe in %s", wait);
    else
        (void)snprintf(out, size, ", next probe is due");
}

static void put_pause(const struct model *model, struct canvas *canvas,
                      int line)
{
    const struct view_status *status = &model->status;
    char since[TEXT_TIME_BYTES];
    text_format_time(status->paused_since_ms, since, sizeof(since));
    (void)canvas_put_format(canvas, line, 1, canvas->columns - 2, ROLE_BAD,
                            "Sending PAUSED by %s since %s%s%s. %" PRId64
                            " pending wait; P resumes.",
                            status->paused_by == NULL ? "?" : status->paused_by,
                            since, *status->pause_reason == '\0' ? "" : ": ",
                            status->pause_reason, status->pending);
}

/* Why nothing is sent, since when, how to mend it, and that nothing fails of
 * it. */
static void draw_stop(const struct model *model, struct canvas *canvas,
                      int line)
{
    const struct view_status *status = &model->status;
    char since[TEXT_TIME_BYTES], probe[80];
    if (status->pause_reason != NULL) {
        put_pause(model, canvas, line);
        return;
    }
    bool is_held = status->hold_reason != NULL;
    const char *text = is_held ? status->hold_text : status->breaker_text;
    text_format_time(is_held ? status->held_since_ms : status->breaker_since_ms,
                     since, sizeof(since));
    format_probe(model, is_held ? status->probe_ms : status->breaker_probe_ms,
                 probe, sizeof(probe));
    (void)canvas_put_format(
        canvas, line, 1, canvas->columns - 2, ROLE_BAD,
        "%s since %s%s: %s. %" PRId64 " pending wait; none will fail.",
        is_held ? "Intercom HELD" : "NOTHING GETS THROUGH", since, probe,
        text == NULL ? "" : text, status->pending);
}

static void put_quota(const struct model *model, struct canvas *canvas,
                      int line, int width)
{
    const struct view_status *status = &model->status;
    char left[NUMBER_BYTES], limit[NUMBER_BYTES], wait[NUMBER_BYTES];
    put_label(canvas, line, 1, "Quota");
    if (status->wait_until_ms > model->now_ms) {
        format_wait(model, status->wait_until_ms, wait);
        (void)canvas_put_format(canvas, line, 1 + LABEL_COLUMNS, width,
                                ROLE_WARNING, "asked to wait (429), %s", wait);
        return;
    }
    if (status->quota_limit == OUTBOX_NO_TIME) {
        (void)canvas_put(canvas, line, 1 + LABEL_COLUMNS, width, ROLE_DIM,
                         "not known yet");
        return;
    }
    text_format_count(status->quota_limit, limit, sizeof(limit));
    if (status->quota_reset_ms <= model->now_ms ||
        status->quota_left == OUTBOX_NO_TIME) {
        (void)canvas_put_format(canvas, line, 1 + LABEL_COLUMNS, width,
                                ROLE_PLAIN, "%s a window", limit);
        return;
    }
    text_format_count(status->quota_left, left, sizeof(left));
    format_wait(model, status->quota_reset_ms, wait);
    (void)canvas_put_format(canvas, line, 1 + LABEL_COLUMNS, width, ROLE_PLAIN,
                            "%s of %s left, %s", left, limit, wait);
}

static void put_relay(const struct model *model, struct canvas *canvas,
                      int line, int width)
{
    const struct view_status *status = &model->status;
    char up[NUMBER_BYTES];
    put_label(canvas, line, 1, "Relay");
    if (!status->relay_is_running) {
        (void)canvas_put(canvas, line, 1 + LABEL_COLUMNS, width, ROLE_WARNING,
                         "not running: subrelay run");
        return;
    }
    text_format_duration(model->now_ms - status->relay_started_ms, up,
                         sizeof(up));
    (void)canvas_put_format(canvas, line, 1 + LABEL_COLUMNS, width, ROLE_PLAIN,
                            "pid %" PRId64 ", up %s", status->relay_pid, up);
}

static int64_t sum(const int64_t *figures)
{
    int64_t total = 0;
    for (int i = 0; i < VIEW_MINUTES; i++)
        total += figures[i];
    return total;
}

static void put_figures(const struct model *model, struct canvas *canvas,
                        int line, int column, int width)
{
    const struct view_status *status = &model->status;
    const struct view_minutes *minutes = &model->minutes;
    char number[NUMBER_BYTES];
    int at = column + 17;
    (void)canvas_put(canvas, line, column, 17, ROLE_HEADING, "Oldest pending");
    if (status->oldest_pending_ms != OUTBOX_NO_TIME) {
        text_format_duration(model->now_ms - status->oldest_pending_ms, number,
                             sizeof(number));
        (void)canvas_put(canvas, line, at, width - 17, ROLE_PLAIN, number);
    } else {
        (void)canvas_put(canvas, line, at, width - 17, ROLE_DIM, "none");
    }
    (void)canvas_put(canvas, line + 1, column, 17, ROLE_HEADING, "Delivered");
    text_format_count(model->overview->delivered_today, number, sizeof(number));
    (void)canvas_put_format(canvas, line + 1, at, width - 17, ROLE_PLAIN,
                            "%" PRId64 " /min  %s today",
                            model_rate(minutes->delivered), number);
    (void)canvas_put(canvas, line + 2, column, 17, ROLE_HEADING, "Failed");
    text_format_count(status->failed, number, sizeof(number));
    (void)canvas_put_format(canvas, line + 2, at, width - 17,
                            status->failed > 0 ? ROLE_BAD : ROLE_PLAIN,
                            "%" PRId64 " /h  %s wait", sum(minutes->failed),
                            number);
}

static void draw_state(const struct model *model, struct canvas *canvas,
                       int line)
{
    const struct view_status *status = &model->status;
    bool is_wide = canvas->columns >= 72;
    int right = is_wide ? 42 : canvas->columns;
    int width = right - 2 - LABEL_COLUMNS;
    put_label(canvas, line, 1, "Intercom");
    (void)canvas_put(canvas, line, 1 + LABEL_COLUMNS, width,
                     is_stopped(status) ? ROLE_WARNING : ROLE_GOOD,
                     is_stopped(status)        ? "waiting, see above"
                     : status->api_url == NULL ? "not tried yet"
                                               : "up");
    put_quota(model, canvas, line + 1, width);
    put_relay(model, canvas, line + 2, width);
    if (is_wide)
        put_figures(model, canvas, line, right, canvas->columns - right - 1);
}

/* --- drawing: what waits ------------------------------------------------- */

static void draw_ages(struct canvas *canvas, int line, const char *name,
                      const int64_t *by_age)
{
    char number[NUMBER_BYTES];
    int64_t all = 0;
    int columns = AGE_COLUMNS * (AGE_COUNT + 1);
    int first = canvas->columns - 1 - columns;
    int name_width = first > 24 ? 24 : first - 3;
    first = 3 + name_width;
    (void)canvas_put(canvas, line, 3, name_width, ROLE_PLAIN, name);
    for (int i = 0; i < AGE_COUNT; i++)
        all += by_age[i];
    for (int i = -1; i < AGE_COUNT; i++) {
        int64_t count = i < 0 ? all : by_age[i];
        (void)snprintf(number, sizeof(number), "%" PRId64, count);
        canvas_put_right(canvas, line, first + AGE_COLUMNS * (i + 1) + 1,
                         AGE_COLUMNS - 1, count == 0 ? ROLE_DIM : ROLE_PLAIN,
                         number);
    }
}

static void add_ages(int64_t *sum_by_age, const struct view_pending *row)
{
    for (int i = 0; i < AGE_COUNT; i++)
        sum_by_age[i] += row->by_age[i];
}

static void draw_pending(const struct model *model, struct canvas *canvas,
                         const struct overview_layout *layout)
{
    static const char *const ages[] = {"all", "<1m", "<5m", "<20m",
                                       "<1h", "<4h", "<1d", ">1d"};
    const struct view_status *status = &model->status;
    int64_t all[AGE_COUNT] = {0}, others[AGE_COUNT] = {0};
    int line = layout->pending;
    int first = canvas->columns - 1 - AGE_COLUMNS * (AGE_COUNT + 1);
    first = 3 + (first > 24 ? 24 : first - 3);
    (void)canvas_put(canvas, line, 1, first, ROLE_HEADING, "PENDING, BY AGE");
    for (int i = 0; i <= AGE_COUNT; i++)
        canvas_put_right(canvas, line, first + AGE_COLUMNS * i + 1,
                         AGE_COLUMNS - 1, ROLE_HEADING, ages[i]);
    for (size_t i = 0; i < status->kind_count; i++)
        add_ages(all, &status->kinds[i]);
    draw_ages(canvas, ++line, "all", all);
    int rows = layout->pending_rows - 1;
    bool has_others = (int)status->kind_count > rows;
    for (int i = 0; i < (int)status->kind_count; i++) {
        if (has_others && i >= rows - 1) {
            add_ages(others, &status->kinds[i]);
            continue;
        }
        struct buf name;
        buf_init(&name, 64);
        words_add_kind(status->kinds[i].kind, &name);
        draw_ages(canvas, ++line, buf_text(&name), status->kinds[i].by_age);
        buf_free(&name);
    }
    if (has_others)
        draw_ages(canvas, ++line, "others", others);
}

/* --- drawing: what failed ------------------------------------------------ */

struct cause_columns {
    int count, first, last, users; /* where they begin; users -1: no room */
    int text;                      /* how wide the cause is */
};

static struct cause_columns cause_columns(const struct canvas *canvas)
{
    enum { WIDTH = 7 };
    bool is_wide = canvas->columns >= 64;
    int at = canvas->columns - 1 - WIDTH * (is_wide ? 4 : 2);
    return (struct cause_columns){
        .text = at - 4,
        .count = at,
        .first = is_wide ? at + WIDTH : -1,
        .last = is_wide ? at + 2 * WIDTH : at + WIDTH,
        .users = is_wide ? at + 3 * WIDTH : -1,
    };
}

static void put_cell(struct canvas *canvas, int line, int column,
                     enum role role, const char *text)
{
    if (column >= 0)
        canvas_put_right(canvas, line, column + 1, 6, role, text);
}

static void draw_cause(const void *context, int index, struct canvas *canvas,
                       int line)
{
    const struct model *model = context;
    const struct view_cause *cause = &model->status.causes[index];
    struct cause_columns at = cause_columns(canvas);
    char text[NUMBER_BYTES];
    (void)canvas_put(canvas, line, 2, at.text, ROLE_BAD,
                     *cause->result != '\0' ? cause->result : cause->reason);
    text_format_count(cause->count, text, sizeof(text));
    put_cell(canvas, line, at.count, ROLE_PLAIN, text);
    words_format_age(model->now_ms - cause->first_ms, text);
    put_cell(canvas, line, at.first, ROLE_PLAIN, text);
    words_format_age(model->now_ms - cause->last_ms, text);
    put_cell(canvas, line, at.last, ROLE_PLAIN, text);
    text_format_count(cause->users, text, sizeof(text));
    put_cell(canvas, line, at.users, ROLE_PLAIN, text);
}

/* What to do first, where there is nothing yet. */
static void draw_empty(const struct model *model, struct canvas *canvas,
                       int line)
{
    const struct view_status *status = &model->status;
    if (!model->is_status_whole) {
        (void)canvas_put(canvas, line, 3, canvas->columns - 4, ROLE_DIM,
                         "reading ...");
        return;
    }
    int64_t all = status->pending + status->sending + status->delivered +
                  status->failed + status->skipped + status->discarded;
    if (all > 0) {
        (void)canvas_put(canvas, line, 3, canvas->columns - 4, ROLE_GOOD,
                         "nothing has failed");
        return;
    }
    (void)canvas_put(canvas, line, 3, canvas->columns - 4, ROLE_PLAIN,
                     "The outbox is empty. Put webhooks in:");
    (void)canvas_put_format(canvas, line + 1, 5, canvas->columns - 6,
                            ROLE_PLAIN, "subrelay -d %s enqueue FILE",
                            model->database);
    (void)canvas_put(canvas, line + 2, 3, canvas->columns - 4, ROLE_PLAIN,
                     "or from your application: INSERT INTO outbox (payload) "
                     "VALUES (:webhook)");
    if (!status->relay_is_running)
        (void)canvas_put_format(
            canvas, line + 3, 3, canvas->columns - 4, ROLE_PLAIN,
            "and start the relay: subrelay -d %s run", model->database);
}

static void draw_causes(const struct model *model, struct canvas *canvas,
                        const struct overview_layout *layout)
{
    struct cause_columns at = cause_columns(canvas);
    int line = layout->causes;
    (void)canvas_put(canvas, line, 1, at.text, ROLE_HEADING,
                     "FAILED, BY CAUSE");
    put_cell(canvas, line, at.count, ROLE_HEADING, "count");
    put_cell(canvas, line, at.first, ROLE_HEADING, "first");
    put_cell(canvas, line, at.last, ROLE_HEADING, "last");
    put_cell(canvas, line, at.users, ROLE_HEADING, "users");
    if (model->status.cause_count == 0)
        draw_empty(model, canvas, line + 1);
    else
        list_draw(&model->overview->list, canvas, line + 1, draw_cause, model);
}

/* --- drawing: the last hour ---------------------------------------------- */

/* Two lines of dots: each is a half, a whole, … of the largest minute. */
static void draw_chart(const struct model *model, struct canvas *canvas,
                       int line)
{
    const struct view_minutes *minutes = &model->minutes;
    char number[NUMBER_BYTES];
    int64_t most = 1;
    (void)canvas_put_format(canvas, line, 1, canvas->columns - 2, ROLE_HEADING,
                            "PER MINUTE, LAST HOUR   now: delivered %" PRId64
                            "  again %" PRId64 "  failed %" PRId64,
                            model_rate(minutes->delivered),
                            model_rate(minutes->retried),
                            model_rate(minutes->failed));
    for (int i = 0; i < VIEW_MINUTES; i++) {
        if (minutes->delivered[i] > most)
            most = minutes->delivered[i];
    }
    text_format_count(most, number, sizeof(number));
    canvas_put_right(canvas, line + 1, 1, 7, ROLE_DIM, number);
    canvas_put_right(canvas, line + 2, 1, 7, ROLE_DIM, "0");
    for (int i = 0; i < VIEW_MINUTES; i++) {
        int64_t height = (minutes->delivered[i] * 4 + most - 1) / most;
        const char *high = height > 3 ? ":" : height > 2 ? "." : " ";
        const char *low = height > 1 ? ":" : height > 0 ? "." : "-";
        enum role role = minutes->failed[i] > 0 ? ROLE_BAD : ROLE_GOOD;
        (void)canvas_put(canvas, line + 1, 9 + i, 1, role, high);
        (void)canvas_put(
            canvas, line + 2, 9 + i, 1,
            height == 0 && minutes->failed[i] == 0 ? ROLE_RULE : role, low);
    }
    (void)canvas_put(canvas, line + 2, 9 + VIEW_MINUTES + 1, 4, ROLE_DIM,
                     "now");
}

void overview_draw(const struct model *model, struct canvas *canvas)
{
    struct overview_layout layout = overview_layout(model);
    if (!model->has_status)
        return;
    if (layout.stop >= 0)
        draw_stop(model, canvas, layout.stop);
    draw_state(model, canvas, layout.state);
    canvas_put_rule(canvas, layout.state + STATE_LINES, NULL);
    if (layout.pending >= 0) {
        draw_pending(model, canvas, &layout);
        canvas_put_rule(canvas, layout.causes - 1, NULL);
    }
    draw_causes(model, canvas, &layout);
    if (layout.chart < 0)
        return;
    canvas_put_rule(canvas, layout.chart - 1, NULL);
    draw_chart(model, canvas, layout.chart);
}
