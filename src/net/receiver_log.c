#include "net/receiver_log.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

enum { WINDOW_MS = 10000, LINES_A_WINDOW = 10, MORE_BYTES = 64 };

/* Count one line. True: write it, with *more behind it. */
static bool take_leave(struct receiver_log_kind *kind, int64_t now_ms,
                       char *more)
{
    if (kind->lines == 0 || now_ms - kind->window_ms >= WINDOW_MS) {
        kind->window_ms = now_ms;
        kind->lines = 0;
    }
    if (kind->lines >= LINES_A_WINDOW) {
        kind->left_out++;
        return false;
    }
    kind->lines++;
    more[0] = '\0';
    if (kind->left_out > 0)
        (void)snprintf(more, MORE_BYTES, " (and %" PRId64 " more like it)",
                       kind->left_out);
    kind->left_out = 0;
    return true;
}

void receiver_log_answer(struct receiver_log *log, enum receiver_answer answer,
                         const char *peer, const char *cause, int64_t now_ms)
{
    const struct receiver_answer_row *row = &receiver_answers[answer];
    char more[MORE_BYTES];
    if (row->status == 200 || !take_leave(&log->answers[answer], now_ms, more))
        return;
    log_line(LOG_WARNING, "receiver: %d %s to %s%s%s%s", row->status, row->word,
             peer, *cause == '\0' ? "" : ": ", cause, more);
}

void receiver_log_malformed(struct receiver_log *log, unsigned status,
                            int64_t now_ms)
{
    char more[MORE_BYTES];
    if (take_leave(&log->malformed, now_ms, more))
        log_line(LOG_WARNING,
                 "receiver: %u to what is no HTTP, or has too large a head%s",
                 status, more);
}
