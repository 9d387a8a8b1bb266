#include "tui/term.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/keys.h"

#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* term.h has macros of these names. */
#undef columns
#undef lines

enum {
    ESCAPE_WAIT_MS = 25, /* for the rest of a key's sequence */
    RESTORE_BYTES = 256,
    CRASH_STACK_BYTES = 64 * 1024,
    FIRST_PAIR = 1,
};

struct terminal {
    SCREEN *screen;
    enum scheme scheme;
    mmask_t mouse;
};

/* --- crashes ------------------------------------------------------------- */

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { CRASH_COUNT = sizeof(crash_signals) / sizeof(crash_signals[0]) };

/* What the handler needs; a handler has no other way to it. */
static struct {
    struct termios termios;
    char restore[RESTORE_BYTES];
    size_t length;
    struct sigaction before[CRASH_COUNT];
} crash;

/* Only what is safe in a handler: write the strings, set the modes, and die of
 * the same signal. */
static void on_crash(int number)
{
    (void)!write(STDOUT_FILENO, crash.restore, crash.length);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &crash.termios);
    for (int i = 0; i < CRASH_COUNT; i++) {
        if (crash_signals[i] == number)
            (void)sigaction(number, &crash.before[i], NULL);
    }
    (void)raise(number);
}

/* The terminal's string of this name, without its waits ("$<5>"). */
static void add_string(const char *capability)
{
    char name[16];
    text_copy(name, sizeof(name), capability);
    const char *text = tigetstr(name);
    if (text == NULL || text == (const char *)-1)
        return;
    while (*text != '\0' && crash.length < sizeof(crash.restore)) {
        const char *end =
            text_has_prefix(text, "$<") ? strchr(text, '>') : NULL;
        if (end != NULL)
            text = end + 1;
        else
            crash.restore[crash.length++] = *text++;
    }
}

static void add_text(const char *text)
{
    size_t length = strlen(text);
    if (crash.length + length <= sizeof(crash.restore)) {
        memcpy(crash.restore + crash.length, text, length);
        crash.length += length;
    }
}

static void prepare_for_crash(void)
{
    static char stack[CRASH_STACK_BYTES];
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = SA_ONSTACK | SA_NODEFER};
    (void)sigemptyset(&action.sa_mask);
    crash.length = 0;
    if (tigetstr("kmous") != NULL && tigetstr("kmous") != (char *)-1)
        add_text("\033[?1006;1000l"); /* the mouse, as ncurses asks for it */
    add_string("sgr0");
    add_string("rmkx");
    add_string("cnorm");
    add_string("rmcup");
    (void)sigaltstack(&other, NULL);
    for (int i = 0; i < CRASH_COUNT; i++)
        (void)sigaction(crash_signals[i], &action, &crash.before[i]);
}

static void forget_crash(void)
{
    for (int i = 0; i < CRASH_COUNT; i++)
        (void)sigaction(crash_signals[i], &crash.before[i], NULL);
}

/* --- opening ------------------------------------------------------------- */

/* A locale that is not installed, or none: without the widths of characters
 * nothing but ASCII could be shown. */
static void choose_locale(void)
{
    const char *chosen = setlocale(LC_CTYPE, "");
    if (chosen == NULL || text_equals(chosen, "C") ||
        text_equals(chosen, "POSIX"))
        (void)setlocale(LC_CTYPE, "C.UTF-8");
}

bool term_check(struct err *err)
{
    int found;
    const char *name = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return err_set(err, ERR_ACCESS,
                       "the console needs a terminal on stdin and stdout; "
                       "without one: subrelay status, list, show");
    if (name == NULL || *name == '\0')
        return err_set(err, ERR_ACCESS,
                       "$TERM is not set; try: TERM=xterm subrelay tui");
    if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
        return err_set(err, ERR_ACCESS,
                       "the terminal '%.60s' ($TERM) is not known here; try: "
                       "TERM=xterm subrelay tui",
                       name);
    const char *place = tigetstr("cup");
    bool can_place = place != NULL && place != (const char *)-1;
    (void)del_curterm(cur_term);
    if (!can_place)
        return err_set(err, ERR_ACCESS,
                       "the terminal '%.60s' ($TERM) cannot place its cursor; "
                       "try: TERM=xterm subrelay tui",
                       name);
    return true;
}

/* One pair of colours a role: pairs are numbered from 1. */
static void set_colours(enum scheme scheme)
{
    bool has_default = use_default_colors() == OK;
    for (int role = 0; role < ROLE_COUNT; role++) {
        const struct canvas_cell cell = {.role = (enum role)role};
        struct scheme_style style = scheme_style(scheme, &cell);
        short letters = (short)style.letters;
        short ground = (short)style.ground;
        if (!has_default && letters == COLOUR_DEFAULT)
            letters = scheme == SCHEME_LIGHT ? COLOR_BLACK : COLOR_WHITE;
        if (!has_default && ground == COLOUR_DEFAULT)
            ground = scheme == SCHEME_LIGHT ? COLOR_WHITE : COLOR_BLACK;
        (void)init_pair((short)(FIRST_PAIR + role), letters, ground);
    }
}

static void set_modes(struct terminal *term, int scheme)
{
    mmask_t before;
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)intrflush(stdscr, FALSE);
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)curs_set(0);
    if (getenv("ESCDELAY") == NULL)
        (void)set_escdelay(ESCAPE_WAIT_MS);
    (void)mouseinterval(0);
    term->mouse =
        mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, &before);
    term->scheme = scheme != TERM_SCHEME_AUTO
                       ? (enum scheme)scheme
                       : scheme_choose(has_colors(), getenv("NO_COLOR"),
                                       getenv("COLORFGBG"));
    if (!has_colors())
        term->scheme = SCHEME_MONOCHROME;
    if (term->scheme != SCHEME_MONOCHROME && start_color() == OK)
        set_colours(term->scheme);
}

bool term_open(int scheme, struct terminal **term, struct err *err)
{
    *term = NULL;
    choose_locale();
    if (!term_check(err))
        return false;
    (void)tcgetattr(STDIN_FILENO, &crash.termios);
    struct terminal *made = mem_new(sizeof(*made));
    made->screen = newterm(NULL, stdout, stdin);
    if (made->screen == NULL) {
        free(made);
        return err_set(err, ERR_ACCESS, "the terminal '%.60s' cannot be used",
                       getenv("TERM"));
    }
    prepare_for_crash();
    set_modes(made, scheme);
    *term = made;
    return true;
}

void term_close(struct terminal *term)
{
    if (term == NULL)
        return;
    (void)endwin();
    forget_crash();
    delscreen(term->screen);
    free(term);
}

/* --- showing ------------------------------------------------------------- */

void term_size(const struct terminal *term, int *columns, int *lines)
{
    (void)term;
    getmaxyx(stdscr, *lines, *columns);
}

static attr_t attributes_of(const struct scheme_style *style)
{
    return (style->is_bold ? A_BOLD : A_NORMAL) |
           (style->is_dim ? A_DIM : A_NORMAL) |
           (style->is_reverse ? A_REVERSE : A_NORMAL) |
           (style->is_underlined ? A_UNDERLINE : A_NORMAL);
}

/* Writing the last cell of the screen says ERR though it is drawn. */
static void show_cell(const struct terminal *term,
                      const struct canvas_cell *cell, int line, int column)
{
    struct scheme_style style = scheme_style(term->scheme, cell);
    wchar_t text[1 + CANVAS_MOST_MARKS + 1] = {0};
    cchar_t shown;
    short pair = term->scheme == SCHEME_MONOCHROME
                     ? (short)0
                     : (short)(FIRST_PAIR + (int)cell->role);
    for (int i = 0; i <= CANVAS_MOST_MARKS; i++)
        text[i] = cell->text[i];
    if (text[0] == L'\0') /* the right half of a wide one */
        return;
    if (setcchar(&shown, text, attributes_of(&style), pair, NULL) == OK)
        (void)mvadd_wch(line, column, &shown);
}

void term_show(struct terminal *term, const struct canvas *canvas)
{
    for (int line = 0; line < canvas->lines; line++) {
        for (int column = 0; column < canvas->columns; column++)
            show_cell(term,
                      &canvas->cells[(size_t)line * (size_t)canvas->columns +
                                     (size_t)column],
                      line, column);
    }
    bool is_hidden = canvas->cursor_line < 0;
    (void)curs_set(is_hidden ? 0 : 1);
    if (!is_hidden)
        (void)move(canvas->cursor_line, canvas->cursor_column);
    (void)refresh();
}

void term_redraw(struct terminal *term)
{
    (void)term;
    (void)clearok(stdscr, TRUE);
}

void term_suspend(struct terminal *term)
{
    (void)term;
    (void)raise(SIGTSTP);
}

/* --- keys ---------------------------------------------------------------- */

static uint32_t find_named(wint_t key)
{
    static const struct {
        wint_t key;
        uint32_t code;
    } named[] = {
        {KEY_UP, KEYS_UP},         {KEY_DOWN, KEYS_DOWN},
        {KEY_LEFT, KEYS_LEFT},     {KEY_RIGHT, KEYS_RIGHT},
        {KEY_HOME, KEYS_HOME},     {KEY_END, KEYS_END},
        {KEY_PPAGE, KEYS_PAGE_UP}, {KEY_NPAGE, KEYS_PAGE_DOWN},
        {KEY_BTAB, KEYS_BACK_TAB}, {KEY_BACKSPACE, KEYS_BACKSPACE},
        {KEY_DC, KEYS_DELETE},     {KEY_ENTER, KEYS_ENTER},
    };
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (named[i].key == key)
            return named[i].code;
    }
    return 0;
}

static bool read_mouse(struct term_key *key)
{
    MEVENT event;
    if (getmouse(&event) != OK)
        return false;
    key->line = event.y;
    key->column = event.x;
    if ((event.bstate & BUTTON4_PRESSED) != 0)
        key->code = KEYS_WHEEL_UP;
    else if ((event.bstate & BUTTON5_PRESSED) != 0)
        key->code = KEYS_WHEEL_DOWN;
    else
        key->code = KEYS_CLICK;
    return true;
}

bool term_read_key(struct terminal *term, struct term_key *key)
{
    wint_t input;
    int kind;
    (void)term;
    while ((kind = get_wch(&input)) != ERR) {
        *key = (struct term_key){.code = input};
        if (kind == OK)
            return true;
        if (input == KEY_RESIZE) {
            key->is_resize = true;
            return true;
        }
        if (input == KEY_MOUSE) {
            if (read_mouse(key))
                return true;
            continue;
        }
        key->code = find_named(input);
        if (key->code != 0)
            return true;
    }
    return false;
}
