#include "cli/completion.h"

#include "base/text.h"
#include "cli/completion_parts.h"
#include "delivery/verdict.h"
#include "event/catalog.h"
#include "outbox/filter.h"

#include <string.h>

/* --- what there is to offer ---------------------------------------------- */

enum completion_words completion_parts_words(const struct command *command)
{
    if (command->takes_filter || strstr(command->arguments, "FILTER") != NULL)
        return COMPLETION_FILTER;
    if (strstr(command->arguments, "FILE") != NULL)
        return COMPLETION_FILES;
    if (strstr(command->arguments, "COMMAND") != NULL)
        return COMPLETION_COMMANDS;
    if (strstr(command->arguments, "EVENT") != NULL)
        return COMPLETION_NAMES;
    return COMPLETION_NONE;
}

bool completion_parts_takes_file(const struct options_row *row)
{
    return row->type == OPTIONS_TEXT && text_equals(row->value, "FILE");
}

/* Without -d where there is no database. */
static bool is_offered(const struct command *command,
                       const struct options_row *row)
{
    return command == NULL || command->uses_database ||
           row->type == OPTIONS_FLAG;
}

void completion_parts_add_commands(struct buf *out)
{
    size_t count;
    const struct command *const *commands = command_table(&count);
    for (size_t i = 0; i < count; i++)
        buf_add_format(out, "%s%s", i > 0 ? " " : "", commands[i]->name);
}

static void add_kinds(const char *prefix, struct buf *out)
{
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
        buf_add_format(out, " %s%s", prefix,
                       catalog_word((enum event_kind)kind));
}

static void add_name_words(struct buf *out)
{
    buf_add_text(out, "set reset off on");
    add_kinds("", out);
}

/* Each key, and its words where they are known. */
static void add_filter_words(struct buf *out)
{
    size_t count;
    const struct filter_key *keys = filter_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (strchr(keys[i].form, ':') != NULL)
            buf_add_format(out, "%s%s:", out->length > 0 ? " " : "",
                           keys[i].name);
    }
    const char *const *states = filter_states(&count);
    for (size_t i = 0; i < count; i++)
        buf_add_format(out, " state:%s", states[i]);
    add_kinds("event:", out);
    const struct verdict_reason *reasons = verdict_reasons(&count);
    for (size_t i = 0; i < count; i++)
        buf_add_format(out, " reason:%s", reasons[i].word);
}

void completion_parts_add_words(enum completion_words words, struct buf *out)
{
    struct buf list;
    buf_init(&list, 64 * 1024);
    if (words == COMPLETION_COMMANDS)
        completion_parts_add_commands(&list);
    if (words == COMPLETION_NAMES)
        add_name_words(&list);
    if (words == COMPLETION_FILTER)
        add_filter_words(&list);
    buf_add(out, buf_text(&list), list.length);
    buf_free(&list);
}

void completion_parts_add_choices(const struct options_row *row,
                                  struct buf *out)
{
    for (size_t i = 0; row->choices[i] != NULL; i++)
        buf_add_format(out, "%s%s", i > 0 ? " " : "", row->choices[i]);
}

void completion_parts_add_quoted(const char *text, const char *special,
                                 const char *quote, struct buf *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            buf_add_text(out, quote);
            continue;
        }
        if (strchr(special, *text) != NULL)
            buf_add_byte(out, '\\');
        buf_add_byte(out, *text);
    }
}

void completion_parts_each_option(const struct command *command,
                                  completion_option *call, struct buf *out)
{
    size_t count;
    const struct options_row *rows = command_global_options(&count);
    for (size_t i = 0; command != NULL && i < command->option_count; i++)
        call(command, &command->options[i], out);
    for (size_t i = 0; i < count; i++) {
        if (is_offered(command, &rows[i]))
            call(command, &rows[i], out);
    }
}

/* --- the script ---------------------------------------------------------- */

void completion_write(enum completion_shell shell, struct buf *out)
{
    static void (*const writers[])(struct buf * out) = {
        [COMPLETION_BASH] = completion_parts_write_bash,
        [COMPLETION_ZSH] = completion_parts_write_zsh,
        [COMPLETION_FISH] = completion_parts_write_fish,
    };
    writers[shell](out);
}
