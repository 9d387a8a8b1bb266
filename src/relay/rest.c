#include "relay/rest.h"

#include "base/log.h"

/* After a commit that failed because of others, or of the disk. */
static const int64_t FAILURE_MS = 50;
/* The disk's trouble may last: twice as long each time, up to this. */
static const int64_t MOST_FAILURE_MS = 1000;
static const int64_t LOG_EVERY_MS = 10 * 1000;
static const int64_t LEAVE_LOCK_FREE_MS = 3;
/* Others count as writing for a while after their last commit. */
static const int64_t OTHERS_WRITE_MS = 200;
static const int64_t OTHERS_SHOW_MS = 50;

void rest_begin(struct rest *rest, int64_t now_ms)
{
    rest->others_until_ms = now_ms + OTHERS_SHOW_MS;
}

void rest_notice_others(struct rest *rest, int64_t now_ms)
{
    rest->others_until_ms = now_ms + OTHERS_WRITE_MS;
}

bool rest_is_beside_others(const struct rest *rest, int64_t now_ms)
{
    return rest->others_until_ms != 0 && now_ms <= rest->others_until_ms;
}

void rest_after_commit(struct rest *rest, int64_t began_ms, int64_t now_ms)
{
    if (!rest_is_beside_others(rest, now_ms))
        return;
    int64_t held_ms = now_ms - began_ms;
    rest->until_ms =
        now_ms + (held_ms > LEAVE_LOCK_FREE_MS ? held_ms : LEAVE_LOCK_FREE_MS);
}

void rest_after_failure(struct rest *rest, const struct err *err,
                        int64_t now_ms)
{
    bool is_short = err->code == ERR_BUSY || !rest->failed;
    rest->wait_ms = is_short ? FAILURE_MS : rest->wait_ms * 2;
    if (rest->wait_ms > MOST_FAILURE_MS)
        rest->wait_ms = MOST_FAILURE_MS;
    rest->until_ms = now_ms + rest->wait_ms;
    rest->failed = true;
    if (rest->logged_ms != 0 && now_ms - rest->logged_ms < LOG_EVERY_MS)
        return;
    rest->logged_ms = now_ms;
    log_line(LOG_WARNING, "outbox: %s; trying again", err->text);
}

void rest_end_failure(struct rest *rest)
{
    rest->failed = false;
}

int64_t rest_time_left(const struct rest *rest, int64_t now_ms)
{
    return rest->until_ms > now_ms ? rest->until_ms - now_ms : 0;
}
