#include "tui/names_view.h"

#include "base/mem.h"
#include "base/text.h"
#include "outbox/outbox.h"
#include "tui/frame.h"
#include "tui/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_COUNT = KIND_COUNT - 1,
    HEAD_LINES = 2, /* what it is, and the columns' headings */
    LABEL_COLUMNS = 11,
    EVENT_COLUMN = 3,
    NUMBER_BYTES = 32,
    DATE_CHARACTERS = 10,
};

static void make(struct model *model)
{
    struct names_view *names = mem_new(sizeof(*names));
    list_init(&names->list, NULL);
    list_set_count(&names->list, NAME_COUNT, -1);
    names->counted_of = -1;
    names_edit_init(&names->edit);
    model->names = names;
}

static void free_state(struct model *model)
{
    list_free(&model->names->list);
    names_edit_free(&model->names->edit);
    free(model->names);
}

static enum event_kind cursor_kind(const struct model *model)
{
    return (enum event_kind)(model->names->list.cursor + 1);
}

/* Lines for the pane below the list: what the list leaves, or, while a name is
 * edited, what the list can spare. */
static int pane_lines(const struct model *model)
{
    int lines = frame_body_lines(model) - HEAD_LINES;
    int spare = lines - NAME_COUNT;
    if (names_edit_is_open(model)) {
        int wanted = names_edit_lines(model);
        int most = lines - 1;
        if (lines >= NAME_COUNT && most > lines * 2 / 3)
            most = lines * 2 / 3;
        most = most < spare ? spare : most;
        return wanted < most ? wanted : most;
    }
    return spare < 0 ? 0 : spare;
}

static void set_height(struct model *model)
{
    int height = frame_body_lines(model) - HEAD_LINES - pane_lines(model);
    list_set_height(&model->names->list,
                    height < NAME_COUNT ? height : NAME_COUNT);
}

/* --- reading ------------------------------------------------------------- */

static void count_failed_anew(struct model *model)
{
    struct names_view *names = model->names;
    if (names->is_counting || names->counted_of == model->status.failed)
        return;
    names->counting = (struct name_failures){.after_id = 0};
    names->is_counting = true;
    names->counted_of = model->status.failed;
}

static bool load(struct model *model, struct store *store, struct err *err)
{
    struct names_view *names = model->names;
    if (!outbox_read_names(store, &names->names, err) ||
        !name_figures_read(store, model->now_ms, &names->figures, err))
        return false;
    names->is_read = true;
    count_failed_anew(model);
    names_edit_load(model);
    set_height(model);
    return true;
}

static bool work(struct model *model, struct store *store, bool *more,
                 struct err *err)
{
    struct names_view *names = model->names;
    bool more_failed = false;
    if (names->is_counting) {
        if (!name_failures_count(store, &names->counting, &more_failed, err))
            return false;
        if (!more_failed) {
            names->failures = names->counting;
            names->is_counting = false;
        }
    }
    if (!names_edit_work(model, store, more, err))
        return false;
    *more = *more || more_failed;
    return true;
}

/* --- keys ---------------------------------------------------------------- */

static void begin_edit(struct model *model, enum event_kind kind,
                       int64_t sample_id)
{
    names_edit_begin(model, kind, sample_id);
    list_set_count(&model->names->list, NAME_COUNT, (int)kind - 1);
    set_height(model);
}

void names_view_edit(struct model *model, const char *kind, int64_t sample_id)
{
    enum event_kind found = catalog_find_kind(kind);
    if (found == KIND_NONE) {
        model_refuse(model, "This webhook has no event at Intercom: there is "
                            "no name to edit.");
        return;
    }
    model_open(model, SCREEN_NAMES);
    begin_edit(model, found, sample_id);
}

static bool switch_on_or_off(struct model *model, struct store *store,
                             struct err *err)
{
    enum event_kind kind = model->names->ordered;
    const struct operation_request request = model_request(model, "rename");
    struct names names;
    int64_t id;
    if (!outbox_read_names(store, &names, err) ||
        !operation_set_name(store, kind, names.name[kind], !names.off[kind],
                            &request, &id, err))
        return false;
    const char *title = catalog_kind(kind)->title;
    if (names.off[kind])
        model_say(model, "%s is sent again, as %s. U takes it back.", title,
                  names.name[kind]);
    else
        model_say(model,
                  "%s is off: contact's attributes only. U takes it back.",
                  title);
    return true;
}

static bool take_back(struct model *model, struct store *store, struct err *err)
{
    enum event_kind kind = model->names->ordered;
    const struct operation_request request = model_request(model, "undo");
    struct names names;
    int64_t change, id;
    if (!name_figures_find_change(store, kind, &change, err) ||
        !operation_undo(store, change, &request, &id, err) ||
        !outbox_read_names(store, &names, err))
        return false;
    model_say(model, "%s is as it was before operation %" PRId64 ": %s%s.",
              catalog_kind(kind)->title, change, names.name[kind],
              names.off[kind] ? ", off" : "");
    return true;
}

static void update(struct model *model, enum action action)
{
    struct names_view *names = model->names;
    int line = model->mouse_line - FRAME_BODY_LINE - HEAD_LINES;
    if (list_take_action(&names->list, &action, line))
        return;
    names->ordered = cursor_kind(model);
    if (action == ACTION_OPEN && model->read_only)
        model_refuse(model, "Names cannot be edited with --read-only.");
    else if (action == ACTION_OPEN || action == ACTION_EDIT)
        begin_edit(model, cursor_kind(model), 0);
    else if (action == ACTION_OFF)
        model->order = switch_on_or_off;
    else if (action == ACTION_UNDO)
        model->order = take_back;
}

/* --- drawing ------------------------------------------------------------- */

/* Where the columns stand: figures at the right end as there is room, the name
 * gets what is left. */
struct columns {
    int event_width;
    int name, name_width;
    int waits, failed, sent; /* right ends; 0: no room */
};

static struct columns lay_out(int width)
{
    struct columns columns = {.event_width = width >= 80   ? 26
                                             : width >= 60 ? 20
                                                           : 14};
    int end = width - 1;
    if (width >= 80) {
        columns.sent = end;
        end -= 8;
    }
    if (width >= 60) {
        columns.failed = end;
        end -= 7;
    }
    if (width >= 50) {
        columns.waits = end;
        end -= 7;
    }
    columns.name = EVENT_COLUMN + columns.event_width;
    columns.name_width = end - columns.name - 1;
    return columns;
}

static void put_at(struct canvas *canvas, int line, int end, enum role role,
                   const char *text)
{
    int width = canvas_width(text);
    if (end > 0)
        (void)canvas_put(canvas, line, end - width, width, role, text);
}

static void put_count(struct canvas *canvas, int line, int end, enum role role,
                      int64_t count)
{
    char number[NUMBER_BYTES];
    text_format_count(count, number, sizeof(number));
    put_at(canvas, line, end, count == 0 ? ROLE_DIM : role, number);
}

static void draw_head(const struct model *model, struct canvas *canvas)
{
    const struct names_view *names = model->names;
    const struct name_figures *figures = &names->figures;
    char used[40], version[160], when[TEXT_TIME_BYTES];
    if (figures->who[0] == '\0') {
        (void)snprintf(version, sizeof(version), "Version 1: the defaults");
    } else {
        text_format_time(figures->changed_ms, when, sizeof(when));
        (void)snprintf(version, sizeof(version),
                       "Version %" PRId64 ", by %s, %.*s", figures->version,
                       figures->who, DATE_CHARACTERS, when);
    }
    (void)snprintf(used, sizeof(used), "%d of %d names used",
                   name_preview_count_used(&names->names),
                   NAME_PREVIEW_MOST_NAMES);
    int room = canvas->columns - 2;
    int width =
        canvas_put(canvas, FRAME_BODY_LINE, 1, room, ROLE_HEADING,
                   room >= 70 ? "Names sent to Intercom.  " : "Names  ");
    (void)canvas_put(canvas, FRAME_BODY_LINE, 1 + width, room - width,
                     ROLE_PLAIN, version);
    width += canvas_width(version) + 2;
    if (width + canvas_width(used) <= room)
        canvas_put_right(canvas, FRAME_BODY_LINE, 1, room, ROLE_DIM, used);
}

static void draw_headings(struct canvas *canvas, int line)
{
    const struct columns columns = lay_out(canvas->columns);
    (void)canvas_put(canvas, line, EVENT_COLUMN, columns.event_width - 1,
                     ROLE_HEADING, "EVENT");
    (void)canvas_put(canvas, line, columns.name, columns.name_width,
                     ROLE_HEADING, "NAME");
    put_at(canvas, line, columns.waits, ROLE_HEADING, "WAIT");
    put_at(canvas, line, columns.failed, ROLE_HEADING, "FAILED");
    put_at(canvas, line, columns.sent, ROLE_HEADING, "SENT/24");
}

static int64_t count_waiting(const struct model *model, enum event_kind kind)
{
    int64_t count = 0;
    for (size_t i = 0; i < model->status.kind_count; i++) {
        const struct view_pending *row = &model->status.kinds[i];
        for (int age = 0; age < AGE_COUNT; age++)
            count += text_equals(row->kind, catalog_word(kind))
                         ? row->by_age[age]
                         : 0;
    }
    return count;
}

static void draw_row(const void *context, int index, struct canvas *canvas,
                     int line)
{
    const struct model *model = context;
    const struct names_view *names = model->names;
    const struct columns columns = lay_out(canvas->columns);
    enum event_kind kind = (enum event_kind)(index + 1);
    bool is_off = names->names.off[kind];
    (void)canvas_put(canvas, line, EVENT_COLUMN, columns.event_width - 1,
                     ROLE_PLAIN, catalog_kind(kind)->title);
    if (is_off)
        (void)canvas_put_format(canvas, line, columns.name, columns.name_width,
                                ROLE_DIM, "off  (%s)", names->names.name[kind]);
    else
        (void)canvas_put(canvas, line, columns.name, columns.name_width,
                         ROLE_PLAIN, names->names.name[kind]);
    put_count(canvas, line, columns.waits, ROLE_PLAIN,
              count_waiting(model, kind));
    put_count(canvas, line, columns.failed, ROLE_BAD,
              names->failures.failed[kind]);
    put_count(canvas, line, columns.sent, ROLE_PLAIN,
              names->figures.sent[kind]);
}

static void put_line(struct canvas *canvas, int line, const char *label,
                     const char *text)
{
    (void)canvas_put(canvas, line, 1, LABEL_COLUMNS, ROLE_HEADING, label);
    (void)canvas_put(canvas, line, 1 + LABEL_COLUMNS,
                     canvas->columns - LABEL_COLUMNS - 2, ROLE_PLAIN, text);
}

/* About the event under the cursor, as far as there is room. */
static void draw_about(const struct model *model, struct canvas *canvas,
                       int line, int lines)
{
    enum event_kind kind = cursor_kind(model);
    const struct catalog_kind *row = catalog_kind(kind);
    bool is_off = model->names->names.off[kind];
    const struct {
        const char *label;
        const char *text;
    } about[] = {
        {"Means", row->meaning},
        {"Default", row->default_name},
        {"Sent", is_off ? "the contact's attributes only"
                        : "the contact's attributes and a data event"},
    };
    if (lines < 3)
        return;
    canvas_put_rule(canvas, line, row->title);
    for (int i = 0; i < 3 && i < lines - 1; i++)
        put_line(canvas, line + 1 + i, about[i].label, about[i].text);
}

static void draw(const struct model *model, struct canvas *canvas)
{
    const struct names_view *names = model->names;
    int first = FRAME_BODY_LINE + HEAD_LINES;
    if (!names->is_read)
        return;
    draw_head(model, canvas);
    draw_headings(canvas, FRAME_BODY_LINE + 1);
    list_draw(&names->list, canvas, first, draw_row, model);
    int pane = first + names->list.height;
    int lines = pane_lines(model);
    if (names_edit_is_open(model))
        names_edit_draw(model, canvas, pane, lines);
    else
        draw_about(model, canvas, pane, lines);
}

static const char *hint(const struct model *model)
{
    return names_edit_is_open(model) ? "One name for two events is refused; a "
                                       "blank name means the default."
                                     : NULL;
}

const struct view names_view = {
    .title = "Names",
    .place = PLACE_NAMES,
    .make = make,
    .free = free_state,
    .load = load,
    .work = work,
    .update = update,
    .draw = draw,
    .hint = hint,
};
