#include "support/screen.h"

#include "base/clock.h"
#include "base/file.h"
#include "tui/frame.h"
#include "tui/scheme.h"
#include "tui/update.h"
#include "tui/worker.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER TEST_SCREENS

enum { MOST_BYTES = 1024 * 1024, MOST_MS = 60000 };

void screen_fill(const struct fixture *fixture)
{
    struct buf sql;
    struct err err;
    buf_init(&sql, MOST_BYTES);
    assert_true(file_read(FOLDER "/outbox.sql", &sql, &err));
    fixture_run_without_triggers(fixture, buf_text(&sql));
    buf_free(&sql);
}

/* All that a key or a change asks for, to its end. */
static void settle(struct screen_test *test)
{
    struct model *model = &test->model;
    struct store *store = test->fixture->store;
    bool more = true;
    int64_t end_ms = clock_monotonic_ms(clock_system()) + MOST_MS;
    while (more) {
        assert_true(clock_monotonic_ms(clock_system()) < end_ms);
        assert_true(worker_run_order(model, store));
        if (model->wants_load)
            worker_load(model, store);
        assert_true(worker_step(model, store, &more));
        more = more || model->wants_load || model->order != NULL;
    }
}

void screen_open(struct screen_test *test, struct fixture *fixture, int columns,
                 int lines)
{
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    *test = (struct screen_test){.fixture = fixture};
    model_init(&test->model, columns, lines);
    canvas_init(&test->canvas, columns, lines);
    test->model.database = "app.db";
    test->model.now_ms = SCREEN_NOW_MS;
    (void)snprintf(test->model.who, sizeof(test->model.who), "ana");
    settle(test);
}

void screen_close(struct screen_test *test)
{
    worker_leave(&test->model, test->fixture->store);
    canvas_free(&test->canvas);
    model_free(&test->model);
}

void screen_press(struct screen_test *test, uint32_t code)
{
    update_key(&test->model, code);
    settle(test);
}

void screen_type(struct screen_test *test, const char *keys)
{
    for (; *keys != '\0'; keys++)
        screen_press(test, (unsigned char)*keys);
}

void screen_click(struct screen_test *test, int line, int column)
{
    test->model.mouse_line = line;
    test->model.mouse_column = column;
    screen_press(test, KEYS_CLICK);
}

void screen_resize(struct screen_test *test, int columns, int lines)
{
    canvas_free(&test->canvas);
    canvas_init(&test->canvas, columns, lines);
    update_size(&test->model, columns, lines);
    settle(test);
}

void screen_refresh(struct screen_test *test)
{
    test->model.wants_load = true;
    settle(test);
}

/* --- what is shown ------------------------------------------------------- */

static void draw(struct screen_test *test, struct buf *out)
{
    buf_init(out, MOST_BYTES);
    frame_draw(&test->model, &test->canvas);
    canvas_write(&test->canvas, out);
    assert_false(out->overflow);
}

const char *screen_line(struct screen_test *test, int line)
{
    static char found[4096];
    struct buf out;
    draw(test, &out);
    const char *at = buf_text(&out);
    for (int i = 0; i < line; i++)
        at = strchr(at, '\n') + 1;
    (void)snprintf(found, sizeof(found), "%.*s", (int)strcspn(at, "\n"), at);
    buf_free(&out);
    return found;
}

bool screen_has(struct screen_test *test, const char *text)
{
    struct buf out;
    draw(test, &out);
    bool has = strstr(buf_text(&out), text) != NULL;
    buf_free(&out);
    return has;
}

void screen_must_have(struct screen_test *test, const char *text)
{
    struct buf out;
    if (screen_has(test, text))
        return;
    draw(test, &out);
    fail_msg("no \"%s\" on this screen:\n%s", text, buf_text(&out));
}

/* --- golden files -------------------------------------------------------- */

static void write_file(const char *path, const struct buf *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(buf_text(text), 1, text->length, file),
                     text->length);
    assert_int_equal(fclose(file), 0);
}

static void compare(const char *name, const struct buf *shown)
{
    char path[512];
    struct buf wanted;
    struct err err;
    (void)snprintf(path, sizeof(path), FOLDER "/%s.txt", name);
    if (getenv("SUBRELAY_WRITE_SCREENS") != NULL) {
        write_file(path, shown);
        return;
    }
    buf_init(&wanted, MOST_BYTES);
    if (!file_read(path, &wanted, &err))
        fail_msg("%s", err.text);
    if (strcmp(buf_text(shown), buf_text(&wanted)) != 0)
        fail_msg("the screen is not %s:\n%s", path, buf_text(shown));
    buf_free(&wanted);
}

void screen_expect(struct screen_test *test, const char *name)
{
    struct buf out;
    draw(test, &out);
    compare(name, &out);
    buf_free(&out);
}

static char letter_of(const struct canvas_cell *cell)
{
    struct scheme_style style = scheme_style(SCHEME_MONOCHROME, cell);
    if (style.is_reverse)
        return style.is_bold ? 'b' : style.is_dim ? 'd' : 'R';
    return style.is_underlined ? 'U'
           : style.is_bold     ? 'B'
           : style.is_dim      ? 'D'
                               : ' ';
}

void screen_expect_monochrome(struct screen_test *test, const char *name)
{
    struct buf out;
    const struct canvas *canvas = &test->canvas;
    draw(test, &out);
    for (int line = 0; line < canvas->lines; line++) {
        size_t used = out.length;
        for (int column = 0; column < canvas->columns; column++)
            buf_add_byte(
                &out,
                letter_of(&canvas->cells[line * canvas->columns + column]));
        while (out.length > used && out.bytes[out.length - 1] == ' ')
            out.length--;
        buf_add_byte(&out, '\n');
    }
    compare(name, &out);
    buf_free(&out);
}
