#include "cli/completion.h"

#include "base/text.h"
#include "cli/command.h"
#include "delivery/verdict.h"
#include "event/catalog.h"
#include "outbox/filter.h"

#include <string.h>

/* --- what there is to offer ---------------------------------------------- */

/* What a command's words are. */
enum words {
    WORDS_NONE,
    WORDS_FILES,
    WORDS_COMMANDS,
    WORDS_NAMES,
    WORDS_FILTER
};

static enum words words_of(const struct command *command)
{
    if (command->takes_filter || strstr(command->arguments, "FILTER") != NULL)
        return WORDS_FILTER;
    if (strstr(command->arguments, "FILE") != NULL)
        return WORDS_FILES;
    if (strstr(command->arguments, "COMMAND") != NULL)
        return WORDS_COMMANDS;
    if (strstr(command->arguments, "EVENT") != NULL)
        return WORDS_NAMES;
    return WORDS_NONE;
}

static bool takes_file(const struct options_row *row)
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

static void add_command_names(struct buf *out)
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

static void add_words(enum words words, struct buf *out)
{
    struct buf list;
    buf_init(&list, 64 * 1024);
    if (words == WORDS_COMMANDS)
        add_command_names(&list);
    if (words == WORDS_NAMES)
        add_name_words(&list);
    if (words == WORDS_FILTER)
        add_filter_words(&list);
    buf_add(out, buf_text(&list), list.length);
    buf_free(&list);
}

static void add_choices(const struct options_row *row, struct buf *out)
{
    for (size_t i = 0; row->choices[i] != NULL; i++)
        buf_add_format(out, "%s%s", i > 0 ? " " : "", row->choices[i]);
}

/* Text within single quotes, each character of special with a backslash. */
static void add_quoted(const char *text, const char *special, const char *quote,
                       struct buf *out)
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

/* Call it for every option of the command (NULL: of none), its own first. */
static void for_each_option(const struct command *command,
                            void (*call)(const struct command *command,
                                         const struct options_row *row,
                                         struct buf *out),
                            struct buf *out)
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

/* --- bash ---------------------------------------------------------------- */

/* bash breaks words at ':' and '=', and takes for each answer only what stands
 * behind the last of them. So the word is taken from the line itself, and the
 * answers are cut. */
static const char bash_head[] =
    "# bash completion of subrelay; made by: subrelay help --completion bash\n"
    "_subrelay() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} words word previous command=\n"
    "    local takes i answers=\n"
    "    read -r -a words <<<\"$line\"\n"
    "    case $line in\n"
    "    *[[:space:]]) words+=('') ;;\n"
    "    esac\n"
    "    word=${words[${#words[@]} - 1]}\n"
    "    previous=${words[${#words[@]} - 2]}\n"
    "    for ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
    "        case ${words[i]} in\n"
    "        -d | --database) ((i++)) ;;\n"
    "        -*) ;;\n"
    "        *)\n"
    "            command=${words[i]}\n"
    "            break\n"
    "            ;;\n"
    "        esac\n"
    "    done\n";

static const char bash_tail[] =
    "    COMPREPLY=()\n"
    "    if [ \"$takes\" = files ]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        return\n"
    "    fi\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$answers\" -- \"$word\")\n"
    "    case ${COMPREPLY[0]-} in\n"
    "    *:) compopt -o nospace 2>/dev/null ;;\n"
    "    esac\n"
    "    case $word in\n"
    "    *:*)\n"
    "        case $COMP_WORDBREAKS in\n"
    "        *:*) COMPREPLY=(\"${COMPREPLY[@]#\"${word%:*}\":}\") ;;\n"
    "        esac\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "complete -F _subrelay subrelay\n";

static void add_bash_option(const struct command *command,
                            const struct options_row *row, struct buf *out)
{
    (void)command;
    if (row->letter != '\0')
        buf_add_format(out, " -%c", row->letter);
    buf_add_format(out, " --%s", row->name);
}

/* What stands behind an option that takes something. */
static void add_bash_value(const struct command *command,
                           const struct options_row *row, struct buf *out)
{
    if (row->type == OPTIONS_FLAG)
        return;
    buf_add_format(out, "    %s:--%s", command == NULL ? "*" : command->name,
                   row->name);
    if (row->letter != '\0')
        buf_add_format(out, " | %s:-%c", command == NULL ? "*" : command->name,
                       row->letter);
    if (row->choices != NULL) {
        buf_add_text(out, ") answers='");
        add_choices(row, out);
        buf_add_text(out, "' ;;\n");
    } else {
        buf_add_format(out, ") takes=%s ;;\n",
                       takes_file(row) ? "files" : "text");
    }
}

static void add_bash_command(const struct command *command, struct buf *out)
{
    enum words words = words_of(command);
    buf_add_format(out,
                   "        %s)\n            case $word in\n"
                   "            -*) answers='",
                   command->name);
    for_each_option(command, add_bash_option, out);
    buf_add_text(out, "' ;;\n            *) ");
    if (words == WORDS_FILES) {
        buf_add_text(out, "takes=files");
    } else {
        buf_add_text(out, "answers='");
        add_words(words, out);
        buf_add_text(out, "'");
    }
    buf_add_text(out, " ;;\n            esac\n            ;;\n");
}

static void write_bash(struct buf *out)
{
    size_t count;
    const struct command *const *commands = command_table(&count);
    buf_add_text(out, bash_head);
    buf_add_text(out, "    case $command:$previous in\n");
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < commands[i]->option_count; k++)
            add_bash_value(commands[i], &commands[i]->options[k], out);
    }
    size_t global_count;
    const struct options_row *global = command_global_options(&global_count);
    for (size_t i = 0; i < global_count; i++)
        add_bash_value(NULL, &global[i], out);
    buf_add_text(out, "    *)\n        case $command in\n        '')\n"
                      "            case $word in\n            -*) answers='");
    for_each_option(NULL, add_bash_option, out);
    buf_add_text(out, "' ;;\n            *) answers='");
    add_command_names(out);
    buf_add_text(out, "' ;;\n            esac\n            ;;\n");
    for (size_t i = 0; i < count; i++)
        add_bash_command(commands[i], out);
    buf_add_text(out, "        esac\n        ;;\n    esac\n");
    buf_add_text(out, bash_tail);
}

/* --- zsh ----------------------------------------------------------------- */

static void add_zsh_text(const char *text, struct buf *out)
{
    add_quoted(text, "[]:\\", "'\\''", out);
}

static void add_zsh_option(const struct command *command,
                           const struct options_row *row, struct buf *out)
{
    (void)command;
    if (row->letter != '\0')
        buf_add_format(out, " \\\n            '(-%c --%s)'{-%c,--%s}'[",
                       row->letter, row->name, row->letter, row->name);
    else
        buf_add_format(out, " \\\n            '--%s[", row->name);
    add_zsh_text(row->help, out);
    buf_add_byte(out, ']');
    if (row->choices != NULL) {
        buf_add_format(out, ":%s:(", row->name);
        add_choices(row, out);
        buf_add_byte(out, ')');
    } else if (row->type != OPTIONS_FLAG) {
        buf_add_byte(out, ':');
        add_zsh_text(row->value, out);
        buf_add_text(out, takes_file(row) ? ":_files" : ": ");
    }
    buf_add_byte(out, '\'');
}

static void add_zsh_command(const struct command *command, struct buf *out)
{
    enum words words = words_of(command);
    buf_add_format(out, "        %s)\n            _arguments", command->name);
    for_each_option(command, add_zsh_option, out);
    if (words == WORDS_FILES) {
        buf_add_text(out, " \\\n            '*:file:_files'");
    } else if (words != WORDS_NONE) {
        struct buf list;
        buf_init(&list, 64 * 1024);
        add_words(words, &list);
        buf_add_text(out, " \\\n            '*:word:(");
        add_quoted(buf_text(&list), ":", "'\\''", out);
        buf_add_text(out, ")'");
        buf_free(&list);
    }
    buf_add_text(out, "\n            ;;\n");
}

static void write_zsh(struct buf *out)
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
        add_zsh_text(commands[i]->summary, out);
        buf_add_text(out, "'\n");
    }
    buf_add_text(out, "    )\n    _arguments -C");
    for_each_option(NULL, add_zsh_option, out);
    buf_add_text(out, " \\\n            '1: :->command' '*:: :->argument'\n"
                      "    case $state in\n"
                      "    command) _describe command commands ;;\n"
                      "    argument)\n"
                      "        case $words[1] in\n");
    for (size_t i = 0; i < count; i++)
        add_zsh_command(commands[i], out);
    buf_add_text(out, "        esac\n        ;;\n    esac\n}\n"
                      "_subrelay \"$@\"\n");
}

/* --- fish ---------------------------------------------------------------- */

static void add_fish_condition(const struct command *command, struct buf *out)
{
    if (command == NULL)
        buf_add_text(out, "complete -c subrelay -n __fish_use_subcommand");
    else
        buf_add_format(
            out, "complete -c subrelay -n '__fish_seen_subcommand_from %s'",
            command->name);
}

static void add_fish_text(const char *text, struct buf *out)
{
    buf_add_text(out, " -d '");
    add_quoted(text, "\\", "\\'", out);
    buf_add_text(out, "'\n");
}

static void add_fish_option(const struct command *command,
                            const struct options_row *row, struct buf *out)
{
    add_fish_condition(command, out);
    if (row->letter != '\0')
        buf_add_format(out, " -s %c", row->letter);
    buf_add_format(out, " -l %s", row->name);
    if (row->choices != NULL) {
        buf_add_text(out, " -x -a '");
        add_choices(row, out);
        buf_add_byte(out, '\'');
    } else if (row->type != OPTIONS_FLAG) {
        buf_add_text(out, takes_file(row) ? " -r -F" : " -x");
    }
    add_fish_text(row->help, out);
}

static void add_fish_command(const struct command *command, struct buf *out)
{
    enum words words = words_of(command);
    add_fish_condition(NULL, out);
    buf_add_format(out, " -a %s", command->name);
    add_fish_text(command->summary, out);
    for_each_option(command, add_fish_option, out);
    if (words == WORDS_NONE)
        return;
    add_fish_condition(command, out);
    if (words == WORDS_FILES) {
        buf_add_text(out, " -F\n");
        return;
    }
    buf_add_text(out, " -a '");
    add_words(words, out);
    buf_add_text(out, "'\n");
}

static void write_fish(struct buf *out)
{
    size_t count;
    const struct command *const *commands = command_table(&count);
    buf_add_text(out, "# fish completion of subrelay; made by: subrelay help "
                      "--completion fish\n"
                      "complete -c subrelay -f\n");
    for_each_option(NULL, add_fish_option, out);
    for (size_t i = 0; i < count; i++)
        add_fish_command(commands[i], out);
}

void completion_write(enum completion_shell shell, struct buf *out)
{
    static void (*const writers[])(struct buf * out) = {
        [COMPLETION_BASH] = write_bash,
        [COMPLETION_ZSH] = write_zsh,
        [COMPLETION_FISH] = write_fish,
    };
    writers[shell](out);
}
