#include "cli/command.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/operator.h"
#include "cli/output.h"
#include "outbox/outbox.h"
#include "outbox/prune.h"
#include "outbox/space.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum { PAGE_MS = 20, NUMBER_BYTES = 32 };

enum { NOT_GIVEN = -1 };

struct settings {
    int64_t older_than_ms;
    bool dry_run;
    bool json;
};

static const struct settings defaults = {.older_than_ms = NOT_GIVEN};

static const struct options_row options[] = {
    {.name = "older-than",
     .type = OPTIONS_DURATION,
     .offset = offsetof(struct settings, older_than_ms),
     .value = "TIME",
     .minimum = 0,
     .maximum = 10000 * (24 * INT64_C(3600000)),
     .help = "what settled longer ago than this goes (like 90d)"},
    OPTIONS_FLAG_ROW("dry-run", struct settings, dry_run,
                     "tell what would go, change nothing"),
    OPTIONS_FLAG_ROW("json", struct settings, json,
                     "one JSON object; times are UTC milliseconds"),
};

/* A prune under way, and what came of it. */
struct work {
    const struct command_call *call;
    const struct settings *settings;
    struct store *store;
    struct prune prune;
    struct space before;
    struct space after;
};

static int64_t pruned(const struct prune *prune)
{
    return prune->delivered + prune->skipped + prune->discarded;
}

static void show_progress(const struct work *work, bool is_end)
{
    char line[80];
    if (!isatty(STDERR_FILENO) || pruned(&work->prune) < PRUNE_PAGE)
        return;
    int length = snprintf(
        line, sizeof(line), "\r%" PRId64 " %s, at #%" PRId64 "%s",
        pruned(&work->prune), work->settings->dry_run ? "found" : "gone",
        work->prune.after_id, is_end ? "\n" : "");
    if (length > 0)
        (void)!write(STDERR_FILENO, line, (size_t)length);
}

static bool walk(struct work *work, struct err *err)
{
    const struct clock *clock = clock_system();
    while (!work->prune.done) {
        int64_t began_ms = clock_monotonic_ms(clock);
        if (!prune_step(work->store, &work->prune, clock, err))
            return false;
        show_progress(work, work->prune.done);
        if (!work->settings->dry_run)
            operator_leave_lock_free(clock_monotonic_ms(clock) - began_ms);
    }
    return true;
}

static bool give_back(struct work *work, struct err *err)
{
    const struct clock *clock = clock_system();
    bool more = work->after.free_pages > 0 &&
                work->after.policy == SPACE_GIVEN_IN_STEPS;
    while (more) {
        int64_t began_ms = clock_monotonic_ms(clock);
        if (!space_give_back(work->store, &more, err))
            return false;
        operator_leave_lock_free(clock_monotonic_ms(clock) - began_ms);
    }
    bool done;
    return space_empty_wal(work->store, &done, err) &&
           space_read(work->store, &work->after, err);
}

static bool carry_out(struct work *work, struct err *err)
{
    if (!space_read(work->store, &work->before, err) || !walk(work, err) ||
        !space_read(work->store, &work->after, err))
        return false;
    return work->settings->dry_run || give_back(work, err);
}

/* --- what came of it ----------------------------------------------------- */

static double megabytes(const struct space *space, int64_t pages)
{
    return (double)(pages * space->page_bytes) / 1e6;
}

static void write_space(const struct work *work, struct buf *out)
{
    const struct space *after = &work->after;
    int64_t back = work->before.pages - after->pages;
    if (back > 0)
        buf_add_format(out, "%.1f MB given back; the file has %.1f MB now\n",
                       megabytes(after, back), megabytes(after, after->pages));
    if (after->policy != SPACE_KEPT || after->free_pages == 0)
        return;
    buf_add_format(out,
                   "%.1f MB of the file's %.1f MB are free for what comes. It "
                   "does not shrink (auto_vacuum is off); VACUUM would shrink "
                   "it, and renumber rows of tables without INTEGER PRIMARY "
                   "KEY\n",
                   megabytes(after, after->free_pages),
                   megabytes(after, after->pages));
}

static void write_page(const struct work *work, struct buf *out)
{
    const struct prune *prune = &work->prune;
    char before[TEXT_TIME_BYTES];
    char count[NUMBER_BYTES];
    text_format_time(prune->before_ms, before, sizeof(before));
    text_format_count(pruned(prune), count, sizeof(count));
    buf_add_format(out,
                   "%s %s, settled before %s: %" PRId64 " delivered, %" PRId64
                   " skipped, %" PRId64 " discarded\n",
                   count, work->settings->dry_run ? "would go" : "pruned",
                   before, prune->delivered, prune->skipped, prune->discarded);
    if (prune->failed > 0)
        buf_add_format(out,
                       "%" PRId64 " failed ones as old stay: they are never "
                       "pruned; retry or discard them\n",
                       prune->failed);
    if (!work->settings->dry_run)
        write_space(work, out);
}

static void write_json(const struct work *work, struct buf *out)
{
    static const char *const policies[] = {
        [SPACE_KEPT] = "none",
        [SPACE_GIVEN_AT_ONCE] = "full",
        [SPACE_GIVEN_IN_STEPS] = "incremental",
    };
    const struct prune *prune = &work->prune;
    const struct space *after = &work->after;
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    json_key_int64(&json, "before_ms", prune->before_ms);
    json_key_bool(&json, "dry_run", work->settings->dry_run);
    json_key_int64(&json, "delivered", prune->delivered);
    json_key_int64(&json, "skipped", prune->skipped);
    json_key_int64(&json, "discarded", prune->discarded);
    json_key_int64(&json, "failed_left", prune->failed);
    json_key_text(&json, "auto_vacuum", policies[after->policy]);
    json_key_int64(&json, "bytes_given_back",
                   (work->before.pages - after->pages) * after->page_bytes);
    json_key_int64(&json, "bytes", after->pages * after->page_bytes);
    json_key_int64(&json, "bytes_free", after->free_pages * after->page_bytes);
    json_close(&json);
    buf_add_byte(out, '\n');
}

static enum command_exit tell(const struct work *work)
{
    struct output output;
    output_init(&output, STDOUT_FILENO);
    if (work->settings->json)
        write_json(work, &output.text);
    else
        write_page(work, &output.text);
    return command_finish(work->call, &output, EXIT_DONE);
}

static enum command_exit run(const struct command_call *call)
{
    struct work work = {.call = call, .settings = call->settings};
    char words[NUMBER_BYTES + 16];
    char age[NUMBER_BYTES];
    struct err err;
    if (work.settings->older_than_ms == NOT_GIVEN)
        return command_fail_text(call, EXIT_USAGE,
                                 "--older-than is missing: how long to keep "
                                 "what is settled, like 90d");
    if (!store_open(call->database,
                    work.settings->dry_run ? STORE_READ : STORE_WRITE,
                    OPERATOR_BUSY_MS, &work.store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    text_format_duration(work.settings->older_than_ms, age, sizeof(age));
    (void)snprintf(words, sizeof(words), "older than %s", age);
    int64_t now_ms = clock_wall_ms(clock_system());
    work.prune = (struct prune){
        .now_ms = now_ms,
        .before_ms = now_ms - work.settings->older_than_ms,
        .page_ms = PAGE_MS,
        .who = operator_name(),
        .words = words,
        .dry_run = work.settings->dry_run,
    };
    bool good = carry_out(&work, &err);
    store_close(work.store);
    return good ? tell(&work) : command_fail(call, EXIT_ENVIRONMENT, &err);
}

const struct command command_prune = {
    .name = "prune",
    .arguments = "",
    .summary = "Remove what was settled long ago",
    .details =
        "Delivered, skipped and discarded deliveries that settled before the "
        "given time leave the outbox, with their events, attempts and calls. "
        "What failed stays, and so does what is pending. The ids of the events "
        "stay for 400 days, so that a repeat is still known as one. The work "
        "is done in short pages: producers and the relay go on beside it, and "
        "if it is killed, what is gone is gone.\n\n"
        "`subrelay run --keep` does the same by itself. This cannot be undone; "
        "--dry-run tells first what would go. Room goes back to the file "
        "system where the file's auto_vacuum is incremental (`subrelay init` "
        "sets it in a new file); elsewhere it is used again for what comes.",
    .examples = "  subrelay prune --older-than 90d --dry-run\n"
                "  subrelay -d app.db prune --older-than 90d\n",
    COMMAND_OPTIONS(options, defaults),
    .uses_database = true,
    .run = run,
};
