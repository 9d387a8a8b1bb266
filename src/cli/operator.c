#include "cli/operator.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "outbox/lock.h"
#include "outbox/words.h"

#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { LEAST_PAUSE_MS = 3, NAME_BYTES = 64 };

const char *operator_name(void)
{
    static char name[NAME_BYTES];
    if (name[0] != '\0')
        return name;
    const struct passwd *entry = getpwuid(getuid());
    if (entry != NULL)
        text_copy(name, sizeof(name), entry->pw_name);
    else
        (void)snprintf(name, sizeof(name), "%lu", (unsigned long)getuid());
    return name;
}

bool operator_types(int64_t number, struct progress *progress)
{
    char line[40];
    int64_t typed;
    (void)fprintf(stderr, "Type %" PRId64 " to start: ", number);
    if (progress != NULL && !progress_wait_for_input(progress)) {
        (void)fputc('\n', stderr);
        return false;
    }
    if (fgets(line, sizeof(line), stdin) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return text_parse_int64(line, 0, INT64_MAX, &typed) && typed == number;
}

struct operation_request operator_ask(const char *action)
{
    return (struct operation_request){
        .action = action,
        .who = operator_name(),
        .now_ms = clock_wall_ms(clock_system()),
    };
}

/* How much of it is done: a cancel or undo goes through its target's items. */
static void show_progress(struct progress *progress,
                          const struct operation_row *row)
{
    if (row->planned > OPERATION_PAGE)
        progress_show_part(progress, row->action, row->applied + row->changed,
                           row->planned);
}

void operator_tell_without_relay(const char *database, const char *text)
{
    struct err ignored;
    bool is_held;
    if (lock_is_held(database, &is_held, &ignored) && !is_held)
        command_say("No relay is running: %s", text);
}

void operator_leave_lock_free(int64_t held_ms)
{
    int pause_ms = 2 * (int)held_ms;
    if (pause_ms < LEAST_PAUSE_MS)
        pause_ms = LEAST_PAUSE_MS;
    (void)poll(NULL, 0, pause_ms);
}

bool operator_carry_out(struct store *store, int64_t id,
                        struct progress *progress, struct operation_row *row,
                        struct err *err)
{
    const struct clock *clock = clock_system();
    bool more = true;
    for (;;) {
        if (!operation_read(store, id, row, err))
            return false;
        bool is_running = text_equals(row->state, "running");
        show_progress(progress, row);
        if (!is_running || !more || progress_is_stopped(progress)) {
            progress_clear(progress);
            return true;
        }
        operation_row_free(row);
        int64_t began_ms = clock_monotonic_ms(clock);
        if (!operation_step(store, clock_wall_ms(clock), &more, err))
            return false;
        operator_leave_lock_free(clock_monotonic_ms(clock) - began_ms);
    }
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
