#include "cli/operator.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "outbox/words.h"

#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { LEAST_PAUSE_MS = 3 };

void operator_name(char *out, size_t size)
{
    const struct passwd *entry = getpwuid(getuid());
    if (entry != NULL)
        (void)snprintf(out, size, "%s", entry->pw_name);
    else
        (void)snprintf(out, size, "%lu", (unsigned long)getuid());
}

bool operator_types(int64_t number)
{
    char line[40];
    int64_t typed;
    (void)fprintf(stderr, "Type %" PRId64 " to start: ", number);
    if (fgets(line, sizeof(line), stdin) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return text_parse_int64(line, 0, INT64_MAX, &typed) && typed == number;
}

struct operation_request operator_ask(const char *action, const char *who)
{
    return (struct operation_request){
        .action = action,
        .who = who,
        .now_ms = clock_wall_ms(clock_system()),
    };
}

static void show_progress(const struct operation_row *row, bool is_end)
{
    char line[80];
    if (!isatty(STDERR_FILENO))
        return;
    int length =
        snprintf(line, sizeof(line), "\r%" PRId64 " of %" PRId64 "%s",
                 row->applied + row->changed, row->planned, is_end ? "\n" : "");
    if (row->planned > OPERATION_PAGE && length > 0)
        (void)!write(STDERR_FILENO, line, (size_t)length);
}

void operator_leave_lock_free(int64_t held_ms)
{
    int pause_ms = held_ms > LEAST_PAUSE_MS ? (int)held_ms : LEAST_PAUSE_MS;
    (void)poll(NULL, 0, pause_ms);
}

bool operator_carry_out(struct store *store, int64_t id,
                        struct operation_row *row, struct err *err)
{
    const struct clock *clock = clock_system();
    bool more = true;
    for (;;) {
        if (!operation_read(store, id, row, err))
            return false;
        bool is_running = text_equals(row->state, "running");
        show_progress(row, !is_running);
        if (!is_running || !more)
            return true;
        operation_row_free(row);
        int64_t began_ms = clock_monotonic_ms(clock);
        if (!operation_step(store, clock_wall_ms(clock), &more, err))
            return false;
        operator_leave_lock_free(clock_monotonic_ms(clock) - began_ms);
    }
}

static enum command_exit take_back(const struct command_call *call,
                                   struct store *store, int64_t target,
                                   const char *action, operator_taker *take)
{
    char who[OPERATOR_NAME_BYTES];
    struct operation_row row;
    struct err err;
    int64_t id;
    operator_name(who, sizeof(who));
    struct operation_request request = operator_ask(action, who);
    if (!take(store, target, &request, &id, &err))
        return command_fail(call,
                            err.code == ERR_NOT_FOUND || err.code == ERR_INVALID
                                ? EXIT_DATA
                                : EXIT_ENVIRONMENT,
                            &err);
    if (!operator_carry_out(store, id, &row, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    command_say("Operation %" PRId64 ": took back operation %" PRId64
                ", %" PRId64 " deliveries; %" PRId64
                " left as they are, sent or changed since.",
                id, row.target_id, row.applied, row.changed);
    bool in_part = row.changed > 0;
    operation_row_free(&row);
    return in_part ? EXIT_DATA : EXIT_DONE;
}

enum command_exit operator_take_back(const struct command_call *call,
                                     const char *action, operator_taker *take)
{
    int64_t target = 0;
    if (call->word_count > 0 &&
        !text_parse_int64(call->words[0], 1, INT64_MAX, &target))
        return command_fail_text(call, EXIT_USAGE,
                                 "'%.60s' is no operation's number",
                                 call->words[0]);
    struct store *store;
    struct err err;
    if (!store_open(call->database, STORE_WRITE, OPERATOR_BUSY_MS, &store,
                    &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = take_back(call, store, target, action, take);
    store_close(store);
    return code;
}

void operator_write_row(const struct operation_row *row, struct json *json)
{
    json_key_int64(json, "id", row->id);
    json_key_text(json, "action", row->action);
    json_key_text(json, "state", row->state);
    json_key_text(json, "who", row->who);
    json_key_text(json, "filter", row->filter);
    json_key(json, "target_id");
    if (row->target_id == 0)
        json_null(json);
    else
        json_int64(json, row->target_id);
    words_write_time(json, "created_ms", row->created_ms);
    words_write_time(json, "started_ms", row->started_ms);
    words_write_time(json, "ended_ms", row->ended_ms);
    json_key_int64(json, "matched", row->matched);
    json_key_int64(json, "planned", row->planned);
    json_key_int64(json, "applied", row->applied);
    json_key_int64(json, "changed", row->changed);
    if (row->kind[0] == '\0')
        return;
    json_key_text(json, "kind", row->kind);
    json_key_text(json, "name_before", row->name_before);
    json_key_text(json, "name_after", row->name_after);
    json_key_bool(json, "off_before", row->off_before);
    json_key_bool(json, "off_after", row->off_after);
}
