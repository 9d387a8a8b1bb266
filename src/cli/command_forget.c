#include "cli/command.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/operator.h"
#include "cli/output.h"
#include "outbox/forget.h"
#include "outbox/wipe.h"

#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum {
    LOOK_AGAIN_MS = 100,
    MOST_WAIT_MS = 120 * 1000, /* for what is being sent, and for readers */
};

struct settings {
    bool dry_run;
    bool yes;
    bool json;
};

static const struct settings defaults;

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("dry-run", struct settings, dry_run,
                     "tell what would be erased, change nothing"),
    OPTIONS_FLAG_ROW("yes", struct settings, yes, "do it without asking"),
    OPTIONS_FLAG_ROW("json", struct settings, json, "one JSON object"),
};

struct work {
    const struct command_call *call;
    const struct settings *settings;
    struct store *store;
    struct forget forget;
    struct wipe wipe;
};

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

/* --- looking ------------------------------------------------------------- */

static bool look(struct work *work, struct err *err)
{
    struct forget *forget = &work->forget;
    int64_t shown_ms = now_ms();
    bool has_shown = false;
    if (!forget_begin(work->store, forget, err))
        return false;
    while (!forget->has_looked) {
        if (!forget_look(work->store, forget, err))
            return false;
        if (!isatty(STDERR_FILENO) || now_ms() - shown_ms < LOOK_AGAIN_MS)
            continue;
        shown_ms = now_ms();
        has_shown = true;
        (void)fprintf(stderr, "\rlooking: event %" PRId64 " of %" PRId64,
                      forget->looked_id, forget->newest_id);
    }
    if (has_shown)
        (void)fprintf(stderr, "\n");
    return true;
}

static int64_t to_erase(const struct forget *forget)
{
    return forget->found + (int64_t)forget->loose_count;
}

static void write_others(const struct forget *forget, struct buf *out)
{
    int64_t told = forget->other_count < FORGET_MOST_OTHERS
                       ? forget->other_count
                       : FORGET_MOST_OTHERS;
    if (told == 0)
        return;
    buf_add_format(out, "%8" PRId64 " events of other users name it and stay:",
                   forget->other_count);
    for (int64_t i = 0; i < told; i++)
        buf_add_format(out, " #%" PRId64, forget->others[i]);
    buf_add_text(out, told < forget->other_count ? " …\n" : "\n");
    buf_add_text(out, "         where that is the same person, forget those "
                      "ids, too\n");
}

static void write_plan(const struct forget *forget, struct buf *out)
{
    buf_add_format(out, "%8" PRId64 " deliveries", forget->found);
    for (size_t i = 0; i < forget->state_count; i++)
        buf_add_format(out, "%s%" PRId64 " %s", i == 0 ? ": " : ", ",
                       forget->states[i].count, forget->states[i].state);
    buf_add_format(out, "\n%8" PRId64 " attempts with their calls\n",
                   forget->attempts);
    if (forget->loose_count > 0)
        buf_add_format(out, "%8zu events without a user that name it\n",
                       forget->loose_count);
    write_others(forget, out);
}

static void write_json(const struct work *work, struct buf *out)
{
    const struct forget *forget = &work->forget;
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    json_key_bool(&json, "dry_run", work->settings->dry_run);
    json_key(&json, "deliveries");
    json_open_object(&json);
    for (size_t i = 0; i < forget->state_count; i++)
        json_key_int64(&json, forget->states[i].state, forget->states[i].count);
    json_close(&json);
    json_key_int64(&json, "attempts", forget->attempts);
    json_key_int64(&json, "named_without_user", (int64_t)forget->loose_count);
    json_key_int64(&json, "named_by_others", forget->other_count);
    json_close(&json);
    buf_add_byte(out, '\n');
}

static bool show_plan(const struct work *work, struct err *err)
{
    struct output output;
    output_init(&output, STDOUT_FILENO);
    if (work->settings->json)
        write_json(work, &output.text);
    else
        write_plan(&work->forget, &output.text);
    return output_finish(&output, err);
}

/* --- asked for, carried out ---------------------------------------------- */

static bool is_unknown(const struct forget *forget)
{
    return to_erase(forget) == 0 && !forget->is_known;
}

/* Whether it may start; *code says how to end if not. Where no row is left of
 * the user, those that were deleted before may have left something. */
static bool may_start(const struct work *work, enum command_exit *code)
{
    int64_t count = to_erase(&work->forget);
    *code = EXIT_DATA;
    if (is_unknown(&work->forget)) {
        command_say("Nothing of this user is here.");
        bool starts = work->settings->yes && !work->settings->dry_run;
        if (!starts && work->forget.unfinished_id != 0)
            command_say("Operation %" PRId64 " was interrupted before what it "
                        "erased was overwritten: add --yes to do that.",
                        work->forget.unfinished_id);
        return starts;
    }
    *code = EXIT_DONE;
    if (work->settings->dry_run)
        return false;
    if (work->settings->yes)
        return true;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        command_say("subrelay forget: this cannot be undone: add --yes to do "
                    "it");
        *code = EXIT_USAGE;
        return false;
    }
    *code = EXIT_DATA;
    if (operator_types(count, NULL))
        return true;
    command_say("Cancelled; nothing is changed.");
    return false;
}

/* Page after page; what is being sent is waited for. */
static bool erase(struct work *work, struct err *err)
{
    struct forget *forget = &work->forget;
    int64_t until_ms = now_ms() + MOST_WAIT_MS;
    int64_t told_id = 0;
    while (!forget->done) {
        int64_t erased = forget->erased;
        int64_t began_ms = now_ms();
        if (!forget_step(work->store, forget, err))
            return false;
        operator_leave_lock_free(now_ms() - began_ms);
        if (forget->erased > erased || forget->sending_id == 0)
            continue;
        if (now_ms() > until_ms)
            return err_set(err, ERR_STOPPED,
                           "#%" PRId64 " is still being sent; the rest is "
                           "erased; run it again when that has ended",
                           forget->sending_id);
        if (told_id != forget->sending_id)
            command_say("Waiting for #%" PRId64 ", which is being sent.",
                        forget->sending_id);
        told_id = forget->sending_id;
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
    return true;
}

static void show_wiping(const struct wipe *wipe)
{
    if (isatty(STDERR_FILENO) && wipe->count > 0)
        (void)fprintf(stderr, "\roverwriting: page %zu of %zu%s", wipe->at,
                      wipe->count, wipe->done ? "\n" : "");
}

/* What deleted rows left in the file, and the log has of them until nobody
 * reads it any more. */
static bool wipe(struct work *work, struct err *err)
{
    int64_t until_ms = now_ms() + MOST_WAIT_MS;
    while (!work->wipe.done) {
        int64_t began_ms = now_ms();
        if (!wipe_step(&work->wipe, err))
            return false;
        int64_t ended_ms = now_ms();
        if (!work->wipe.is_blocked) {
            until_ms = ended_ms + MOST_WAIT_MS;
            show_wiping(&work->wipe);
            if (work->wipe.has_locked)
                operator_leave_lock_free(ended_ms - began_ms);
            continue;
        }
        if (ended_ms > until_ms)
            return err_set(err, ERR_STOPPED,
                           "erased, but not overwritten: another process reads "
                           "the database all the time, and its -wal file still "
                           "has copies: end that, and run it again");
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
    return forget_end(work->store, work->forget.now_ms, err);
}

static enum command_exit tell_end(const struct forget *forget)
{
    if (is_unknown(forget)) {
        command_say("What deleted rows had left in the file is overwritten.");
        return forget->unfinished_id != 0 ? EXIT_DONE : EXIT_DATA;
    }
    command_say("Erased %" PRId64 " deliveries with all that the outbox had of "
                "them (operation %" PRId64 ").",
                forget->erased, forget->operation_id);
    command_say("What stays: the ids of the events, for 400 days, so that "
                "repeats stay repeats; backups made before; and what Intercom "
                "has: delete the contact there. New events of this user will "
                "be delivered again.");
    return EXIT_DONE;
}

static enum command_exit carry_out(struct work *work)
{
    struct err err;
    bool has_rows = !is_unknown(&work->forget);
    if (!wipe_begin(&work->wipe, work->store, &err) ||
        (has_rows && !erase(work, &err)) || !wipe(work, &err))
        return command_fail(
            work->call, err.code == ERR_STOPPED ? EXIT_DATA : EXIT_ENVIRONMENT,
            &err);
    return tell_end(&work->forget);
}

static enum command_exit look_and_do(struct work *work)
{
    enum command_exit code;
    struct err err;
    if (!look(work, &err) || !show_plan(work, &err))
        return command_fail(work->call, EXIT_ENVIRONMENT, &err);
    if (!may_start(work, &code))
        return code;
    return carry_out(work);
}

static enum command_exit run(const struct command_call *call)
{
    struct work work = {.call = call, .settings = call->settings};
    struct err err;
    if (*call->words[0] == '\0')
        return command_fail_text(call, EXIT_USAGE, "the user id is empty");
    if (!store_open(call->database, STORE_WRITE, OPERATOR_BUSY_MS, &work.store,
                    &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    work.forget = (struct forget){
        .user = call->words[0],
        .who = operator_name(),
        .now_ms = clock_wall_ms(clock_system()),
    };
    enum command_exit code = look_and_do(&work);
    wipe_free(&work.wipe);
    forget_free(&work.forget);
    store_close(work.store);
    return code;
}

const struct command command_forget = {
    .name = "forget",
    .arguments = "USER",
    .summary = "Erase all that the outbox has of one user",
    .details =
        "USER is the app_user_id. Events, deliveries, attempts, calls, what is "
        "known of the contact, and the id in what operators typed are erased. "
        "Then what deleted rows left in the file's pages is overwritten, a "
        "few pages at a time, and the write-ahead log is emptied. What waits "
        "is never sent; what is being sent is waited for. Events without a "
        "user of their own that name the id (TRANSFER) go, too; events of "
        "other users that name it, such as an alias, are listed and stay.\n\n"
        "The operation is recorded without the user. What stays: the ids of "
        "the events, for 400 days, so that repeats stay repeats; backups; and "
        "what Intercom has. This cannot be undone; it asks on a terminal, "
        "elsewhere --yes is needed, and --dry-run only tells. If it was "
        "interrupted, run it again with --yes: it overwrites also where no "
        "row is left, and ends with 0 if that was still to be done.\n\n"
        "If a producer's own SQLite does not overwrite (PRAGMA secure_delete "
        "says 0 there, as in many that come with a language), a page that it "
        "frees may serve a table of the application, or the end of a long "
        "payload, before it is overwritten: only VACUUM clears what is left "
        "there.",
    .examples = "  subrelay forget user-1005 --dry-run\n"
                "  subrelay -d app.db forget user-1005 --yes\n",
    COMMAND_OPTIONS(options, defaults),
    .least_words = 1,
    .most_words = 1,
    .uses_database = true,
    .run = run,
};
