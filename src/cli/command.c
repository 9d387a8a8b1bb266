#include "cli/command.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/output.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 2000 };

/* In the order in which they are first needed. */
static const struct command *const commands[] = {
    &command_init,   &command_enqueue,    &command_map,    &command_run,
    &command_status, &command_list,       &command_show,   &command_why,
    &command_retry,  &command_discard,    &command_pause,  &command_resume,
    &command_names,  &command_operations, &command_undo,   &command_cancel,
    &command_prune,  &command_forget,     &command_backup, &command_check,
    &command_tui,    &command_sandbox,    &command_demo,   &command_help,
};

struct global_settings {
    const char *database; /* NULL: not given */
    bool help;
    bool version;
};

static const struct options_row global_options[] = {
    {.name = "database",
     .letter = 'd',
     .type = OPTIONS_TEXT,
     .offset = offsetof(struct global_settings, database),
     .value = "FILE",
     .help = "the database file; else $SUBRELAY_DB, else outbox.db here"},
    {.name = "help",
     .letter = 'h',
     .type = OPTIONS_FLAG,
     .offset = offsetof(struct global_settings, help),
     .help = "show this help"},
    OPTIONS_FLAG_ROW("version", struct global_settings, version,
                     "show the version"),
};

enum {
    COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]),
    GLOBAL_COUNT = sizeof(global_options) / sizeof(global_options[0]),
};

const struct command *const *command_table(size_t *count)
{
    *count = COMMAND_COUNT;
    return commands;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (text_equals(commands[i]->name, name))
            return commands[i];
    }
    return NULL;
}

const struct options_row *command_global_options(size_t *count)
{
    *count = GLOBAL_COUNT;
    return global_options;
}

static void say(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0)));

static void say(const char *format, va_list arguments)
{
    char message[LINE_BYTES];
    (void)vsnprintf(message, sizeof(message), format, arguments);
    struct buf line;
    buf_init(&line, 4 * (size_t)LINE_BYTES);
    text_add_printable(&line, message, strlen(message));
    buf_add_byte(&line, '\n');
    /* Nobody is left to tell if stderr itself is gone. */
    (void)!write(STDERR_FILENO, buf_text(&line), line.length);
    buf_free(&line);
}

void command_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void command_tell_input(const struct command_call *call)
{
    if (call->word_count == 0 && isatty(STDIN_FILENO))
        command_say("Reading webhook bodies from the terminal; Ctrl-D ends.");
}

static enum command_exit fail(const struct command_call *call,
                              enum command_exit code, const char *text)
{
    command_say("subrelay %s: %s", call->command->name, text);
    if (code == EXIT_USAGE)
        command_say("See: subrelay %s --help", call->command->name);
    return code;
}

enum command_exit command_fail(const struct command_call *call,
                               enum command_exit code, const struct err *err)
{
    return fail(call, code, err->text);
}

enum command_exit command_fail_text(const struct command_call *call,
                                    enum command_exit code, const char *format,
                                    ...)
{
    char text[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return fail(call, code, text);
}

enum command_exit command_finish(const struct command_call *call,
                                 struct output *output, enum command_exit code)
{
    struct err err;
    return output_finish(output, &err)
               ? code
               : command_fail(call, EXIT_ENVIRONMENT, &err);
}

static enum command_exit fail_usage(const struct err *err)
{
    command_say("subrelay: %s", err->text);
    command_say("See: subrelay --help");
    return EXIT_USAGE;
}

static enum command_exit finish(struct output *output)
{
    struct err err;
    if (output_finish(output, &err))
        return EXIT_DONE;
    command_say("subrelay: %s", err.text);
    return EXIT_ENVIRONMENT;
}

/* Answer --version and --help. command NULL: none was named. */
static enum command_exit answer(const struct global_settings *global,
                                const struct command *command)
{
    struct output output;
    output_init(&output, STDOUT_FILENO);
    if (global->version)
        buf_add_text(&output.text, "subrelay " SUBRELAY_VERSION "\n");
    else if (command != NULL)
        help_write_command(command, &output.text);
    else
        help_write_overview(&output.text);
    return finish(&output);
}

static const char *choose_database(const struct global_settings *global)
{
    if (global->database != NULL)
        return global->database;
    const char *from_environment = getenv("SUBRELAY_DB");
    if (from_environment != NULL && *from_environment != '\0')
        return from_environment;
    return "outbox.db";
}

static bool check_words(const struct command_call *call, struct err *err)
{
    const struct command *command = call->command;
    if (call->word_count < command->least_words)
        return err_set(err, ERR_USAGE, "%s is missing", command->arguments);
    if (call->word_count > command->most_words)
        return err_set(err, ERR_USAGE, "'%.60s' is one argument too many",
                       call->words[command->most_words]);
    return true;
}

static bool check_database(const struct command *command,
                           const struct global_settings *global,
                           struct err *err)
{
    if (global->database == NULL)
        return true;
    if (!command->uses_database)
        return err_set(err, ERR_USAGE, "-d: %s uses no database file",
                       command->name);
    if (*global->database == '\0')
        return err_set(err, ERR_USAGE, "-d: the name of the file is empty");
    return true;
}

/* Read what follows the command's name, and run it. */
static enum command_exit run(const struct command *command,
                             struct global_settings *global,
                             struct options_line *line)
{
    void *settings = mem_new(command->settings_bytes);
    if (command->settings_bytes > 0)
        memcpy(settings, command->defaults, command->settings_bytes);
    const struct options_group groups[] = {
        {command->options, command->option_count, settings},
        {global_options, GLOBAL_COUNT, global},
    };
    struct command_call call = {.command = command, .settings = settings};
    struct err err;
    enum command_exit code;
    bool parsed = options_parse(line, groups, 2, &err);
    call.words = line->argv;
    call.word_count = line->word_count;
    call.database = choose_database(global);
    call.database_is_given = global->database != NULL;
    if (parsed && (global->help || global->version))
        code = answer(global, command);
    else if (!parsed || !check_database(command, global, &err) ||
             !check_words(&call, &err))
        code = command_fail(&call, EXIT_USAGE, &err);
    else
        code = command->run(&call);
    free(settings);
    return code;
}

enum command_exit command_main(int argc, char **argv)
{
    struct global_settings global = {0};
    const struct options_group group = {global_options, GLOBAL_COUNT, &global};
    struct err err;
    assert(argc > 0);
    struct options_line line = {
        .argv = argv + 1, .argc = argc - 1, .stop_at_word = true};
    if (!options_parse(&line, &group, 1, &err))
        return fail_usage(&err);

    argv += 1 + line.used;
    argc -= 1 + line.used;
    if (argc == 0 && (global.help || global.version))
        return answer(&global, NULL);
    if (argc == 0) {
        (void)err_set(&err, ERR_USAGE, "no command");
        return fail_usage(&err);
    }
    const struct command *command = command_find(argv[0]);
    if (command == NULL) {
        (void)err_set(&err, ERR_USAGE, "no command '%.60s'", argv[0]);
        return fail_usage(&err);
    }
    line = (struct options_line){.argv = argv + 1, .argc = argc - 1};
    return run(command, &global, &line);
}
