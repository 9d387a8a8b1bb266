#include "cli/show.h"

#include "base/json.h"
#include "base/text.h"
#include "outbox/words.h"
#include "delivery/verdict.h"
#include "event/catalog.h"
#include "event/mapping.h"
#include "outbox/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LABEL_COLUMNS = 12,
    /* Longer bodies are cut on the page; the JSON has them whole. */
    MOST_BODY_BYTES = 2000,
};

/* The name in the newest bytes; else, while there may be some, today's. */
static void find_event_name(const struct show_delivery *delivery, char *name)
{
    const struct view_history *history = &delivery->history;
    enum event_kind kind = catalog_find_kind(delivery->row.kind);
    *name = '\0';
    for (size_t i = history->attempt_count; i > 0; i--) {
        const char *body = history->attempts[i - 1].event_body;
        if (body != NULL && json_find_text(body, strlen(body), "event_name",
                                           name, NAME_MOST_BYTES + 1))
            return;
    }
    if (kind != KIND_NONE && !delivery->names.off[kind] &&
        text_equals(delivery->row.state, "pending"))
        memcpy(name, delivery->names.name[kind], NAME_MOST_BYTES + 1);
}

void show_tell(const struct show_delivery *delivery, struct show_story *story)
{
    const struct view_delivery *row = &delivery->row;
    *story = (struct show_story){.next_step = NULL};
    find_event_name(delivery, story->event_name);
    buf_init(&story->why, 4096);
    if (text_equals(row->state, "skipped") && row->reason != NULL)
        buf_add_text(&story->why, mapping_explain_skip(row->reason));
    else if (text_equals(row->state, "delivered") && row->reason == NULL)
        buf_add_format(&story->why, "Intercom took it (%s)",
                       row->result == NULL ? "no call" : row->result);
    else
        words_add_result(row, delivery->now_ms, &story->why);
    if (text_equals(row->state, "failed") && row->reason != NULL)
        story->next_step = verdict_next_step(row->reason);
}

void show_story_free(struct show_story *story)
{
    buf_free(&story->why);
}

static void write_label(struct output *output, const char *label)
{
    output_role_text(output, OUTPUT_HEADING, label);
    for (size_t i = strlen(label); i < LABEL_COLUMNS; i++)
        buf_add_byte(&output->text, ' ');
}

static void write_line(struct output *output, const char *label,
                       const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    write_label(output, label);
    output_printable(output, text);
    buf_add_byte(&output->text, '\n');
}

static void write_time(struct output *output, const char *label,
                       int64_t time_ms)
{
    char text[TEXT_TIME_BYTES];
    if (time_ms == OUTBOX_NO_TIME)
        return;
    text_format_time(time_ms, text, sizeof(text));
    write_line(output, label, text);
}

static void write_title(const struct show_delivery *delivery,
                        const struct show_story *story, struct output *output)
{
    const struct view_delivery *row = &delivery->row;
    struct buf event;
    buf_init(&event, 4096);
    words_add_event(row, &event);
    buf_add_format(&output->text, "%" PRId64 "  ", row->id);
    output_printable(output, buf_text(&event));
    if (*story->event_name != '\0') {
        buf_add_text(&output->text, " as ");
        output_printable(output, story->event_name);
    }
    buf_add_text(&output->text, ": ");
    output_role_text(output, output_state_role(row->state), row->state);
    if (row->attempts > 0)
        buf_add_format(&output->text, " after %d attempt%s", row->attempts,
                       row->attempts == 1 ? "" : "s");
    buf_add_text(&output->text, "\n\n");
    buf_free(&event);
}

static void write_facts(const struct show_delivery *delivery,
                        const struct show_story *story, struct output *output)
{
    const struct view_delivery *row = &delivery->row;
    write_line(output, "Why", buf_text(&story->why));
    write_line(output, "Next step", story->next_step);
    write_line(output, "User",
               words_lane_is_user(row->lane) ? row->lane : "none");
    write_line(output, "Type", row->type);
    write_line(output, "Event id", row->event_id);
    write_time(output, "Happened", row->event_timestamp_ms);
    write_time(output, "Queued", row->arrived_ms);
    write_time(output, "Settled", row->settled_ms);
}

static void write_body(struct output *output, const char *label,
                       const char *bytes, size_t length)
{
    size_t shown = length < MOST_BODY_BYTES ? length : MOST_BODY_BYTES;
    buf_add_format(&output->text, "    %-10s  ", label);
    text_add_printable(&output->text, bytes, shown);
    if (shown < length)
        buf_add_format(&output->text, "... (%zu bytes; --json has all)",
                       length);
    buf_add_byte(&output->text, '\n');
}

static void write_call(const struct view_call *call, struct output *output)
{
    char took[32];
    text_format_duration(call->took_ms, took, sizeof(took));
    buf_add_format(&output->text, "  %d ", call->number);
    output_printable(output, call->request);
    buf_add_format(&output->text, "  %s  ", took);
    if (call->status != 0)
        buf_add_format(&output->text, "%d", call->status);
    output_printable(output, call->result);
    if (call->request_id != NULL && *call->request_id != '\0') {
        buf_add_text(&output->text, "  request id ");
        output_printable(output, call->request_id);
    }
    buf_add_byte(&output->text, '\n');
    if (call->answer != NULL && call->answer_length > 0)
        write_body(output, "answer", call->answer, call->answer_length);
}

/* What was sent, unless it is what the attempt before sent. */
static void write_sent(const char *label, const char *bytes,
                       const char *bytes_before, struct output *output)
{
    if (bytes != NULL && !text_equals(bytes, bytes_before))
        write_body(output, label, bytes, strlen(bytes));
}

static void write_attempt(const struct view_attempt *attempt,
                          const struct view_attempt *before,
                          struct output *output)
{
    char when[TEXT_TIME_BYTES];
    char took[32] = "";
    text_format_time(attempt->started_ms, when, sizeof(when));
    buf_add_format(&output->text, "\nAttempt %d  %s  ", attempt->number, when);
    output_printable(output, attempt->cause);
    buf_add_text(&output->text, ": ");
    output_printable(output, attempt->outcome == NULL ? "being sent"
                                                      : attempt->outcome);
    if (attempt->ended_ms != OUTBOX_NO_TIME) {
        text_format_duration(attempt->ended_ms - attempt->started_ms, took,
                             sizeof(took));
        buf_add_format(&output->text, " after %s", took);
    }
    if (attempt->result != NULL) {
        buf_add_text(&output->text, ", ");
        output_printable(output, attempt->result);
    }
    buf_add_byte(&output->text, '\n');
    write_sent("attributes", attempt->attributes,
               before == NULL ? NULL : before->attributes, output);
    write_sent("event", attempt->event_body,
               before == NULL ? NULL : before->event_body, output);
    for (size_t i = 0; i < attempt->call_count; i++)
        write_call(&attempt->calls[i], output);
}

void show_write_page(const struct show_delivery *delivery,
                     struct output *output)
{
    const struct view_history *history = &delivery->history;
    struct show_story story;
    show_tell(delivery, &story);
    write_title(delivery, &story, output);
    write_facts(delivery, &story, output);
    for (size_t i = 0; i < history->attempt_count; i++)
        write_attempt(&history->attempts[i],
                      i == 0 ? NULL : &history->attempts[i - 1], output);
    show_story_free(&story);
}
