#include "cli/help.h"

#include "outbox/filter.h"

#include <stdio.h>
#include <string.h>

enum { LINE_COLUMNS = 79, OPTION_COLUMN = 28, FILTER_COLUMN = 22 };

static void add_spaces(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_byte(out, ' ');
}

/* Add the words of one line of text, broken into lines that start at the given
 * column. */
static void add_wrapped(struct buf *out, const char *text, size_t column)
{
    size_t at = column;
    while (*text != '\0' && *text != '\n') {
        size_t word = strcspn(text, " \n");
        if (at > column && at + 1 + word > LINE_COLUMNS) {
            buf_add_byte(out, '\n');
            add_spaces(out, column);
            at = column;
        } else if (at > column) {
            buf_add_byte(out, ' ');
            at++;
        }
        buf_add(out, text, word);
        at += word;
        text += word;
        text += strspn(text, " ");
    }
    buf_add_byte(out, '\n');
}

/* Add paragraphs, each one line of text, and as they are those lines that
 * begin with a space. */
static void add_paragraphs(struct buf *out, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (*text == ' ') {
            buf_add(out, text, length);
            buf_add_byte(out, '\n');
        } else {
            add_wrapped(out, text, 0);
        }
        text += length + (text[length] == '\n' ? 1 : 0);
    }
}

static void add_option_value(const struct options_row *row, struct buf *out)
{
    if (row->type == OPTIONS_FLAG)
        return;
    buf_add_byte(out, ' ');
    if (row->choices == NULL) {
        buf_add_text(out, row->value);
        return;
    }
    for (size_t i = 0; row->choices[i] != NULL; i++) {
        if (i > 0)
            buf_add_byte(out, '|');
        buf_add_text(out, row->choices[i]);
    }
}

static void add_option(const struct options_row *row, struct buf *out)
{
    size_t start = out->length;
    if (row->letter != '\0')
        buf_add_format(out, "  -%c, --%s", row->letter, row->name);
    else
        buf_add_format(out, "      --%s", row->name);
    add_option_value(row, out);
    size_t used = out->length - start;
    if (used + 2 > OPTION_COLUMN) {
        buf_add_byte(out, '\n');
        used = 0;
    }
    add_spaces(out, OPTION_COLUMN - used);
    add_wrapped(out, row->help, OPTION_COLUMN);
}

static void add_options(const struct command *command, struct buf *out)
{
    buf_add_text(out, "\nOptions:\n");
    for (size_t i = 0; i < command->option_count; i++)
        add_option(&command->options[i], out);
    size_t count;
    const struct options_row *rows = command_global_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (command->uses_database || rows[i].type == OPTIONS_FLAG)
            add_option(&rows[i], out);
    }
}

/* The words of a filter, from the table that its parser reads by. */
static void add_filter(struct buf *out)
{
    size_t count;
    const struct filter_key *keys = filter_keys(&count);
    buf_add_text(out, "\nA filter's words; all of them have to fit:\n");
    for (size_t i = 0; i < count; i++) {
        buf_add_format(out, "  %s", keys[i].form);
        add_spaces(out, FILTER_COLUMN - 2 - strlen(keys[i].form));
        add_wrapped(out, keys[i].meaning, FILTER_COLUMN);
    }
    buf_add_text(out, "  TEXT");
    add_spaces(out, FILTER_COLUMN - strlen("  TEXT"));
    add_wrapped(out,
                "the last result or the reason contains it; with blanks or a "
                "colon in double quotes: '\"name archived\"'",
                FILTER_COLUMN);
    buf_add_text(out, "The shell wants quotes around < and >: 'age:<2h'\n");
}

void help_write_usage(const struct command *command, struct buf *out)
{
    buf_add_format(out, "subrelay %s%s",
                   command->uses_database ? "[-d FILE] " : "", command->name);
    if (command->option_count > 0)
        buf_add_text(out, " [OPTION...]");
    if (*command->arguments != '\0')
        buf_add_format(out, " %s", command->arguments);
}

void help_write_command(const struct command *command, struct buf *out)
{
    buf_add_text(out, "Usage: ");
    help_write_usage(command, out);
    buf_add_format(out, "\n\n%s.\n\n", command->summary);
    add_paragraphs(out, command->details);
    if (command->takes_filter)
        add_filter(out);
    add_options(command, out);
    if (*command->examples != '\0')
        buf_add_format(out, "\nExamples:\n%s", command->examples);
    buf_add_text(out,
                 "\nExit: 0 done; 1 done in part, or not at all because of "
                 "the data; 2 wrong\nusage; 3 environment (file, lock, "
                 "network, token).\n");
}

void help_write_overview(struct buf *out)
{
    buf_add_text(
        out,
        "Usage: subrelay [-d FILE] COMMAND [OPTION...] [ARGUMENT...]\n\n"
        "Keeps subscription events (RevenueCat webhooks) in a SQLite outbox "
        "and delivers\nthem to Intercom: the contact's attributes and a data "
        "event for each.\n\nCommands:\n");
    size_t count;
    const struct command *const *commands = command_table(&count);
    for (size_t i = 0; i < count; i++)
        buf_add_format(out, "  %-9s %s\n", commands[i]->name,
                       commands[i]->summary);
    buf_add_text(out, "\nOptions:\n");
    const struct options_row *rows = command_global_options(&count);
    for (size_t i = 0; i < count; i++)
        add_option(&rows[i], out);
    buf_add_text(out,
                 "\n`subrelay COMMAND --help` says more about each. To see "
                 "it all at work:\nsubrelay demo\n");
}
