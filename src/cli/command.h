/* command.h - what a command is, and the one table of them.
 *
 * Each command_NAME.c fills one struct command; the table feeds dispatch,
 * help and usage errors. The main thread. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/err.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stddef.h>

struct output;

/* How the process ends (design, "The command line"). */
enum command_exit {
    EXIT_DONE = 0,
    EXIT_DATA = 1,        /* done in part, or not at all because of the data */
    EXIT_USAGE = 2,       /* the command line is wrong */
    EXIT_ENVIRONMENT = 3, /* file, lock, network, token */
};

/* So long a command waits for a file that others write to. What writes many
 * pages waits longer (cli/operator.h). */
enum { COMMAND_BUSY_MS = 5000 };

/* What a run of a command is given. All borrowed. */
struct command_call {
    const struct command *command;
    const char *database;   /* never NULL */
    bool database_is_given; /* by -d, not by the environment or the default */
    char **words;           /* what is left after the options */
    int word_count;
    const void *settings; /* of the command's own type */
};

struct command {
    const char *name;
    const char *arguments; /* "[FILE...]"; "" without */
    const char *summary;   /* one line, no full stop */
    const char *details;   /* each paragraph one line; lines that begin with a
                            * space stay as they are */
    const char *examples;  /* lines; "" without */
    const struct options_row *options;
    size_t option_count;
    const void *defaults; /* of the settings; NULL with settings_bytes 0 */
    size_t settings_bytes;
    int least_words, most_words; /* INT_MAX: any number */
    bool uses_database;          /* takes -d */
    bool takes_filter;           /* words as in outbox/filter.h */
    enum command_exit (*run)(const struct command_call *call);
};

/* What a struct command says of its options: a table of rows, and what the
 * settings are without any. */
#define COMMAND_OPTIONS(ROWS, DEFAULTS)                                        \
    .options = (ROWS), .option_count = sizeof(ROWS) / sizeof((ROWS)[0]),       \
    .defaults = &(DEFAULTS), .settings_bytes = sizeof(DEFAULTS)

/* All commands in the order of help; *count of them. Constant. */
const struct command *const *command_table(size_t *count);

/* The command of this name; NULL: none. */
const struct command *command_find(const char *name);

/* The options that every command takes, for help; *count of them. Constant. */
const struct options_row *command_global_options(size_t *count);

/* Run the command line of the process. */
enum command_exit command_main(int argc, char **argv);

/* Say on stderr "subrelay NAME: text" and return the code. A wrong usage also
 * points to the command's --help. */
enum command_exit command_fail(const struct command_call *call,
                               enum command_exit code, const struct err *err);

/* The same with a text. */
enum command_exit command_fail_text(const struct command_call *call,
                                    enum command_exit code, const char *format,
                                    ...) __attribute__((format(printf, 3, 4)));

/* Write the rest of what a command shows, and free it. Returns how the command
 * ends: with code, or, where writing failed, as command_fail(). */
enum command_exit command_finish(const struct command_call *call,
                                 struct output *output, enum command_exit code);

/* Say on stderr a line about what was done, control characters replaced. */
void command_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a command whose words are files of webhook bodies, and which reads the
 * standard input without any: say so where a person is to type them. */
void command_tell_input(const struct command_call *call);

extern const struct command command_backup;
extern const struct command command_check;
extern const struct command command_demo;
extern const struct command command_enqueue;
extern const struct command command_forget;
extern const struct command command_help;
extern const struct command command_init;
extern const struct command command_list;
extern const struct command command_map;
extern const struct command command_prune;
extern const struct command command_run;
extern const struct command command_sandbox;
extern const struct command command_show;
extern const struct command command_why;
extern const struct command command_status;
extern const struct command command_tui;
extern const struct command command_undo;
extern const struct command command_retry;
extern const struct command command_resume;
extern const struct command command_pause;
extern const struct command command_operations;
extern const struct command command_names;
extern const struct command command_discard;
extern const struct command command_cancel;

#endif
