#include "outbox/story.h"

#include "base/text.h"
#include "delivery/verdict.h"
#include "event/mapping.h"
#include "outbox/outbox.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { WHY_BYTES = 8192, DURATION_BYTES = 32, FIRST_OPERATION_DUE_MS = 1 };

/* --- pieces -------------------------------------------------------------- */

static void add_wait(struct buf *out, int64_t until_ms, int64_t now_ms)
{
    char wait[DURATION_BYTES];
    text_format_duration(until_ms - now_ms, wait, sizeof(wait));
    buf_add_format(out, "in %s", wait);
}

static bool is_later(int64_t time_ms, int64_t now_ms)
{
    return time_ms != OUTBOX_NO_TIME && time_ms > now_ms;
}

/* The reason's meaning, the last result behind it in brackets; whichever of
 * the two there is. */
static void add_cause(const struct view_delivery *row, struct buf *out)
{
    const struct verdict_reason *reason = verdict_find_reason(row->reason);
    const char *meaning = reason != NULL ? reason->meaning : row->reason;
    if (meaning != NULL)
        buf_add_text(out, meaning);
    if (meaning != NULL && row->result != NULL)
        buf_add_format(out, " (%s)", row->result);
    else if (row->result != NULL)
        buf_add_text(out, row->result);
    else if (meaning == NULL)
        buf_add_text(out, "no reason was recorded");
}

/* The same as the beginning of the sentence. */
static void begin_with_cause(const struct view_delivery *row, struct buf *out)
{
    size_t start = out->length;
    add_cause(row, out);
    if (out->length > start)
        out->bytes[start] = (char)toupper((unsigned char)out->bytes[start]);
}

/* --- what waits ---------------------------------------------------------- */

/* What happens to the first of a lane, by what stands in its way: the first
 * that holds counts. */
struct obstacle {
    bool (*holds)(const struct story_facts *facts);
    void (*add)(const struct story_facts *facts, struct buf *out);
};

static bool is_paused(const struct story_facts *facts)
{
    return facts->sending->pause_reason != NULL;
}

static void add_paused(const struct story_facts *facts, struct buf *out)
{
    const struct view_status *sending = facts->sending;
    buf_add_text(out, "it is sent when an operator resumes the sending, "
                      "which is paused");
    if (sending->paused_by != NULL)
        buf_add_format(out, " by %s", sending->paused_by);
    if (*sending->pause_reason != '\0')
        buf_add_format(out, " (%s)", sending->pause_reason);
}

static bool is_held(const struct story_facts *facts)
{
    return facts->sending->hold_reason != NULL;
}

static void add_held(const struct story_facts *facts, struct buf *out)
{
    const struct view_status *sending = facts->sending;
    const struct verdict_reason *reason =
        verdict_find_reason(sending->hold_reason);
    buf_add_format(out,
                   "it is sent when the hold ends that all deliveries wait "
                   "for: %s",
                   reason != NULL ? reason->meaning : sending->hold_reason);
    if (sending->relay_is_running &&
        is_later(sending->probe_ms, facts->now_ms)) {
        buf_add_text(out, ", next probe ");
        add_wait(out, sending->probe_ms, facts->now_ms);
    }
}

static bool is_without_relay(const struct story_facts *facts)
{
    return !facts->sending->relay_is_running;
}

static void add_without_relay(const struct story_facts *facts, struct buf *out)
{
    if (is_later(facts->row->due_ms, facts->now_ms)) {
        buf_add_text(out, "it is due ");
        add_wait(out, facts->row->due_ms, facts->now_ms);
        buf_add_text(out, " and ");
    } else {
        buf_add_text(out, "it is due now and ");
    }
    buf_add_text(out, "sent when a relay runs: none does");
}

static bool is_in_an_outage(const struct story_facts *facts)
{
    return facts->sending->breaker_since_ms != OUTBOX_NO_TIME;
}

static void add_outage(const struct story_facts *facts, struct buf *out)
{
    (void)facts;
    buf_add_text(out, "it is sent when something gets through to Intercom "
                      "again, which one delivery at a time tries");
}

static bool waits_for_window(const struct story_facts *facts)
{
    return is_later(facts->sending->wait_until_ms, facts->now_ms);
}

static void add_window(const struct story_facts *facts, struct buf *out)
{
    buf_add_text(out, "it is sent when Intercom takes calls again, ");
    add_wait(out, facts->sending->wait_until_ms, facts->now_ms);
}

static bool waits_for_time(const struct story_facts *facts)
{
    return is_later(facts->row->due_ms, facts->now_ms);
}

static void add_time(const struct story_facts *facts, struct buf *out)
{
    buf_add_text(out, facts->row->attempts > 0 ? "it is tried again "
                                               : "it is sent ");
    add_wait(out, facts->row->due_ms, facts->now_ms);
}

static bool is_of_operation(const struct story_facts *facts)
{
    return facts->row->due_ms == FIRST_OPERATION_DUE_MS;
}

static void add_operation(const struct story_facts *facts, struct buf *out)
{
    (void)facts;
    buf_add_text(out, "it is due now, and goes at every fourth place while "
                      "fresh events wait");
}

static bool is_due(const struct story_facts *facts)
{
    (void)facts;
    return true;
}

static void add_due(const struct story_facts *facts, struct buf *out)
{
    (void)facts;
    buf_add_text(out, "it is due now, and goes as soon as a connection and "
                      "the quota allow");
}

static const struct obstacle obstacles[] = {
    {is_paused, add_paused},
    {is_held, add_held},
    {is_without_relay, add_without_relay},
    {is_in_an_outage, add_outage},
    {waits_for_window, add_window},
    {waits_for_time, add_time},
    {is_of_operation, add_operation},
    {is_due, add_due},
};

/* What came before. */
static void add_past(const struct view_delivery *row, struct buf *out)
{
    if (row->due_ms == FIRST_OPERATION_DUE_MS && row->operation_id != 0) {
        buf_add_format(out, "Operation %" PRId64 " put it back in line",
                       row->operation_id);
    } else if (row->attempts == 0) {
        buf_add_text(out, "It has not been tried yet");
    } else {
        buf_add_format(out, "Attempt %d did not deliver it: ", row->attempts);
        add_cause(row, out);
    }
}

static void add_head(const struct story_facts *facts, struct buf *out)
{
    const struct view_delivery *head = facts->head;
    buf_add_format(out, "It waits behind #%" PRId64 " of the same user",
                   facts->row->behind_id);
    if (head != NULL && text_equals(head->state, "sending"))
        buf_add_text(out, ", which is being sent");
    else if (head != NULL && is_later(head->due_ms, facts->now_ms)) {
        buf_add_text(out, ", which is tried again ");
        add_wait(out, head->due_ms, facts->now_ms);
    }
}

static void tell_pending(const struct story_facts *facts, struct buf *out)
{
    if (facts->row->behind_id != 0) {
        add_head(facts, out);
        buf_add_text(out, ", and goes when that one has ended");
        if (is_paused(facts))
            buf_add_text(out, "; the sending is paused");
        else if (is_held(facts))
            buf_add_text(out, "; the destination is held");
        else if (is_without_relay(facts))
            buf_add_text(out, "; no relay is running");
    } else {
        add_past(facts->row, out);
        buf_add_text(out, "; ");
        for (size_t i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++) {
            if (!obstacles[i].holds(facts))
                continue;
            obstacles[i].add(facts, out);
            break;
        }
    }
    buf_add_byte(out, '.');
}

/* --- the other states ---------------------------------------------------- */

static void tell_sending(const struct story_facts *facts, struct buf *out)
{
    if (facts->sending->relay_is_running)
        buf_add_format(out,
                       "Attempt %d is being sent; its answer decides what "
                       "happens next.",
                       facts->row->attempts);
    else
        buf_add_format(out,
                       "Attempt %d was being sent when the relay ended: "
                       "whether it arrived is not known, and the next relay "
                       "sends the same bytes again.",
                       facts->row->attempts);
}

static void tell_delivered(const struct story_facts *facts, struct buf *out)
{
    const struct view_delivery *row = facts->row;
    if (row->reason != NULL)
        buf_add_format(out,
                       "Intercom keeps one event of a user, a name and a "
                       "second, and took this one: %s; nothing more happens.",
                       row->reason);
    else if (row->status != 0)
        buf_add_format(out, "Intercom took it (%d); nothing more happens.",
                       row->status);
    else
        buf_add_text(out, "Intercom had all of it already; nothing more "
                          "happens.");
}

static void tell_failed(const struct story_facts *facts, struct buf *out)
{
    begin_with_cause(facts->row, out);
    if (text_equals(facts->row->reason, "contact_deleted"))
        buf_add_text(out, "; it is not sent again.");
    else
        buf_add_text(out, "; it is not sent again unless an operator retries "
                          "it.");
}

static void tell_skipped(const struct story_facts *facts, struct buf *out)
{
    const char *reason = facts->row->reason;
    const char *why = reason == NULL ? "No reason was recorded"
                                     : mapping_explain_skip(reason);
    size_t length = strlen(why);
    if (length > 0 && why[length - 1] == '.')
        length--;
    buf_add(out, why, length);
    buf_add_text(out, "; nothing is sent unless an operator retries it.");
}

static void tell_discarded(const struct story_facts *facts, struct buf *out)
{
    buf_add_text(out, "An operator discarded it");
    if (facts->row->operation_id != 0)
        buf_add_format(out, " (operation %" PRId64 ")",
                       facts->row->operation_id);
    buf_add_text(out, "; nothing is sent unless an operator retries it.");
}

static const struct {
    const char *state;
    void (*tell)(const struct story_facts *facts, struct buf *out);
} tellers[] = {
    {"pending", tell_pending},     {"sending", tell_sending},
    {"delivered", tell_delivered}, {"failed", tell_failed},
    {"skipped", tell_skipped},     {"discarded", tell_discarded},
};

void story_add_why(const struct story_facts *facts, struct buf *out)
{
    for (size_t i = 0; i < sizeof(tellers) / sizeof(tellers[0]); i++) {
        if (text_equals(facts->row->state, tellers[i].state))
            tellers[i].tell(facts, out);
    }
}

const char *story_next_step(const struct story_facts *facts)
{
    if (text_equals(facts->row->state, "failed"))
        return verdict_next_step(facts->row->reason);
    if (!text_equals(facts->row->state, "pending"))
        return NULL;
    if (is_paused(facts))
        return "Lift the pause: subrelay resume.";
    if (is_held(facts))
        return verdict_next_step(facts->sending->hold_reason);
    return is_without_relay(facts) ? "Start a relay: subrelay run." : NULL;
}

/* --- read and told ------------------------------------------------------- */

/* The head may be pruned by now: then the story does without. */
static bool read_head(struct store *store, const struct view_delivery *row,
                      struct view_delivery *head, bool *has_head,
                      struct err *err)
{
    *has_head = false;
    if (row->behind_id == 0)
        return true;
    *has_head = view_read_delivery(store, row->behind_id, head, err);
    return *has_head || err->code == ERR_NOT_FOUND;
}

bool story_read(struct store *store, int64_t id, int64_t now_ms,
                struct story *story, struct err *err)
{
    struct view_delivery head;
    struct view_status sending;
    bool has_head;
    if (!view_read_delivery(store, id, &story->row, err))
        return false;
    bool good = read_head(store, &story->row, &head, &has_head, err) &&
                view_read_sending(store, now_ms, &sending, err);
    if (!good) {
        if (has_head)
            view_delivery_free(&head);
        view_delivery_free(&story->row);
        return false;
    }
    const struct story_facts facts = {
        .row = &story->row,
        .head = has_head ? &head : NULL,
        .sending = &sending,
        .now_ms = now_ms,
    };
    buf_init(&story->why, WHY_BYTES);
    story_add_why(&facts, &story->why);
    story->next_step = story_next_step(&facts);
    view_status_free(&sending);
    if (has_head)
        view_delivery_free(&head);
    return true;
}

void story_free(struct story *story)
{
    view_delivery_free(&story->row);
    buf_free(&story->why);
}
