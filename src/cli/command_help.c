#include "cli/command.h"

#include "cli/help.h"
#include "cli/output.h"

#include <unistd.h>

static enum command_exit run(const struct command_call *call)
{
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
    if (about == NULL)
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
    .details = "The same as `subrelay --help` and `subrelay COMMAND --help`.",
    .examples = "  subrelay help run\n",
    .most_words = 1,
    .run = run,
};
