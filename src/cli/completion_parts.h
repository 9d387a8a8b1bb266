/* completion_parts.h - what the scripts of all shells offer, and one writer for
 * each shell. */
#ifndef CLI_COMPLETION_PARTS_H
#define CLI_COMPLETION_PARTS_H

#include "base/buf.h"
#include "cli/command.h"

#include <stdbool.h>

/* What a command's words are. */
enum completion_words {
    COMPLETION_NONE,
    COMPLETION_FILES,
    COMPLETION_COMMANDS,
    COMPLETION_NAMES,
    COMPLETION_FILTER
};

enum completion_words completion_parts_words(const struct command *command);

bool completion_parts_takes_file(const struct options_row *row);

/* Add lists of words with a blank between them. Nothing for NONE and FILES. */
void completion_parts_add_commands(struct buf *out);
void completion_parts_add_words(enum completion_words words, struct buf *out);
void completion_parts_add_choices(const struct options_row *row,
                                  struct buf *out);

/* Text within single quotes, each character of special with a backslash. */
void completion_parts_add_quoted(const char *text, const char *special,
                                 const char *quote, struct buf *out);

/* Call it for every option of the command (NULL: of none), its own first. */
typedef void completion_option(const struct command *command,
                               const struct options_row *row, struct buf *out);
void completion_parts_each_option(const struct command *command,
                                  completion_option *call, struct buf *out);

/* Add the whole script. */
void completion_parts_write_bash(struct buf *out);
void completion_parts_write_zsh(struct buf *out);
void completion_parts_write_fish(struct buf *out);

#endif
