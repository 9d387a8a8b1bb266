#include "tui/prompt.h"

#include "base/text.h"
#include "tui/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_BYTES = 1000 };

void prompt_init(struct prompt *prompt)
{
    *prompt = (struct prompt){.is_open = false};
    for (int i = 0; i < PROMPT_COUNT; i++)
        line_editor_init(&prompt->editors[i], MOST_BYTES);
}

void prompt_free(struct prompt *prompt)
{
    for (int i = 0; i < PROMPT_COUNT; i++)
        line_editor_free(&prompt->editors[i]);
}

void prompt_open(struct prompt *prompt, enum prompt_kind kind,
                 const char *label, const char *text, prompt_answer *answer)
{
    prompt->is_open = true;
    prompt->kind = kind;
    prompt->refusal[0] = '\0';
    prompt->is_in_view = false;
    prompt->hint = NULL;
    prompt->answer = answer;
    prompt->changed = NULL;
    prompt->cancelled = NULL;
    text_copy(prompt->label, sizeof(prompt->label), label);
    line_editor_set(&prompt->editors[kind], text);
}

bool prompt_refuse(struct prompt *prompt, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(prompt->refusal, sizeof(prompt->refusal), format,
                    arguments);
    va_end(arguments);
    return false;
}

void prompt_close(struct prompt *prompt)
{
    prompt->is_open = false;
}

const char *prompt_text(const struct prompt *prompt)
{
    return line_editor_text(&prompt->editors[prompt->kind]);
}

/* --- keys ---------------------------------------------------------------- */

static void answer(struct model *model)
{
    struct prompt *prompt = &model->prompt;
    struct line_editor *editor = &prompt->editors[prompt->kind];
    prompt->refusal[0] = '\0';
    /* The answer may open another question: close this one before. */
    prompt->is_open = false;
    if (prompt->answer(model, line_editor_text(editor)))
        line_editor_remember(editor);
    else
        prompt->is_open = true;
}

static void cancel(struct model *model)
{
    struct prompt *prompt = &model->prompt;
    prompt->is_open = false;
    if (prompt->cancelled != NULL)
        prompt->cancelled(model);
}

static bool edit(struct line_editor *editor, uint32_t code)
{
    static const struct {
        uint32_t code;
        enum line_edit edit;
    } edits[] = {
        {KEYS_LEFT, LINE_LEFT},
        {KEYS_RIGHT, LINE_RIGHT},
        {KEYS_HOME, LINE_HOME},
        {KEYS_END, LINE_END},
        {KEYS_BACKSPACE, LINE_BACKSPACE},
        {KEYS_DELETE, LINE_DELETE},
        {KEYS_UP, LINE_OLDER},
        {KEYS_DOWN, LINE_NEWER},
    };
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        if (edits[i].code == code) {
            line_editor_edit(editor, edits[i].edit);
            return true;
        }
    }
    return code < KEYS_FIRST_NAMED && line_editor_type(editor, code);
}

void prompt_update(struct model *model, uint32_t code)
{
    struct prompt *prompt = &model->prompt;
    if (code == KEYS_ENTER || code == '\n') {
        answer(model);
    } else if (code == KEYS_ESCAPE || code == KEYS_CTRL('c')) {
        cancel(model);
    } else if (edit(&prompt->editors[prompt->kind], code)) {
        prompt->refusal[0] = '\0';
        if (prompt->changed != NULL)
            prompt->changed(model);
    }
}

/* --- on the screen ------------------------------------------------------- */

void prompt_draw(const struct prompt *prompt, struct canvas *canvas, int line,
                 int column, int width)
{
    struct line_window window;
    int label =
        canvas_put(canvas, line, column, width, ROLE_HEADING, prompt->label);
    int room = width - label - 1;
    if (room <= 1)
        return;
    line_editor_look(&prompt->editors[prompt->kind], room, &window);
    canvas_fill(canvas, line, column + label, room, ROLE_INPUT);
    (void)canvas_put_bytes(canvas, line, column + label, room, ROLE_INPUT,
                           window.text, window.length);
    canvas_set_cursor(canvas, line, column + label + window.cursor);
}
