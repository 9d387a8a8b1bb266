#include "cli/command.h"

#include "cli/completion.h"
#include "cli/help.h"
#include "cli/manual.h"
#include "cli/output.h"

#include <stddef.h>
#include <unistd.h>

enum { NO_SHELL = -1 };

struct settings {
    bool man;
    int shell;
};

static const struct settings defaults = {.shell = NO_SHELL};

/* In the order of enum completion_shell. */
static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("man", struct settings, man,
                     "the manual page subrelay(1), in mdoc"),
    {.name = "completion",
     .type = OPTIONS_CHOICE,
     .offset = offsetof(struct settings, shell),
     .choices = shells,
     .help = "what this shell needs to complete command lines"},
};

static enum command_exit run(const struct command_call *call)
{
    const struct settings *settings = call->settings;
    const struct command *about = NULL;
    if (call->word_count > 0) {
        about = command_find(call->words[0]);
        if (about == NULL)
            return command_fail_text(call, EXIT_USAGE, "no command '%.60s'",
                                     call->words[0]);
    }
    struct output output;
    output_init(&output, STDOUT_FILENO);
    if (settings->man)
        manual_write(&output.text);
    else if (settings->shell != NO_SHELL)
        completion_write((enum completion_shell)settings->shell, &output.text);
    else if (about == NULL)
        help_write_overview(&output.text);
    else
        help_write_command(about, &output.text);
    return command_finish(call, &output, EXIT_DONE);
}

const struct command command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "Show all commands, or all about one",
    .details =
        "The same as `subrelay --help` and `subrelay COMMAND --help`. --man "
        "and "
        "--completion print what an installation puts into its place: the "
        "manual page, and completion for bash, zsh and fish.",
    .examples = "  subrelay help run\n"
                "  subrelay help --man | mandoc -l\n"
                "  source <(subrelay help --completion bash)\n",
    COMMAND_OPTIONS(options, defaults),
    .most_words = 1,
    .run = run,
};
