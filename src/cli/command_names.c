#include "cli/command.h"

#include "cli/operator.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/output.h"
#include "outbox/name_preview.h"
#include "outbox/outbox.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

struct settings {
    bool dry_run;
    bool json;
};

static const struct settings defaults;

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("dry-run", struct settings, dry_run,
                     "print what would change, change nothing"),
    OPTIONS_FLAG_ROW("json", struct settings, json, "JSON, one object a line"),
};

static const struct columns_column table[] = {
    {"EVENT", false, 0}, {"NAME", false, 0}, {"SENT", false, 0}};

/* What the words ask for. */
struct wish {
    enum event_kind kind;
    struct names before;
    struct names after;
    struct operation_name_effect effect;
};

static void list_json(const struct names *names, int kind, struct buf *out)
{
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    json_key_text(&json, "kind", catalog_word((enum event_kind)kind));
    json_key_text(&json, "name", names->name[kind]);
    json_key_bool(&json, "off", names->off[kind]);
    json_close(&json);
    buf_add_byte(out, '\n');
}

static void list_names(const struct names *names, bool json,
                       struct output *output)
{
    struct columns columns;
    columns_init(&columns, table, sizeof(table) / sizeof(table[0]));
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++) {
        if (json) {
            list_json(names, kind, &output->text);
            continue;
        }
        columns_add(&columns, OUTPUT_PLAIN,
                    catalog_word((enum event_kind)kind));
        columns_add(&columns, OUTPUT_PLAIN, names->name[kind]);
        columns_add(&columns, OUTPUT_PLAIN, names->off[kind] ? "off" : "on");
    }
    if (!json)
        columns_write(&columns, output);
    columns_free(&columns);
}

static bool read_wish(const struct command_call *call, struct wish *wish,
                      struct err *err)
{
    const char *verb = call->words[0];
    bool is_set = text_equals(verb, "set");
    bool is_off = text_equals(verb, "off");
    bool is_on = text_equals(verb, "on");
    if (!is_set && !is_off && !is_on && !text_equals(verb, "reset"))
        return err_set(err, ERR_USAGE, "'%.60s': set, reset, off or on", verb);
    if (call->word_count != (is_set ? 3 : 2))
        return err_set(err, ERR_USAGE, "%s takes EVENT%s", verb,
                       is_set ? " and NAME" : "");
    wish->kind = catalog_find_kind(call->words[1]);
    if (wish->kind == KIND_NONE)
        return err_set(err, ERR_USAGE, "no event '%.60s'; see: subrelay names",
                       call->words[1]);
    wish->after = wish->before;
    if (is_off || is_on)
        wish->after.off[wish->kind] = is_off;
    return is_off || is_on ||
           names_set(&wish->after, wish->kind, is_set ? call->words[2] : "",
                     err);
}

/* A real payload as it would be sent before and after. */
static bool show_sample(struct store *store, const struct wish *wish,
                        struct output *output, struct err *err)
{
    enum { MOST_BYTES = 65536 };
    const struct names *sides[] = {&wish->before, &wish->after};
    static const char *const titles[] = {"Before  ", "After   "};
    struct name_preview preview;
    if (!name_preview_read(store, wish->effect.sample_id, &preview, err))
        return false;
    for (int i = 0; i < 2; i++) {
        struct buf text;
        buf_init(&text, MOST_BYTES);
        name_preview_write(&preview, sides[i], &text);
        buf_add_text(&output->text, titles[i]);
        output_printable(output, buf_text(&text));
        buf_add_byte(&output->text, '\n');
        buf_free(&text);
    }
    name_preview_free(&preview);
    return true;
}

static void show_change_json(const struct wish *wish, struct buf *out)
{
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    json_key_text(&json, "kind", catalog_word(wish->kind));
    json_key_text(&json, "name_before", wish->before.name[wish->kind]);
    json_key_text(&json, "name_after", wish->after.name[wish->kind]);
    json_key_bool(&json, "off_before", wish->before.off[wish->kind]);
    json_key_bool(&json, "off_after", wish->after.off[wish->kind]);
    json_key_int64(&json, "pending", wish->effect.pending);
    json_key_int64(&json, "unknown", wish->effect.unknown);
    json_key_int64(&json, "failed", wish->effect.failed);
    json_close(&json);
    buf_add_byte(out, '\n');
}

static bool count_effect(struct store *store, struct wish *wish,
                         struct err *err)
{
    bool more = true;
    while (more) {
        if (!operation_count_name_effect(store, wish->kind, &wish->effect,
                                         &more, err))
            return false;
    }
    return true;
}

static bool show_change(struct store *store, const struct wish *wish,
                        struct output *output, struct err *err)
{
    if (wish->effect.sample_id != 0 && !show_sample(store, wish, output, err))
        return false;
    buf_add_format(&output->text,
                   "Effect  %" PRId64 " pending use it; %" PRId64
                   " that may be at Intercom keep the old; %" PRId64
                   " failed take it when they are retried\n",
                   wish->effect.pending, wish->effect.unknown,
                   wish->effect.failed);
    return true;
}

static void warn(const struct wish *wish)
{
    enum { MOST_BYTES = 2048 };
    struct buf warnings;
    buf_init(&warnings, MOST_BYTES);
    name_preview_add_warnings(&wish->before, &wish->after, wish->kind,
                              &warnings);
    for (const char *at = buf_text(&warnings); *at != '\0';) {
        int length = (int)strcspn(at, "\n");
        command_say("Careful: %.*s", length, at);
        at += length + 1;
    }
    buf_free(&warnings);
}

static bool apply(struct store *store, const struct wish *wish, struct err *err)
{
    int64_t id;
    const struct operation_request request = operator_ask("rename");
    if (!operation_set_name(store, wish->kind, wish->after.name[wish->kind],
                            wish->after.off[wish->kind], &request, &id, err))
        return false;
    if (id == 0)
        command_say("It is so already; nothing is changed.");
    else
        command_say("Operation %" PRId64 "; undo it: subrelay undo %" PRId64,
                    id, id);
    return true;
}

static enum command_exit change(const struct command_call *call,
                                struct store *store, struct wish *wish,
                                struct output *output)
{
    const struct settings *settings = call->settings;
    struct err err;
    if (!read_wish(call, wish, &err))
        return command_fail(
            call, err.code == ERR_USAGE ? EXIT_USAGE : EXIT_DATA, &err);
    bool good = count_effect(store, wish, &err);
    if (good && settings->json)
        show_change_json(wish, &output->text);
    else if (good)
        good = show_change(store, wish, output, &err);
    if (good)
        warn(wish);
    if (good && !settings->dry_run)
        good = apply(store, wish, &err);
    return good ? EXIT_DONE : command_fail(call, EXIT_ENVIRONMENT, &err);
}

static enum command_exit run(const struct command_call *call)
{
    const struct settings *settings = call->settings;
    struct wish wish = {.kind = KIND_NONE};
    struct output output;
    struct store *store;
    struct err err;
    enum command_exit code = EXIT_DONE;
    if (!store_open(call->database,
                    call->word_count == 0 ? STORE_READ : STORE_WRITE,
                    OPERATOR_BUSY_MS, &store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    output_init(&output, STDOUT_FILENO);
    if (!outbox_read_names(store, &wish.before, &err))
        code = command_fail(call, EXIT_ENVIRONMENT, &err);
    else if (call->word_count == 0)
        list_names(&wish.before, settings->json, &output);
    else
        code = change(call, store, &wish, &output);
    if (!output_finish(&output, &err))
        code = command_fail(call, EXIT_ENVIRONMENT, &err);
    store_close(store);
    return code;
}

const struct command command_names = {
    .name = "names",
    .arguments = "[set|reset|off|on EVENT [NAME]]",
    .summary = "Show or change the names sent to Intercom",
    .details = "EVENT is a kind (renewal) or its default name. Without words: "
               "all names. set gives a NAME (blank: the default), reset the "
               "default; off sends the contact's attributes only, on sends the "
               "event again. What waits takes the new name; what may be at "
               "Intercom already keeps the old until it is retried.",
    .examples = "  subrelay names\n  subrelay names set renewal 'Subscription "
                "Renewed'\n  subrelay names off product_change --dry-run\n",
    COMMAND_OPTIONS(options, defaults),
    .least_words = 0,
    .most_words = 3,
    .uses_database = true,
    .run = run,
};
