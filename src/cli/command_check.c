#include "cli/command.h"

#include "base/json.h"
#include "cli/check.h"
#include "cli/operator.h"
#include "cli/output.h"
#include "cli/run_options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_COLUMNS = 12, LEVEL_COLUMNS = 7 };

struct settings {
    struct run_settings run; /* of them what is about the way to Intercom */
    bool offline;
    bool deep;
    bool json;
};

static const struct settings defaults = {
    .run =
        {
            .region = RUN_REGION_NOT_GIVEN,
            .timeout_ms = 10000,
            .drain_wait_ms = RUN_DRAIN_WAIT_NOT_GIVEN,
            .keep = "forever",
        },
};

static const struct options_row options[] = {
    RUN_DESTINATION_OPTIONS,
    {.name = "timeout",
     .type = OPTIONS_DURATION,
     RUN_FIELD(timeout_ms),
     .value = "TIME",
     .minimum = 100,
     .maximum = 600000,
     .help = "of one request (10s)"},
    OPTIONS_FLAG_ROW("insecure-http", struct run_settings, insecure_http,
                     "allow plain http to a host other than this one"),
    OPTIONS_FLAG_ROW("offline", struct settings, offline,
                     "ask Intercom nothing"),
    OPTIONS_FLAG_ROW("deep", struct settings, deep,
                     "compare indexes with their tables, as long as it takes"),
    OPTIONS_FLAG_ROW("json", struct settings, json, "one JSON object a line"),
};

static const struct {
    const char *word;
    enum output_role role;
} levels[] = {
    [CHECK_OK] = {"ok", OUTPUT_GOOD},
    [CHECK_NOTE] = {"note", OUTPUT_WARNING},
    [CHECK_DATA] = {"BAD", OUTPUT_BAD},
    [CHECK_ENVIRONMENT] = {"BAD", OUTPUT_BAD},
};

/* --- looking ------------------------------------------------------------- */

/* For writing where that may be, so that what is wrong is mended. */
static struct store *open_store(struct check_report *report,
                                const char *database, bool *can_write)
{
    struct store *store;
    struct err err;
    *can_write = true;
    if (store_open(database, STORE_WRITE, OPERATOR_BUSY_MS, &store, &err))
        return store;
    *can_write = false;
    struct err second;
    if (err.code == ERR_ACCESS &&
        store_open(database, STORE_READ, OPERATOR_BUSY_MS, &store, &second))
        return store;
    check_add(report, "outbox",
              err.code == ERR_CORRUPT ? CHECK_DATA : CHECK_ENVIRONMENT, NULL,
              "%s", err.text);
    return NULL;
}

static void look(const struct command_call *call, const char *url,
                 struct check_report *report)
{
    const struct settings *settings = call->settings;
    const struct check_intercom_options intercom = {
        .api_url = url,
        .token_file = settings->run.token_file,
        .timeout_ms = settings->run.timeout_ms,
        .insecure_http = settings->run.insecure_http,
    };
    bool can_write;
    check_file(report, call->database);
    struct store *store = open_store(report, call->database, &can_write);
    if (store != NULL) {
        check_outbox(report, store, can_write, settings->deep);
        check_names(report, store);
    }
    if (settings->offline || !check_intercom(report, &intercom))
        check_clock_alone(report, store);
    store_close(store);
}

/* --- telling ------------------------------------------------------------- */

static void add_padded(struct output *output, enum output_role role,
                       const char *text, size_t columns)
{
    output_role_text(output, role, text);
    for (size_t i = strlen(text); i < columns; i++)
        buf_add_byte(&output->text, ' ');
}

static void write_line(const struct check_line *line, struct output *output)
{
    add_padded(output, levels[line->level].role, levels[line->level].word,
               LEVEL_COLUMNS);
    add_padded(output, OUTPUT_PLAIN, line->name, NAME_COLUMNS);
    output_printable(output, line->text);
    buf_add_byte(&output->text, '\n');
    if (*line->todo == '\0')
        return;
    add_padded(output, OUTPUT_PLAIN, "", LEVEL_COLUMNS + NAME_COLUMNS);
    buf_add_text(&output->text, "-> ");
    output_printable(output, line->todo);
    buf_add_byte(&output->text, '\n');
}

static void write_json(const struct check_line *line, struct output *output)
{
    static const char *const words[] = {
        [CHECK_OK] = "ok",
        [CHECK_NOTE] = "note",
        [CHECK_DATA] = "bad_data",
        [CHECK_ENVIRONMENT] = "bad_environment",
    };
    struct json json;
    json_begin(&json, &output->text);
    json_open_object(&json);
    json_key_text(&json, "check", line->name);
    json_key_text(&json, "level", words[line->level]);
    json_key_text(&json, "text", line->text);
    json_key_text(&json, "todo", *line->todo == '\0' ? NULL : line->todo);
    json_close(&json);
    buf_add_byte(&output->text, '\n');
}

static enum command_exit tell(const struct command_call *call,
                              const struct check_report *report)
{
    static const enum command_exit exits[] = {
        [CHECK_OK] = EXIT_DONE,
        [CHECK_NOTE] = EXIT_DONE,
        [CHECK_DATA] = EXIT_DATA,
        [CHECK_ENVIRONMENT] = EXIT_ENVIRONMENT,
    };
    const struct settings *settings = call->settings;
    enum check_level worst = CHECK_OK;
    struct output output;
    output_init(&output, STDOUT_FILENO);
    for (size_t i = 0; i < report->count; i++) {
        const struct check_line *line = &report->lines[i];
        if (line->level > worst)
            worst = line->level;
        if (settings->json)
            write_json(line, &output);
        else
            write_line(line, &output);
    }
    return command_finish(call, &output, exits[worst]);
}

static enum command_exit run(const struct command_call *call)
{
    const struct settings *settings = call->settings;
    struct check_report report = {.count = 0};
    struct err err;
    if (!run_settings_check(&settings->run, &err))
        return command_fail(call, EXIT_USAGE, &err);
    char *url = run_settings_copy_url(&settings->run);
    look(call, url, &report);
    free(url);
    return tell(call, &report);
}

const struct command command_check = {
    .name = "check",
    .arguments = "",
    .summary = "Look whether all is well, and say what to do if not",
    .details =
        "The file, its mode and file system; journal, log and integrity; the "
        "counters, and a delivery for every event, which are mended if they "
        "are wrong; what the relay does and how far behind it is; the names; "
        "the way to Intercom, the token (GET /me), the four attributes, and "
        "the clock beside Intercom's. Each line is ok, a note, or BAD with "
        "what to do.\n\n"
        "Give it the options for Intercom that run has. It sends no event and "
        "writes nothing at Intercom. Reading the whole file is given 5 s; "
        "--deep reads on, and compares indexes with their tables.\n\n"
        "Exit 3 if something around the outbox is bad (file, network, token), "
        "1 if the data is, 0 otherwise.",
    .examples = "  subrelay -d app.db check --token-file intercom.token\n"
                "  subrelay check --offline --deep\n"
                "  subrelay check --json | jq 'select(.level != \"ok\")'\n",
    COMMAND_OPTIONS(options, defaults),
    .uses_database = true,
    .run = run,
};
