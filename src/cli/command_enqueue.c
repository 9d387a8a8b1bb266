#include "cli/command.h"

#include "base/clock.h"
#include "cli/body_files.h"
#include "cli/output.h"
#include "outbox/outbox.h"
#include "outbox/store.h"

#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

enum {
    /* A group is one commit: large enough that its cost is shared, and short
     * enough that other producers are not kept waiting. */
    GROUP_BODIES = 100,
    GROUP_BYTES = 4 * 1024 * 1024,
    GROUP_MS = 100,
};

struct group {
    bool is_open;
    int bodies;
    size_t bytes;
    int64_t started_ms;
    int64_t enqueued;
    int64_t duplicate;
};

struct enqueue {
    const struct command_call *call;
    struct store *store;
    struct body_files *files;
    struct group group;
    int64_t enqueued; /* committed */
    int64_t duplicate;
    int64_t refused;
    bool has_unreadable;
    bool has_failed; /* err says why; nothing more can be written */
    struct err err;
};

static void fail(struct enqueue *enqueue)
{
    store_rollback(enqueue->store);
    enqueue->group = (struct group){.is_open = false};
    enqueue->has_failed = true;
}

static void commit_group(struct enqueue *enqueue)
{
    if (!enqueue->group.is_open)
        return;
    if (!store_commit(enqueue->store, &enqueue->err)) {
        fail(enqueue);
        return;
    }
    enqueue->enqueued += enqueue->group.enqueued;
    enqueue->duplicate += enqueue->group.duplicate;
    enqueue->group = (struct group){.is_open = false};
}

/* The input has nothing to read right now: what came so far must not wait for
 * the rest of it, nor other writers for us. */
static void commit_before_wait(void *context)
{
    commit_group(context);
}

static void open_group(struct enqueue *enqueue)
{
    if (enqueue->group.is_open)
        return;
    if (!store_begin(enqueue->store, &enqueue->err)) {
        fail(enqueue);
        return;
    }
    enqueue->group.is_open = true;
    enqueue->group.started_ms = clock_monotonic_ms(clock_system());
}

static bool group_is_full(const struct group *group)
{
    int64_t now_ms = clock_monotonic_ms(clock_system());
    return group->bodies >= GROUP_BODIES || group->bytes >= GROUP_BYTES ||
           now_ms - group->started_ms >= GROUP_MS;
}

static void refuse(struct enqueue *enqueue, const struct body *body,
                   const char *reason)
{
    enqueue->refused++;
    command_say("%s:%" PRId64 ": %s", body->file, body->line, reason);
}

static void put(struct enqueue *enqueue, const struct body *body)
{
    bool is_new;
    struct group *group = &enqueue->group;
    open_group(enqueue);
    if (enqueue->has_failed)
        return;
    if (outbox_put(enqueue->store, body->bytes, body->length, &is_new,
                   &enqueue->err)) {
        group->enqueued += is_new ? 1 : 0;
        group->duplicate += is_new ? 0 : 1;
    } else if (enqueue->err.code == ERR_INVALID) {
        refuse(enqueue, body, enqueue->err.text);
    } else {
        fail(enqueue);
        return;
    }
    group->bodies++;
    group->bytes += body->length;
    if (group_is_full(group))
        commit_group(enqueue);
}

static void put_all(struct enqueue *enqueue)
{
    while (!enqueue->has_failed) {
        struct body body;
        struct err err;
        switch (body_files_next(enqueue->files, &body, &err)) {
        case BODIES_ONE:
            put(enqueue, &body);
            break;
        case BODIES_REFUSED:
            refuse(enqueue, &body, err.text);
            break;
        case BODIES_UNREADABLE:
            enqueue->has_unreadable = true;
            command_say("subrelay enqueue: %s", err.text);
            break;
        case BODIES_END:
            commit_group(enqueue);
            return;
        }
    }
}

static bool print_counts(const struct enqueue *enqueue, struct err *err)
{
    struct output output;
    output_init(&output, STDOUT_FILENO);
    buf_add_format(&output.text,
                   "%" PRId64 " enqueued, %" PRId64 " duplicate, %" PRId64
                   " refused\n",
                   enqueue->enqueued, enqueue->duplicate, enqueue->refused);
    return output_finish(&output, err);
}

static enum command_exit judge(const struct enqueue *enqueue)
{
    struct err err;
    if (!print_counts(enqueue, &err))
        return command_fail(enqueue->call, EXIT_ENVIRONMENT, &err);
    if (enqueue->has_failed) {
        (void)command_fail(enqueue->call, EXIT_ENVIRONMENT, &enqueue->err);
        command_say("The events counted above are in. To go on, run the same "
                    "command again: an event that is in is not added twice.");
        return EXIT_ENVIRONMENT;
    }
    if (enqueue->has_unreadable)
        return EXIT_ENVIRONMENT;
    return enqueue->refused > 0 ? EXIT_DATA : EXIT_DONE;
}

static enum command_exit run(const struct command_call *call)
{
    struct enqueue enqueue = {.call = call};
    struct err err;
    if (!store_open(call->database, STORE_WRITE, COMMAND_BUSY_MS,
                    &enqueue.store, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    command_tell_input(call);
    enqueue.files = body_files_new((const char *const *)call->words,
                                   (size_t)call->word_count, call->database);
    body_files_on_wait(enqueue.files, commit_before_wait, &enqueue);
    put_all(&enqueue);
    body_files_free(enqueue.files);
    store_close(enqueue.store);
    return judge(&enqueue);
}

const struct command command_enqueue = {
    .name = "enqueue",
    .arguments = "[FILE...]",
    .summary = "Add webhook bodies to the outbox",
    .details =
        "Reads RevenueCat webhook bodies from the files, or from stdin (also "
        "as \"-\"): one object, an array of them, or one a line. Prints how "
        "many were enqueued, how many are duplicates (their event.id is known "
        "already, so nothing happens), and how many were refused; each refused "
        "one is named on stderr with its line and the reason. The rest stay "
        "in. An event is safe when it is counted as enqueued.\n\n"
        "Exit 1: something was refused. Exit 3: a file could not be read, or "
        "the outbox could not be written.",
    .examples = "  subrelay enqueue webhook.json events.ndjson\n"
                "  tail -f events.ndjson | subrelay enqueue\n",
    .most_words = INT_MAX,
    .uses_database = true,
    .run = run,
};
