#include "cli/command.h"

#include "cli/operator.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/output.h"
#include "outbox/words.h"

#include <inttypes.h>
#include <stddef.h>
#include <unistd.h>

enum { PAGE_ROWS = 100, MOST_ROWS = 1000000000, ABOUT_BYTES = 65536 };

struct settings {
    bool json;
    int64_t limit;
};

static const struct settings defaults = {.limit = 50};

static const struct options_row options[] = {
    {.name = "limit",
     .letter = 'n',
     .type = OPTIONS_INTEGER,
     .offset = offsetof(struct settings, limit),
     .value = "N",
     .help = "at most N operations (50)",
     .minimum = 1,
     .maximum = MOST_ROWS},
    OPTIONS_FLAG_ROW("json", struct settings, json,
                     "one JSON object a line; times are UTC milliseconds"),
};

static const struct columns_column table[] = {
    {"ID", true, 0},      {"ACTION", false, 0}, {"STATE", false, 0},
    {"WHO", false, 20},   {"WHEN", false, 0},   {"DONE", true, 0},
    {"ABOUT", false, 60},
};

static void add_about(const struct operation_row *row, struct columns *columns)
{
    struct buf about;
    buf_init(&about, ABOUT_BYTES);
    words_add_operation(row, &about);
    columns_add(columns, OUTPUT_PLAIN, buf_text(&about));
    buf_free(&about);
}

static void add_row(const struct operation_row *row, struct columns *columns)
{
    char when[TEXT_TIME_BYTES];
    text_format_time(row->created_ms, when, sizeof(when));
    columns_add_format(columns, OUTPUT_PLAIN, "%" PRId64, row->id);
    columns_add(columns, OUTPUT_PLAIN, row->action);
    columns_add(columns, OUTPUT_PLAIN, row->state);
    columns_add(columns, OUTPUT_PLAIN, row->who);
    columns_add(columns, OUTPUT_PLAIN, when);
    if (row->planned > 0)
        columns_add_format(columns, OUTPUT_PLAIN, "%" PRId64 "/%" PRId64,
                           row->applied, row->planned);
    else
        columns_add_format(columns, OUTPUT_PLAIN, "%" PRId64, row->applied);
    add_about(row, columns);
}

static void print_row(const struct operation_row *row, bool json,
                      struct columns *columns, struct output *output)
{
    struct json writer;
    if (!json) {
        add_row(row, columns);
        return;
    }
    json_begin(&writer, &output->text);
    json_open_object(&writer);
    operator_write_row(row, &writer);
    json_close(&writer);
    buf_add_byte(&output->text, '\n');
}

static bool print_all(struct store *store, const struct settings *settings,
                      struct columns *columns, struct output *output,
                      struct err *err)
{
    struct operation_row rows[PAGE_ROWS];
    int64_t before_id = INT64_MAX;
    int64_t left = settings->limit;
    int count = PAGE_ROWS;
    while (left > 0 && count == PAGE_ROWS) {
        int ask = left < PAGE_ROWS ? (int)left : PAGE_ROWS;
        if (!operation_list(store, before_id, ask, rows, &count, err))
            return false;
        for (int i = 0; i < count; i++) {
            before_id = rows[i].id;
            print_row(&rows[i], settings->json, columns, output);
            operation_row_free(&rows[i]);
        }
        if (!settings->json && count > 0)
            columns_write(columns, output);
        left -= count;
    }
    return true;
}

static enum command_exit run(const struct command_call *call)
{
    struct output output;
    struct columns columns;
    struct store *store;
    struct err err;
    if (!store_open(call->database, STORE_READ, OPERATOR_BUSY_MS, &store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    output_init(&output, STDOUT_FILENO);
    columns_init(&columns, table, sizeof(table) / sizeof(table[0]));
    bool done = print_all(store, call->settings, &columns, &output, &err);
    done = output_finish_after(&output, done, &err);
    columns_free(&columns);
    store_close(store);
    return done ? EXIT_DONE : command_fail(call, EXIT_ENVIRONMENT, &err);
}

const struct command command_operations = {
    .name = "operations",
    .arguments = "",
    .summary = "List what operators did, newest first",
    .details =
        "One line an operation: who asked for what, when, and how far it is.",
    .examples =
        "  subrelay operations\n  subrelay operations --json --limit 5\n",
    COMMAND_OPTIONS(options, defaults),
    .least_words = 0,
    .most_words = 0,
    .uses_database = true,
    .run = run,
};
