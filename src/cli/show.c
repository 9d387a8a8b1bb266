#include "cli/show.h"

#include "base/text.h"
#include "outbox/words.h"
#include "outbox/outbox.h"

#include <inttypes.h>
#include <string.h>

enum {
    LABEL_COLUMNS = 12,
    /* Longer bodies are cut on the page; the JSON has them whole. */
    MOST_BODY_BYTES = 2000,
    ENVELOPE_BYTES = 64 * 1024,
};

bool show_read(struct store *store, int64_t id, int64_t now_ms,
               struct show_delivery *delivery, struct err *err)
{
    *delivery = (struct show_delivery){.operation_count = 0};
    if (!story_read(store, id, now_ms, &delivery->story, err))
        return false;
    if (outbox_read_names(store, &delivery->names, err) &&
        operation_list_touches(store, id, SHOW_MOST_OPERATIONS,
                               delivery->operations, &delivery->operation_count,
                               err) &&
        view_read_history(store, id, &delivery->history, err))
        return true;
    story_free(&delivery->story);
    return false;
}

void show_delivery_free(struct show_delivery *delivery)
{
    story_free(&delivery->story);
    view_history_free(&delivery->history);
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
                        struct output *output)
{
    const struct view_delivery *row = &delivery->story.row;
    char name[NAME_MOST_BYTES + 1];
    struct buf event;
    buf_init(&event, 4096);
    words_add_event(row, &event);
    story_find_event_name(row, &delivery->history, &delivery->names, name);
    buf_add_format(&output->text, "%" PRId64 "  ", row->id);
    output_printable(output, buf_text(&event));
    if (*name != '\0') {
        buf_add_text(&output->text, " as ");
        output_printable(output, name);
    }
    buf_add_text(&output->text, ": ");
    output_role_text(output, output_state_role(row->state), row->state);
    if (row->attempts > 0)
        buf_add_format(&output->text, " after %d attempt%s", row->attempts,
                       row->attempts == 1 ? "" : "s");
    buf_add_text(&output->text, "\n\n");
    buf_free(&event);
}

static void write_envelope(const struct show_delivery *delivery,
                           struct output *output)
{
    struct buf envelope;
    buf_init(&envelope, ENVELOPE_BYTES);
    if (story_add_envelope(&delivery->history, &delivery->names, &envelope))
        write_line(output, "Envelope", buf_text(&envelope));
    else
        write_line(output, "No envelope", buf_text(&envelope));
    buf_free(&envelope);
}

static void write_facts(const struct show_delivery *delivery,
                        struct output *output)
{
    const struct view_delivery *row = &delivery->story.row;
    write_line(output, "Why", buf_text(&delivery->story.why));
    write_line(output, "Next step", delivery->story.next_step);
    write_line(output, "User",
               words_lane_is_user(row->lane) ? row->lane : "none");
    write_line(output, "Type", row->type);
    write_line(output, "Event id", row->event_id);
    write_time(output, "Happened", row->event_timestamp_ms);
    write_time(output, "Queued", row->arrived_ms);
    write_time(output, "Settled", row->settled_ms);
    write_envelope(delivery, output);
}

static void write_operation(const struct operation_touch *touch,
                            struct output *output)
{
    char when[TEXT_TIME_BYTES];
    text_format_time(touch->created_ms, when, sizeof(when));
    buf_add_format(&output->text, "Operation %" PRId64 "  %s  ", touch->id,
                   when);
    output_printable(output, touch->action);
    buf_add_text(&output->text, " by ");
    output_printable(output, touch->who);
    buf_add_text(&output->text, ": ");
    output_printable(output, touch->item_state);
    if (*touch->why != '\0') {
        buf_add_text(&output->text, ", ");
        output_printable(output, touch->why);
    }
    buf_add_byte(&output->text, '\n');
}

static void write_operations(const struct show_delivery *delivery,
                             struct output *output)
{
    if (delivery->operation_count > 0)
        buf_add_byte(&output->text, '\n');
    for (int i = delivery->operation_count; i > 0; i--)
        write_operation(&delivery->operations[i - 1], output);
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
    write_title(delivery, output);
    write_facts(delivery, output);
    write_operations(delivery, output);
    for (size_t i = 0; i < history->attempt_count; i++)
        write_attempt(&history->attempts[i],
                      i == 0 ? NULL : &history->attempts[i - 1], output);
}
