/* screen.h - the whole console without a terminal: keys in, screens out, on a
 * real outbox at a fixed time. */
#ifndef SUPPORT_SCREEN_H
#define SUPPORT_SCREEN_H

#include "support/outbox_fixture.h"
#include "tui/canvas.h"
#include "tui/model.h"

#include <stdbool.h>
#include <stdint.h>

/* 2026-08-24 12:03:00 UTC: now, for tests/screens/outbox.sql. */
#define SCREEN_NOW_MS INT64_C(1787572980000)

struct screen_test {
    struct fixture *fixture; /* borrowed */
    struct model model;
    struct canvas canvas;
};

/* Fill a fixture with tests/screens/outbox.sql. */
void screen_fill(const struct fixture *fixture);

/* Open the console on it, as ana, and show the first screen. */
void screen_open(struct screen_test *test, struct fixture *fixture, int columns,
                 int lines);
void screen_close(struct screen_test *test);

/* Type these characters ("\r" Enter, "\033" Esc), or a key by its code, and do
 * all the work that comes of it. */
void screen_type(struct screen_test *test, const char *keys);
void screen_press(struct screen_test *test, uint32_t code);
/* A click, lines and columns from 0. */
void screen_click(struct screen_test *test, int line, int column);
/* The window has another size. */
void screen_resize(struct screen_test *test, int columns, int lines);
/* Read the database again, as when it has changed, and work. */
void screen_refresh(struct screen_test *test);

/* Draw, and return the line as text; owned by the test, valid until the next.
 */
const char *screen_line(struct screen_test *test, int line);
/* True if the text stands somewhere on the screen. */
bool screen_has(struct screen_test *test, const char *text);

/* Fail the test with the screen if it does not. */
void screen_must_have(struct screen_test *test, const char *text);

/* Draw, and hold it against tests/screens/NAME.txt; with
 * $SUBRELAY_WRITE_SCREENS set, write that file instead. The second also holds
 * how it looks without colours: B bold, D dim, R reversed, b both, d dim and
 * reversed, U underlined.
 */
void screen_expect(struct screen_test *test, const char *name);
void screen_expect_monochrome(struct screen_test *test, const char *name);

#endif
