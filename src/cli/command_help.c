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
    {.name = "man",
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct settings, man),
     .help = "the manual page subrelay(1), in mdoc"},
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
    struct err err;
    output_init(&output, STDOUT_FILENO);
    if (settings->man)
        manual_write(&output.text);
    else if (settings->shell != NO_SHELL)
        completion_write((enum completion_shell)settings->shell, &output.text);
    else if (about == NULL)
        help_write_overview(&output.text);
    else
        help_write_command(about, &output.text);
    if (!output_finish(&output, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    return EXIT_DONE;
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
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .defaults = &defaults,
    .settings_bytes = sizeof(defaults),
    .most_words = 1,
    .run = run,
};
