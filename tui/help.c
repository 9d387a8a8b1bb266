#include "tui/help.h"

#include "base/mem.h"
#include "outbox/filter.h"
#include "tui/frame.h"
#include "tui/model.h"
#include "tui/scroll.h"

#include <stdlib.h>

enum { KEY_COLUMNS = 12, MOST_LINES = 200 };

struct line {
    const char *key; /* NULL: a heading */
    const char *text;
};

static void make(struct model *model)
{
    model->help = mem_new(sizeof(*model->help));
}

static void free_state(struct model *model)
{
    free(model->help);
}

/* --- its lines ----------------------------------------------------------- */

static void add(struct line *lines, int *count, const char *key,
                const char *text)
{
    if (*count < MOST_LINES)
        lines[(*count)++] = (struct line){key, text};
}

static int count_bits(unsigned places)
{
    int bits = 0;
    for (; places != 0; places &= places - 1)
        bits++;
    return bits;
}

/* The rows of one place that are not everywhere's. */
static void add_place(const struct model *model, struct line *lines, int *count,
                      const struct view *view)
{
    size_t row_count;
    const struct keys_row *rows = keys_table(&row_count);
    add(lines, count, NULL, view->title);
    for (size_t i = 0; i < row_count; i++) {
        if ((rows[i].places & view->place) != 0 && rows[i].help != NULL &&
            count_bits(rows[i].places) < 5 &&
            !(model->read_only && keys_changes(rows[i].action)))
            add(lines, count, keys_shown(rows[i].action), rows[i].help);
    }
    add(lines, count, "", "");
}

static void add_everywhere(const struct model *model, struct line *lines,
                           int *count)
{
    size_t row_count;
    const struct keys_row *rows = keys_table(&row_count);
    add(lines, count, NULL, "Everywhere");
    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].help != NULL && count_bits(rows[i].places) >= 5 &&
            !(model->read_only && keys_changes(rows[i].action)))
            add(lines, count, keys_shown(rows[i].action), rows[i].help);
    }
    add(lines, count, "", "");
}

static void add_filters(struct line *lines, int *count)
{
    size_t key_count;
    const struct filter_key *keys = filter_keys(&key_count);
    add(lines, count, NULL, "Filters: words that all have to fit");
    for (size_t i = 0; i < key_count; i++)
        add(lines, count, keys[i].form, keys[i].meaning);
}

/* The keys of the screen that asked, then those everywhere, then all others. */
static int list_lines(const struct model *model, struct line *lines)
{
    enum screen asked =
        model->depth > 0 ? model->behind[model->depth - 1] : SCREEN_OVERVIEW;
    int count = 0;
    add_place(model, lines, &count, view_of(asked));
    add_everywhere(model, lines, &count);
    for (int screen = 0; screen < SCREEN_HELP; screen++) {
        if (screen != (int)asked && view_of((enum screen)screen) != NULL)
            add_place(model, lines, &count, view_of((enum screen)screen));
    }
    add_filters(lines, &count);
    return count;
}

/* --- the view ------------------------------------------------------------ */

static bool load(struct model *model, struct store *store, struct err *err)
{
    struct line lines[MOST_LINES];
    (void)store;
    (void)err;
    model->help->lines = list_lines(model, lines);
    return true;
}

static void update(struct model *model, enum action action)
{
    struct help *help = model->help;
    (void)scroll_move(action, help->lines, frame_body_lines(model), &help->top);
}

static void draw(const struct model *model, struct canvas *canvas)
{
    struct line lines[MOST_LINES];
    int count = list_lines(model, lines);
    int height = frame_body_lines(model);
    for (int i = 0; i < height && model->help->top + i < count; i++) {
        const struct line *line = &lines[model->help->top + i];
        int at = FRAME_BODY_LINE + i;
        if (line->key == NULL) {
            (void)canvas_put(canvas, at, 1, canvas->columns - 2, ROLE_HEADING,
                             line->text);
            continue;
        }
        int used =
            canvas_put(canvas, at, 3, canvas->columns - 4, ROLE_KEY, line->key);
        int text = 3 + (used < KEY_COLUMNS ? KEY_COLUMNS : used + 2);
        (void)canvas_put(canvas, at, text, canvas->columns - text - 1,
                         ROLE_PLAIN, line->text);
    }
}

const struct view help_view = {
    .title = "Help",
    .place = PLACE_HELP,
    .make = make,
    .free = free_state,
    .load = load,
    .update = update,
    .draw = draw,
};
