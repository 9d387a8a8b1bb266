#include "cli/command.h"

#include "base/clock.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "outbox/backup.h"

#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum { BUSY_MS = 10000, SHOW_EVERY_MS = 200 };

struct settings {
    bool replace;
};

static const struct settings defaults;

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("replace", struct settings, replace,
                     "put the copy in the place of a file that exists"),
};

struct watch {
    int signals;
    int64_t shown_ms; /* monotonic; 0: nothing yet */
};

static void show(struct watch *watch, enum backup_phase phase, int64_t done,
                 int64_t all)
{
    char line[80];
    int64_t now_ms = clock_monotonic_ms(clock_system());
    bool is_end = phase == BACKUP_COPIES && done == all;
    if (!isatty(STDERR_FILENO) ||
        (!is_end && now_ms - watch->shown_ms < SHOW_EVERY_MS))
        return;
    watch->shown_ms = now_ms;
    int length = phase == BACKUP_COPIES
                     ? snprintf(line, sizeof(line), "\r%3" PRId64 " %% copied",
                                done * 100 / all)
                     : snprintf(line, sizeof(line), "\rcopied; checking");
    if (length > 0)
        (void)!write(STDERR_FILENO, line, (size_t)length);
}

static bool go_on(void *context, enum backup_phase phase, int64_t done,
                  int64_t all)
{
    struct watch *watch = context;
    struct pollfd signals = {.fd = watch->signals, .events = POLLIN};
    show(watch, phase, done, all);
    return poll(&signals, 1, 0) == 0;
}

static enum command_exit tell(const struct command_call *call,
                              const struct backup_report *report)
{
    struct output output;
    output_init(&output, STDOUT_FILENO);
    output_printable(&output, call->words[0]);
    buf_add_format(&output.text, ": %.1f MB, checked\n",
                   (double)report->bytes / 1e6);
    return command_finish(call, &output, EXIT_DONE);
}

static enum command_exit judge(const struct command_call *call,
                               const struct err *err)
{
    bool is_data = err->code == ERR_INVALID || err->code == ERR_STOPPED ||
                   err->code == ERR_CORRUPT;
    return command_fail(call, is_data ? EXIT_DATA : EXIT_ENVIRONMENT, err);
}

static enum command_exit run(const struct command_call *call)
{
    const struct settings *settings = call->settings;
    struct watch watch = {.signals = -1};
    const struct backup_request request = {
        .path = call->words[0],
        .replace = settings->replace,
        .go_on = go_on,
        .context = &watch,
    };
    struct backup_report report = {.bytes = 0};
    struct store *store;
    struct err err;
    if (!store_open(call->database, STORE_READ, BUSY_MS, &store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    bool made = signals_open(&watch.signals, &err) &&
                backup_make(store, &request, &report, &err);
    if (watch.shown_ms != 0)
        (void)!write(STDERR_FILENO, "\n", 1);
    store_close(store);
    if (watch.signals >= 0)
        (void)close(watch.signals);
    return made ? tell(call, &report) : judge(call, &err);
}

const struct command command_backup = {
    .name = "backup",
    .arguments = "FILE",
    .summary = "Copy the database to a file while it is in use",
    .details =
        "The copy is of one moment, whatever is committed while it is made; "
        "it holds the whole database file, your application's tables, too. It "
        "is checked (PRAGMA integrity_check) before it gets its name, has mode "
        "0600, and is there whole or not at all. With a write-ahead log nobody "
        "waits for it; with a rollback journal others wait to write while it "
        "is copied.\n\n"
        "To restore it: stop what uses the database, put the copy in its "
        "place, and remove the -wal and -shm files beside the old one. Events "
        "delivered since the backup are pending in it again; Intercom takes "
        "most repeats as one.",
    .examples = "  subrelay -d app.db backup /backups/app-$(date +%F).db\n"
                "  subrelay backup latest.db --replace\n",
    COMMAND_OPTIONS(options, defaults),
    .least_words = 1,
    .most_words = 1,
    .uses_database = true,
    .run = run,
};
