/* prompt.h - a question to the operator, answered in one line.
 *
 * While one is open it takes all keys; Esc cancels it. It stands in line 23,
 * or where its view draws it. One owner, one thread. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "tui/canvas.h"
#include "tui/line_editor.h"

#include <stdbool.h>
#include <stdint.h>

struct model;

/* The answer to a question. False: it is refused, the question stays, and
 * prompt_refuse() has said why. */
typedef bool prompt_answer(struct model *model, const char *text);

/* What is asked for: one editor each, so that each has its own history. */
enum prompt_kind {
    PROMPT_FILTER,
    PROMPT_SEARCH,
    PROMPT_NUMBER, /* that confirms a plan */
    PROMPT_REASON,
    PROMPT_FILE,
    PROMPT_NAME, /* of an event */
    PROMPT_OPERATIONS_FILTER,
    PROMPT_COUNT
};

struct prompt {
    bool is_open;
    enum prompt_kind kind;
    char label[64];
    char refusal[200]; /* why the last answer was refused; "": it was not */
    bool is_in_view;   /* the view draws it; line 23 has the hint */
    const char *hint;  /* constant; NULL: none */
    prompt_answer *answer;
    void (*changed)(struct model *model);   /* NULL; after every key */
    void (*cancelled)(struct model *model); /* NULL: just close */
    struct line_editor editors[PROMPT_COUNT];
};

void prompt_init(struct prompt *prompt);
void prompt_free(struct prompt *prompt);

/* Ask. The text is what stands there at first. */
void prompt_open(struct prompt *prompt, enum prompt_kind kind,
                 const char *label, const char *text, prompt_answer *answer);
/* Refuse the answer with a reason, for a prompt_answer to return. */
bool prompt_refuse(struct prompt *prompt, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void prompt_close(struct prompt *prompt);

/* What stands there. */
const char *prompt_text(const struct prompt *prompt);

/* Take a key (keys.h). */
void prompt_update(struct model *model, uint32_t code);

/* Draw it into a field: label, text, cursor. */
void prompt_draw(const struct prompt *prompt, struct canvas *canvas, int line,
                 int column, int width);

#endif
