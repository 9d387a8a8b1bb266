#include "tui/console.h"

#include "base/clock.h"
#include "base/text.h"
#include "outbox/store.h"
#include "tui/canvas.h"
#include "tui/frame.h"
#include "tui/job.h"
#include "tui/model.h"
#include "tui/term.h"
#include "tui/update.h"
#include "tui/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    BUSY_MS = 100,       /* one wait for the file: keys wait as long */
    LOOK_MS = 100,       /* how often to see whether the database changed */
    TICK_MS = 1000,      /* ages move on */
    LEAST_LOAD_MS = 200, /* between two loads that no key asked for … */
    LOAD_SHARE = 10,     /* … and so many times as long as its work takes */
    MOST_LOAD_MS = 5000, /* what is not in the database, such as the lock */
    WORK_MS = 15,        /* of longer work between two looks at the keys */
    AGAIN_MS = 200,      /* what was refused because the file is busy */
};

struct console {
    const struct console_options *options;
    struct model model;
    struct store *store;
    struct terminal *term;
    struct canvas canvas;
    bool is_changed; /* the database, since the last load */
    bool is_dirty;   /* the screen is older than the model */
    bool has_work;
    bool relay_ended;
    int64_t look_ms, tick_ms, load_ms, again_ms; /* when next; monotonic */
    int64_t loaded_ms;
    int64_t spent_ms; /* on reading since the load began */
};

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

/* --- reading ------------------------------------------------------------- */

static void load(struct console *console)
{
    struct model *model = &console->model;
    struct err err;
    int64_t began_ms = now_ms();
    bool changed;
    if (!model->is_frozen)
        model->now_ms = clock_wall_ms(clock_system());
    /* What is read below is at least as new as this; if it fails, so does what
     * is below. */
    (void)!store_changed(console->store, &changed, &err);
    worker_load(model, console->store);
    console->loaded_ms = now_ms();
    console->load_ms = console->loaded_ms + LEAST_LOAD_MS;
    console->spent_ms = console->loaded_ms - began_ms;
    console->is_changed = false;
    console->is_dirty = true;
    console->has_work = true;
}

/* See whether others have written; a read that fails is told by load(). */
static void look(struct console *console)
{
    struct err err;
    bool changed = true;
    int64_t now = now_ms();
    if (now < console->look_ms)
        return;
    console->look_ms = now + LOOK_MS;
    if (store_changed(console->store, &changed, &err) && !changed)
        changed = now - console->loaded_ms >= MOST_LOAD_MS;
    console->is_changed = console->is_changed || changed;
}

static void load_if_due(struct console *console)
{
    bool is_due = console->is_changed && !console->model.is_frozen &&
                  now_ms() >= console->load_ms;
    if (console->model.wants_load || is_due)
        load(console);
}

/* --- longer work --------------------------------------------------------- */

static void run_order(struct console *console)
{
    struct model *model = &console->model;
    if (model->order == NULL || now_ms() < console->again_ms)
        return;
    console->is_dirty = true;
    if (!worker_run_order(model, console->store))
        console->again_ms = now_ms() + AGAIN_MS;
}

/* True: more of it is left. */
static bool work_once(struct console *console)
{
    bool more = false;
    if (!worker_step(&console->model, console->store, &more))
        console->again_ms = now_ms() + AGAIN_MS;
    console->is_dirty = true;
    return more;
}

/* While others write, reading what they wrote takes a small share of a
 * processor: the next load waits for as long as this one's work calls for. */
static void put_next_load_off(struct console *console)
{
    int64_t pause_ms = LOAD_SHARE * console->spent_ms;
    int64_t next_ms =
        now_ms() + (pause_ms < MOST_LOAD_MS ? pause_ms : MOST_LOAD_MS);
    if (next_ms > console->load_ms)
        console->load_ms = next_ms;
    console->spent_ms = 0;
}

static void work(struct console *console)
{
    run_order(console);
    load_if_due(console);
    int64_t began_ms = now_ms();
    while (console->has_work && now_ms() >= console->again_ms &&
           now_ms() - began_ms < WORK_MS) {
        console->has_work = work_once(console);
        load_if_due(console);
        if (job_pause_ms(&console->model) > 0)
            break;
    }
    console->spent_ms += now_ms() - began_ms;
    if (!console->has_work)
        put_next_load_off(console);
}

/* --- keys and signals ---------------------------------------------------- */

static void resize(struct console *console)
{
    int columns, lines;
    term_size(console->term, &columns, &lines);
    if (columns == console->canvas.columns && lines == console->canvas.lines)
        return;
    canvas_free(&console->canvas);
    canvas_init(&console->canvas, columns, lines);
    update_size(&console->model, columns, lines);
}

static void take_keys(struct console *console)
{
    struct term_key key;
    while (!console->model.wants_quit && term_read_key(console->term, &key)) {
        if (key.is_resize) {
            resize(console);
        } else {
            console->model.mouse_line = key.line;
            console->model.mouse_column = key.column;
            update_key(&console->model, key.code);
        }
        console->is_dirty = true;
        console->has_work = true;
        /* Each key acts on what the ones before have read. */
        work(console);
    }
}

/* Ctrl-C cancels what is asked; nothing asked, it quits. */
static void take_signal(struct console *console)
{
    struct signalfd_siginfo came;
    struct model *model = &console->model;
    if (read(console->options->signal_descriptor, &came, sizeof(came)) !=
        (ssize_t)sizeof(came))
        return;
    if (came.ssi_signo == SIGINT &&
        (model->prompt.is_open || job_has_keys(model)))
        update_key(model, KEYS_ESCAPE);
    else
        model->wants_quit = true;
    console->is_dirty = true;
    console->has_work = true;
}

static void take_relay_end(struct console *console)
{
    console->relay_ended = true;
    model_refuse(&console->model, "The relay of this console has ended; what "
                                  "it said is in the log.");
    console->model.wants_load = true;
}

/* Wait for what comes next. False: the terminal is gone. */
static bool wait_for_news(struct console *console)
{
    struct pollfd waited[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = console->options->signal_descriptor, .events = POLLIN},
        {.fd = console->relay_ended ? -1 : console->options->relay_descriptor,
         .events = POLLIN},
    };
    bool goes_on = console->has_work && now_ms() >= console->again_ms;
    int wait = goes_on ? (int)job_pause_ms(&console->model) : LOOK_MS;
    int ready = poll(waited, sizeof(waited) / sizeof(waited[0]), wait);
    if (ready < 0)
        return errno == EINTR;
    if ((waited[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
        return false;
    if ((waited[1].revents & POLLIN) != 0)
        take_signal(console);
    if ((waited[2].revents & POLLIN) != 0)
        take_relay_end(console);
    return true;
}

/* --- the loop ------------------------------------------------------------ */

/* Its line takes one of the view's: a first one makes it smaller. */
static void ask_guide(struct console *console)
{
    const struct console_options *options = console->options;
    struct model *model = &console->model;
    bool was_there = model->guide != NULL;
    if (options->guide == NULL)
        return;
    model->guide = options->guide(options->guide_context, model);
    model->wants_load = model->wants_load || !was_there;
}

static void show(struct console *console)
{
    struct model *model = &console->model;
    int64_t now = now_ms();
    if (now >= console->tick_ms) {
        console->tick_ms = now + TICK_MS;
        console->is_dirty = true;
    }
    if (model->wants_suspend) {
        model->wants_suspend = false;
        term_suspend(console->term);
        model->wants_redraw = true;
    }
    if (model->wants_redraw) {
        model->wants_redraw = false;
        term_redraw(console->term);
        console->is_dirty = true;
    }
    if (!console->is_dirty)
        return;
    if (!model->is_frozen)
        model->now_ms = clock_wall_ms(clock_system());
    ask_guide(console);
    frame_draw(model, &console->canvas);
    term_show(console->term, &console->canvas);
    console->is_dirty = false;
}

static bool loop(struct console *console, struct err *err)
{
    struct model *model = &console->model;
    resize(console);
    if (console->options->note != NULL)
        model_say(model, "%s", console->options->note);
    load(console);
    show(console); /* at once; what takes longer to read comes next */
    while (!model->wants_quit) {
        look(console);
        work(console);
        show(console);
        if (!wait_for_news(console))
            return err_set(err, ERR_IO, "the terminal is gone");
        take_keys(console);
    }
    return true;
}

bool console_run(const struct console_options *options, struct err *err)
{
    struct console console = {.options = options};
    enum store_access access = options->read_only ? STORE_READ : STORE_WRITE;
    if (!store_open(options->database, access, BUSY_MS, &console.store, err))
        return false;
    if (!term_open(options->scheme, &console.term, err)) {
        store_close(console.store);
        return false;
    }
    model_init(&console.model, 1, 1);
    console.model.database = options->database;
    console.model.read_only = options->read_only;
    text_copy(console.model.who, sizeof(console.model.who), options->who);
    bool good = loop(&console, err);
    term_close(console.term);
    worker_leave(&console.model, console.store);
    canvas_free(&console.canvas);
    model_free(&console.model);
    store_close(console.store);
    return good;
}
