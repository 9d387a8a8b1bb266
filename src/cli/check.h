/* check.h - what `check` looks at: one line each, ok or what to do.
 *
 * The parts (file, outbox, Intercom) add their lines to a report; the command
 * prints it. The main thread. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "outbox/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum check_level {
    CHECK_OK,
    CHECK_NOTE,        /* works; worth knowing, or doing */
    CHECK_DATA,        /* to be mended in the data */
    CHECK_ENVIRONMENT, /* to be mended around it: file, network, token */
};

enum { CHECK_MOST_LINES = 32, CHECK_TEXT_BYTES = 320 };

struct check_line {
    const char *name; /* constant: "journal" */
    enum check_level level;
    char text[CHECK_TEXT_BYTES]; /* how it is */
    char todo[CHECK_TEXT_BYTES]; /* "" if nothing */
};

struct check_report {
    struct check_line lines[CHECK_MOST_LINES];
    size_t count;
};

/* Add a line. todo NULL: nothing to do. */
void check_add(struct check_report *report, const char *name,
               enum check_level level, const char *todo, const char *format,
               ...) __attribute__((format(printf, 5, 6)));

/* The file from outside: there, whose it is, on what file system; nothing is
 * opened. */
void check_file(struct check_report *report, const char *database);

/* The outbox in it: journal, log, integrity, counters, and what the relay does.
 * Mends counters and deliveries that are missing, if the store may be written
 * to. deep: indexes, too, and as long as it takes. */
void check_outbox(struct check_report *report, struct store *store,
                  bool can_write, bool deep);

/* The names sent to Intercom. */
void check_names(struct check_report *report, struct store *store);

struct check_intercom_options {
    const char *api_url;
    const char *token_file; /* NULL: as token_read() finds it */
    int64_t timeout_ms;
    bool insecure_http;
};

/* The way to Intercom: proxy, token, attributes, and its clock. False: there
 * was no clock to compare with. */
bool check_intercom(struct check_report *report,
                    const struct check_intercom_options *options);

/* This machine's clock without anybody to compare it with. */
void check_clock_alone(struct check_report *report, struct store *store);

#endif
