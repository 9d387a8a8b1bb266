/* completion_bash.c - the script for bash. */
#include "cli/completion_parts.h"

/* bash breaks words at ':' and '=', and takes for each answer only what stands
 * behind the last of them. So the word is taken from the line itself, and the
 * answers are cut. */
static const char head[] =
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

static const char tail[] =
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

static void add_option(const struct command *command,
                       const struct options_row *row, struct buf *out)
{
    (void)command;
    if (row->letter != '\0')
        buf_add_format(out, " -%c", row->letter);
    buf_add_format(out, " --%s", row->name);
}

/* What stands behind an option that takes something. */
static void add_value(const struct command *command,
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
        completion_parts_add_choices(row, out);
        buf_add_text(out, "' ;;\n");
    } else {
        buf_add_format(out, ") takes=%s ;;\n",
                       completion_parts_takes_file(row) ? "files" : "text");
    }
}

static void add_command(const struct command *command, struct buf *out)
{
    enum completion_words words = completion_parts_words(command);
    buf_add_format(out,
                   "        %s)\n            case $word in\n"
                   "            -*) answers='",
                   command->name);
    completion_parts_each_option(command, add_option, out);
    buf_add_text(out, "' ;;\n            *) ");
    if (words == COMPLETION_FILES) {
        buf_add_text(out, "takes=files");
    } else {
        buf_add_text(out, "answers='");
        completion_parts_add_words(words, out);
        buf_add_text(out, "'");
    }
    buf_add_text(out, " ;;\n            esac\n            ;;\n");
}

void completion_parts_write_bash(struct buf *out)
{
    size_t count;
    const struct command *const *commands = command_table(&count);
    buf_add_text(out, head);
    buf_add_text(out, "    case $command:$previous in\n");
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < commands[i]->option_count; k++)
            add_value(commands[i], &commands[i]->options[k], out);
    }
    size_t global_count;
    const struct options_row *global = command_global_options(&global_count);
    for (size_t i = 0; i < global_count; i++)
        add_value(NULL, &global[i], out);
    buf_add_text(out, "    *)\n        case $command in\n        '')\n"
                      "            case $word in\n            -*) answers='");
    completion_parts_each_option(NULL, add_option, out);
    buf_add_text(out, "' ;;\n            *) answers='");
    completion_parts_add_commands(out);
    buf_add_text(out, "' ;;\n            esac\n            ;;\n");
    for (size_t i = 0; i < count; i++)
        add_command(commands[i], out);
    buf_add_text(out, "        esac\n        ;;\n    esac\n");
    buf_add_text(out, tail);
}
