#include "cli/command.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/operator.h"
#include "cli/output.h"
#include "outbox/forget.h"
#include "outbox/space.h"

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
    bool wal_is_empty;
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

/* Whether it may start; *code says how to end if not. */
static bool may_start(const struct work *work, enum command_exit *code)
{
    int64_t count = to_erase(&work->forget);
    *code = EXIT_DATA;
    if (count == 0 && !work->forget.is_known) {
        command_say("Nothing of this user is here.");
        return false;
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

/* The log still has pages as they were, until nobody reads them any more. */
static bool empty_wal(struct work *work, struct err *err)
{
    int64_t until_ms = now_ms() + MOST_WAIT_MS;
    for (;;) {
        if (!space_empty_wal(work->store, &work->wal_is_empty, err))
            return false;
        if (work->wal_is_empty)
            return true;
        if (now_ms() > until_ms)
            return err_set(err, ERR_STOPPED,
                           "erased; but another process reads the database "
                           "all the time, and its -wal file still has copies: "
                           "end that, and run it again");
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
}

static enum command_exit carry_out(struct work *work)
{
    struct err err;
    if (!erase(work, &err) || !empty_wal(work, &err))
        return command_fail(
            work->call, err.code == ERR_STOPPED ? EXIT_DATA : EXIT_ENVIRONMENT,
            &err);
    command_say("Erased %" PRId64 " deliveries with all that the outbox had of "
                "them (operation %" PRId64 ").",
                work->forget.erased, work->forget.operation_id);
    command_say("What stays: the ids of the events, for 400 days, so that "
                "repeats stay repeats; backups made before; and what Intercom "
                "has: delete the contact there. New events of this user will "
                "be delivered again.");
    return EXIT_DONE;
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
        "known of the contact, and the id in what operators typed are "
        "overwritten in the file, and the write-ahead log is emptied. What "
        "waits is never sent; what is being sent is waited for. Events without "
        "a user of their own that name the id (TRANSFER) go, too; events of "
        "other users that name it, such as an alias, are listed and stay.\n\n"
        "The operation is recorded without the user. What stays: the ids of "
        "the events, for 400 days, so that repeats stay repeats; backups; and "
        "what Intercom has. This cannot be undone; it asks on a terminal, "
        "elsewhere --yes is needed, and --dry-run only tells.\n\n"
        "If a producer's own SQLite does not overwrite (PRAGMA secure_delete "
        "says 0 there, as in many that come with a language), unused parts of "
        "pages can have copies of rows of the file's first pages; only VACUUM "
        "clears those.",
    .examples = "  subrelay forget user-1005 --dry-run\n"
                "  subrelay -d app.db forget user-1005 --yes\n",
    COMMAND_OPTIONS(options, defaults),
    .least_words = 1,
    .most_words = 1,
    .uses_database = true,
    .run = run,
};
