/* body.h - bodies of one delivery in full: what was sent, what came back, the
 * webhook; to read, to search, to write to a file. */
#ifndef TUI_BODY_H
#define TUI_BODY_H

#include "base/buf.h"
#include "tui/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct body_part {
    char title[80];
    char *bytes; /* owned */
    size_t length;
};

/* A line as it is shown: bytes of shown. */
struct body_line {
    size_t at, length;
};

struct body {
    int64_t id;              /* of the delivery */
    struct body_part *parts; /* owned */
    int part_count, part;
    bool is_indented; /* shown is; else it is the bytes themselves */
    struct buf shown;
    struct body_line *lines; /* owned */
    int line_count;
    int columns; /* that the lines were made for; 0: they were not */
    int top;
    char search[200]; /* "": none */
    int found;        /* the line of the match that was gone to; -1: none */
};

extern const struct view body_view;

/* Show the bodies of the delivery that is shown (model->delivery), those of the
 * attempt under the cursor first; q comes back. */
void body_open(struct model *model);

/* Ask for a file to write the body to. */
void body_ask_file(struct model *model);

#endif
