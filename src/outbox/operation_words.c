#include "outbox/operation_words.h"

#include "base/text.h"

#include <inttypes.h>

static void write_line(struct buf *out, int64_t count, const char *words)
{
    if (count > 0)
        buf_add_format(out, "%8" PRId64 " %s\n", count, words);
}

void operation_words_plan(const struct operation_plan *plan, struct buf *out)
{
    buf_add_format(out, "%8" PRId64 " match\n", plan->matched);
    write_line(out, plan->planned,
               plan->is_retry
                   ? "will be sent again, oldest first, in each user's order"
                   : "will be discarded: never sent unless retried");
    for (size_t i = 0; i < plan->reason_count; i++)
        buf_add_format(out, "%8" PRId64 " left alone: %s\n",
                       plan->reasons[i].count, plan->reasons[i].why);
    write_line(out, plan->duplicates, "would be duplicates at Intercom");
    write_line(out, plan->stale,
               "are older than their user's attributes: those stay");
    write_line(out, plan->may_be_old,
               "may already be at Intercom, under the name of then");
    if (!plan->is_retry || plan->planned == 0)
        return;
    buf_add_format(out, "About %" PRId64 " calls", plan->calls);
    if (plan->duration_ms >= 0) {
        char duration[32];
        text_format_duration(plan->duration_ms, duration, sizeof(duration));
        buf_add_format(out, ", %s at a quarter of the quota", duration);
    }
    buf_add_text(out, ". Fresh events go first.\n");
}
