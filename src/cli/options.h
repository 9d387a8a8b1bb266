/* options.h - reading a command line by a table into a plain struct.
 *
 * A row says what an option is called, what it takes and where in the settings
 * it goes; help, usage errors and completion read the same rows. Forms:
 * --name value, --name=value, -x value, -xvalue, flags without a value, and
 * "--" after which everything is a word. Pure; any thread. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an option takes, and the type of its field in the settings. */
enum options_type {
    OPTIONS_FLAG,     /* nothing; bool, set to true */
    OPTIONS_TEXT,     /* anything; const char *, borrowed from argv */
    OPTIONS_INTEGER,  /* minimum to maximum; int64_t */
    OPTIONS_DURATION, /* 30s, 4m, 90d; int64_t milliseconds, also in range */
    OPTIONS_CHOICE,   /* one of the choices; int, its index */
};

struct options_row {
    const char *name; /* without the dashes */
    char letter;      /* the short form; '\0': none */
    enum options_type type;
    size_t offset;              /* of the field, offsetof() */
    const char *value;          /* as help calls it: "FILE"; NULL: a flag */
    const char *help;           /* what it does, the default included */
    int64_t minimum, maximum;   /* integers and durations (ms) */
    const char *const *choices; /* ends with NULL */
};

/* The row of a flag without a short form: it sets this bool of the settings. */
#define OPTIONS_FLAG_ROW(NAME, SETTINGS, FIELD, HELP)                          \
    {                                                                          \
        .name = (NAME), .type = OPTIONS_FLAG,                                  \
        .offset = offsetof(SETTINGS, FIELD), .help = (HELP)                    \
    }

/* Rows and the struct that their offsets point into. */
struct options_group {
    const struct options_row *rows; /* borrowed */
    size_t count;
    void *settings; /* borrowed; holds the defaults */
};

struct options_line {
    char **argv; /* borrowed; words are moved to its front */
    int argc;
    /* Stop in front of the first word (the command's name). */
    bool stop_at_word;
    /* Out: the words that are not options, argv[0 … word_count-1]. */
    int word_count;
    /* Out, with stop_at_word: how many of argv have been read. */
    int used;
};

/* Read the line. The first group that has an option takes it. Fails with
 * ERR_USAGE and a text that names the word. An option given twice: the last
 * one counts. "-" alone is a word. */
MUST_CHECK bool options_parse(struct options_line *line,
                              const struct options_group *groups,
                              size_t group_count, struct err *err);

#endif
