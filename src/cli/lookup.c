#include "cli/lookup.h"

#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>

bool lookup_delivery(const struct command_call *call, lookup_read *read,
                     void *what, enum command_exit *code)
{
    struct err err;
    int64_t id;
    struct store *store;
    if (!text_parse_int64(call->words[0], 1, INT64_MAX, &id)) {
        *code = command_fail_text(
            call, EXIT_USAGE, "'%.60s' is no id; `subrelay list` shows them",
            call->words[0]);
        return false;
    }
    if (!store_open(call->database, STORE_READ, COMMAND_BUSY_MS, &store,
                    &err)) {
        *code = command_fail(call, EXIT_ENVIRONMENT, &err);
        return false;
    }
    bool found = read(store, id, clock_wall_ms(clock_system()), what, &err);
    store_close(store);
    if (found)
        return true;
    *code = err.code == ERR_NOT_FOUND
                ? command_fail_text(call, EXIT_DATA,
                                    "no delivery %" PRId64 " in %s", id,
                                    call->database)
                : command_fail(call, EXIT_ENVIRONMENT, &err);
    return false;
}
