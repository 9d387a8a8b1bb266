#include "cli/command.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/filter_words.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "outbox/words.h"
#include "outbox/outbox.h"
#include "outbox/store.h"
#include "outbox/views.h"

#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE_ROWS = 500, MOST_ROWS = 1000000000 };

struct settings {
    bool json;
    bool count;
    int64_t limit;
};

static const struct settings defaults = {.limit = 50};

static const struct options_row options[] = {
    {.name = "limit",
     .letter = 'n',
     .type = OPTIONS_INTEGER,
     .offset = offsetof(struct settings, limit),
     .value = "N",
     .help = "at most N deliveries (50)",
     .minimum = 1,
     .maximum = MOST_ROWS},
    {.name = "count",
     .letter = 'c',
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct settings, count),
     .help = "only how many the filter chooses; no limit"},
    OPTIONS_FLAG_ROW("json", struct settings, json,
                     "one JSON object a line; times are UTC milliseconds"),
};

static const struct columns_column table[] = {
    {"STATE", false, 9},       {"ID", true, 0},     {"AGE", true, 0},
    {"EVENT", false, 25},      {"USER", false, 20}, {"TRY", true, 0},
    {"LAST RESULT", false, 0},
};

struct list {
    const struct settings *settings;
    struct cursor cursor;
    int64_t now_ms;
    struct store *store;
    struct progress progress;
    struct output output;
    struct columns columns;
    struct view_delivery *rows; /* PAGE_ROWS */
};

static void write_json(const struct view_delivery *row, struct output *output)
{
    struct json json;
    json_begin(&json, &output->text);
    json_open_object(&json);
    words_write_delivery(row, &json);
    json_close(&json);
    buf_add_byte(&output->text, '\n');
}

static void add_row(struct list *list, const struct view_delivery *row)
{
    struct columns *columns = &list->columns;
    struct buf text;
    char age[WORDS_AGE_BYTES];
    buf_init(&text, 4096);
    columns_add(columns, output_state_role(row->state), row->state);
    columns_add_format(columns, OUTPUT_PLAIN, "%" PRId64, row->id);
    words_format_age(list->now_ms - row->arrived_ms, age);
    columns_add(columns, OUTPUT_PLAIN, age);
    words_add_event(row, &text);
    columns_add(columns, OUTPUT_PLAIN, buf_text(&text));
    columns_add(columns, OUTPUT_PLAIN,
                words_lane_is_user(row->lane) ? row->lane : "-");
    columns_add_format(columns, OUTPUT_PLAIN, "%d", row->attempts);
    buf_clear(&text);
    words_add_result(row, list->now_ms, &text);
    columns_add(columns, OUTPUT_PLAIN, buf_text(&text));
    buf_free(&text);
}

static void print_page(struct list *list, int count)
{
    for (int i = 0; i < count; i++) {
        struct view_delivery *row = &list->rows[i];
        if (list->settings->json)
            write_json(row, &list->output);
        else
            add_row(list, row);
        view_delivery_free(row);
    }
    if (!list->settings->json && count > 0)
        columns_write(&list->columns, &list->output);
}

/* Look at the next slice. Fails with ERR_STOPPED if a signal came. */
static bool look(struct list *list, int64_t *ids, int limit, int *count,
                 struct err *err)
{
    if (progress_is_stopped(&list->progress))
        return err_set(err, ERR_STOPPED, "stopped");
    if (!cursor_step(list->store, &list->cursor, ids, limit, count, err))
        return false;
    if (!list->cursor.done)
        progress_show(&list->progress, "Looking: %d %%, %" PRId64 " found",
                      cursor_share(&list->cursor) / 10, list->cursor.found);
    return true;
}

/* The next page; *count is below ask only at the end. */
static bool find_page(struct list *list, int ask, int *count, struct err *err)
{
    int64_t ids[PAGE_ROWS];
    int found = 0;
    while (found < ask && !list->cursor.done) {
        int more;
        if (!look(list, ids + found, ask - found, &more, err))
            return false;
        found += more;
    }
    progress_clear(&list->progress);
    return view_read_rows(list->store, ids, found, list->rows, count, err);
}

static bool print_all(struct list *list, struct err *err)
{
    int64_t left = list->settings->limit;
    while (left > 0 && !list->cursor.done) {
        int ask = left < PAGE_ROWS ? (int)left : PAGE_ROWS;
        int count = 0;
        if (!find_page(list, ask, &count, err))
            return false;
        print_page(list, count);
        if (!output_pass(&list->output))
            break;
        left -= ask;
    }
    return true;
}

/* The counters know some numbers at once; others are counted in slices. */
static bool print_count(struct list *list, struct err *err)
{
    bool is_known;
    int64_t count;
    if (!cursor_count(list->store, &list->cursor.filter, &is_known, &count,
                      err))
        return false;
    while (!is_known && !list->cursor.done) {
        int found;
        if (!look(list, NULL, 0, &found, err))
            return false;
        count = list->cursor.found;
    }
    progress_clear(&list->progress);
    buf_add_int64(&list->output.text, count);
    buf_add_byte(&list->output.text, '\n');
    return true;
}

static bool print(struct list *list, struct err *err)
{
    if (!progress_begin(&list->progress, err))
        return false;
    bool printed =
        list->settings->count ? print_count(list, err) : print_all(list, err);
    progress_end(&list->progress);
    return printed;
}

static enum command_exit run(const struct command_call *call)
{
    struct list list = {.settings = call->settings,
                        .now_ms = clock_wall_ms(clock_system())};
    struct filter filter;
    struct err err;
    if (!filter_words_read(call, &filter, &err))
        return command_fail(call, EXIT_USAGE, &err);
    cursor_begin(&list.cursor, &filter, CURSOR_BY_ID, true, list.now_ms);
    if (!store_open(call->database, STORE_READ, COMMAND_BUSY_MS, &list.store,
                    &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);

    output_init(&list.output, STDOUT_FILENO);
    columns_init(&list.columns, table, sizeof(table) / sizeof(table[0]));
    list.rows = mem_new_array(PAGE_ROWS, sizeof(list.rows[0]));
    bool done = print(&list, &err);
    done = output_finish_after(&list.output, done, &err);
    free(list.rows);
    columns_free(&list.columns);
    store_close(list.store);
    if (!done && err.code == ERR_STOPPED)
        return EXIT_DATA;
    return done ? EXIT_DONE : command_fail(call, EXIT_ENVIRONMENT, &err);
}

const struct command command_list = {
    .name = "list",
    .arguments = "[FILTER...]",
    .summary = "List deliveries, newest first",
    .details =
        "One line a delivery: its state, id, age, event, user, attempts, and "
        "where it is now: the last answer, \"retry in 4 min\", or \"behind "
        "#41\" when an older delivery of the same user comes "
        "first.",
    .examples = "  subrelay list state:failed\n"
                "  subrelay list --count state:failed reason:gave_up\n"
                "  subrelay list 'age:<2h' code:5xx\n"
                "  subrelay list user:user-1011 event:renewal\n"
                "  subrelay list --json --limit 1000 | jq -r .reason\n",
    COMMAND_OPTIONS(options, defaults),
    .most_words = INT_MAX,
    .uses_database = true,
    .takes_filter = true,
    .run = run,
};
