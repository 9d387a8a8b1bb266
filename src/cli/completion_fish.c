/* completion_fish.c - the script for fish. */
#include "cli/completion_parts.h"

static void add_condition(const struct command *command, struct buf *out)
{
    if (command == NULL)
        buf_add_text(out, "complete -c subrelay -n __fish_use_subcommand");
    else
        buf_add_format(
            out, "complete -c subrelay -n '__fish_seen_subcommand_from %s'",
            command->name);
}

static void add_text(const char *text, struct buf *out)
{
    buf_add_text(out, " -d '");
    completion_parts_add_quoted(text, "\\", "\\'", out);
    buf_add_text(out, "'\n");
}

static void add_option(const struct command *command,
                       const struct options_row *row, struct buf *out)
{
    add_condition(command, out);
    if (row->letter != '\0')
        buf_add_format(out, " -s %c", row->letter);
    buf_add_format(out, " -l %s", row->name);
    if (row->choices != NULL) {
        buf_add_text(out, " -x -a '");
        completion_parts_add_choices(row, out);
        buf_add_byte(out, '\'');
    } else if (row->type != OPTIONS_FLAG) {
        buf_add_text(out, completion_parts_takes_file(row) ? " -r -F" : " -x");
    }
    add_text(row->help, out);
}

static void add_command(const struct command *command, struct buf *out)
{
    enum completion_words words = completion_parts_words(command);
    add_condition(NULL, out);
    buf_add_format(out, " -a %s", command->name);
    add_text(command->summary, out);
    completion_parts_each_option(command, add_option, out);
    if (words == COMPLETION_NONE)
        return;
    add_condition(command, out);
    if (words == COMPLETION_FILES) {
        buf_add_text(out, " -F\n");
        return;
    }
    buf_add_text(out, " -a '");
    completion_parts_add_words(words, out);
    buf_add_text(out, "'\n");
}

void completion_parts_write_fish(struct buf *out)
{
    size_t count;
    const struct command *const *commands = command_table(&count);
    buf_add_text(out, "# fish completion of subrelay; made by: subrelay help "
                      "--completion fish\n"
                      "complete -c subrelay -f\n");
    completion_parts_each_option(NULL, add_option, out);
    for (size_t i = 0; i < count; i++)
        add_command(commands[i], out);
}
