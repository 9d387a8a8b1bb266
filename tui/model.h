/* model.h - all that the console knows: what is shown, and what to do next.
 *
 * Keys change it (update.h), the database fills it (view.h), the frame and the
 * views draw it; none of them knows a terminal. What a key asks of the outside
 * world is noted in it (wants_…, order), and done by the loop. The main
 * thread. */
#ifndef TUI_MODEL_H
#define TUI_MODEL_H

#include "base/err.h"
#include "outbox/operation.h"
#include "outbox/views.h"
#include "tui/prompt.h"
#include "tui/view.h"
#include "tui/watch.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MODEL_MOST_BEHIND = 16,
    MODEL_LEAST_COLUMNS = 40,
    MODEL_LEAST_LINES = 10,
    MODEL_WHO_BYTES = 64,
};

enum message_kind { MESSAGE_NONE, MESSAGE_DONE, MESSAGE_REFUSED };

/* Something that needs the store and was asked for by a key: the loop runs it
 * once, again while the file is busy (Esc gives up). */
typedef bool model_order(struct model *model, struct store *store,
                         struct err *err);

struct overview;
struct deliveries;
struct delivery;
struct body;
struct help;
struct names_view;
struct operations;
struct items;
struct job;

struct model {
    /* given */
    const char *database; /* borrowed */
    char who[MODEL_WHO_BYTES];
    bool read_only;
    int columns, lines;
    int64_t now_ms; /* UTC; of what is drawn next */
    /* read */
    struct view_status status; /* valid if has_status; whole on Overview, else
                                  view_read_sending() */
    bool has_status;
    bool is_status_whole;
    struct view_minutes minutes;
    struct watch watch;                            /* what line 23 tells of */
    char trouble[sizeof(((struct err *)0)->text)]; /* of the last read; "": none
                                                    */
    /* where we are */
    enum screen screen;
    enum screen behind[MODEL_MOST_BEHIND]; /* where q and Esc lead back to */
    int depth;
    bool is_frozen;
    int mouse_line, mouse_column; /* with ACTION_CLICK */
    const char *guide; /* the line that leads through a demo; NULL: none */
    /* said */
    enum message_kind message_kind;
    char message[256];
    struct prompt prompt;
    /* asked of the loop */
    bool wants_load;
    bool wants_quit;
    bool wants_suspend;
    bool wants_redraw;
    model_order *order; /* NULL: none */
    struct job *job;    /* an operation that is planned or under way; job.h */
    int starts;         /* of operations so far */
    /* the views' own; owned */
    struct overview *overview;
    struct deliveries *deliveries;
    struct delivery *delivery;
    struct body *body;
    struct help *help;
    struct names_view *names;
    struct operations *operations;
    struct items *items;
};

void model_init(struct model *model, int columns, int lines);
void model_free(struct model *model);

/* Say something in line 23 until the next key: what was done, or why not. */
void model_say(struct model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void model_refuse(struct model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Go to a screen that lies on this one: q and Esc come back. */
void model_open(struct model *model, enum screen screen);
/* Go to one of the four, with nothing behind it. */
void model_switch(struct model *model, enum screen screen);
/* Come back from model_open(). False: nothing is behind. */
bool model_back(struct model *model);

/* The tab that is lit: the nearest of the four, this one or one behind. */
enum screen model_tab(const struct model *model);

/* Delivered in a minute: this one has only begun, so the one before counts if
 * it is more. */
int64_t model_rate(const int64_t *figures);

/* A request for operations, by whoever runs the console, now. */
struct operation_request model_request(const struct model *model,
                                       const char *action);

#endif
