/* completion_zsh.c - the script for zsh. */
#include "cli/completion_parts.h"

static void add_text(const char *text, struct buf *out)
{
    completion_parts_add_quoted(text, "[]:\\", "'\\''", out);
}

static void add_option(const struct command *command,
                       const struct options_row *row, struct buf *out)
{
    (void)command;
    if (row->letter != '\0')
        buf_add_format(out, " \\\n            '(-%c --%s)'{-%c,--%s}'[",
                       row->letter, row->name, row->letter, row->name);
    else
        buf_add_format(out, " \\\n            '--%s[", row->name);
    add_text(row->help, out);
    buf_add_byte(out, ']');
    if (row->choices != NULL) {
        buf_add_format(out, ":%s:(", row->name);
        completion_parts_add_choices(row, out);
        buf_add_byte(out, ')');
    } else if (row->type != OPTIONS_FLAG) {
        buf_add_byte(out, ':');
        add_text(row->value, out);
        buf_add_text(out, completion_parts_takes_file(row) ? ":_files" : ": ");
    }
    buf_add_byte(out, '\'');
}

static void add_command(const struct command *command, struct buf *out)
{
    enum completion_words words = completion_parts_words(command);
    buf_add_format(out, "        %s)\n            _arguments", command->name);
    completion_parts_each_option(command, add_option, out);
    if (words == COMPLETION_FILES) {
        buf_add_text(out, " \\\n            '*:file:_files'");
    } else if (words != COMPLETION_NONE) {
        struct buf list;
        buf_init(&list, 64 * 1024);
        completion_parts_add_words(words, &list);
        buf_add_text(out, " \\\n            '*:word:(");
        completion_parts_add_quoted(buf_text(&list), ":", "'\\''", out);
        buf_add_text(out, ")'");
        buf_free(&list);
    }
    buf_add_text(out, "\n            ;;\n");
}

void completion_parts_write_zsh(struct buf *out)
{
    size_t count;
    const struct command *const *commands = command_table(&count);
    buf_add_text(out, "#compdef subrelay\n"
                      "# made by: subrelay help --completion zsh\n"
                      "_subrelay() {\n"
                      "    local curcontext=\"$curcontext\" state\n"
                      "    local -a line commands\n"
                      "    commands=(\n");
    for (size_t i = 0; i < count; i++) {
        buf_add_format(out, "        '%s:", commands[i]->name);
        add_text(commands[i]->summary, out);
        buf_add_text(out, "'\n");
    }
    buf_add_text(out, "    )\n    _arguments -C");
    completion_parts_each_option(NULL, add_option, out);
    buf_add_text(out, " \\\n            '1: :->command' '*:: :->argument'\n"
                      "    case $state in\n"
                      "    command) _describe command commands ;;\n"
                      "    argument)\n"
                      "        case $words[1] in\n");
    for (size_t i = 0; i < count; i++)
        add_command(commands[i], out);
    buf_add_text(out, "        esac\n        ;;\n    esac\n}\n"
                      "_subrelay \"$@\"\n");
}
