#include "cli/demo_report.h"

#include "base/text.h"
#include "cli/columns.h"
#include "outbox/words.h"
#include "delivery/verdict.h"
#include "event/catalog.h"
#include "event/mapping.h"
#include "event/names.h"

#include <inttypes.h>

/* The sample events that are not to be delivered (demo_events.ndjson and the
 * sandbox's faults); all others are. */
static const struct {
    const char *event_id;
    const char *state;
    const char *reason;
} planned[] = {
    {"demo-event-11", "failed", "name_archived"},
    {"demo-event-16", "skipped", SKIP_SANDBOX_EVENT},
    {"demo-event-17", "skipped", SKIP_STORE_NOT_TRACKED},
    {"demo-event-18", "skipped", SKIP_NO_INTERCOM_EVENT},
    {"demo-event-19", "failed", "contact_deleted"},
    {"demo-event-20", "failed", "invalid_event"},
};
enum { PLANNED_DUPLICATE = 1, PLANNED_REFUSED = 1 };

/* --- checking ------------------------------------------------------------ */

static void compare(struct buf *complaint, const char *what, int64_t is,
                    int64_t should)
{
    if (is != should)
        buf_add_format(complaint, "  %s: %" PRId64 " instead of %" PRId64 "\n",
                       what, is, should);
}

static void check_row(const struct view_delivery *row, struct buf *complaint)
{
    const char *state = "delivered";
    const char *reason = NULL;
    for (size_t i = 0; i < sizeof(planned) / sizeof(planned[0]); i++) {
        if (text_equals(planned[i].event_id, row->event_id)) {
            state = planned[i].state;
            reason = planned[i].reason;
        }
    }
    if (text_equals(row->state, state) &&
        (reason == NULL || text_equals(row->reason, reason)))
        return;
    buf_add_format(complaint, "  %s: %s (%s) instead of %s (%s)\n",
                   row->event_id, row->state,
                   row->reason == NULL ? "" : row->reason, state,
                   reason == NULL ? "" : reason);
}

static bool is_delivered(const struct view_delivery *row)
{
    return text_equals(row->state, "delivered");
}

/* How many deliveries of this kind the outbox says are delivered. */
static int64_t count_delivered(const struct demo *demo, enum event_kind kind)
{
    int64_t count = 0;
    for (int i = 0; i < demo->row_count; i++)
        count += is_delivered(&demo->rows[i]) &&
                 catalog_find_kind(demo->rows[i].kind) == kind;
    return count;
}

/* How many events of this name the stand-in Intercom has. */
static int64_t count_arrived(const struct demo *demo, const char *name)
{
    for (size_t i = 0; i < demo->arrived.name_count; i++) {
        if (names_are_same(demo->arrived.names[i].name, name))
            return demo->arrived.names[i].events;
    }
    return 0;
}

/* Delivered ones that needed more than one attempt. */
static int64_t count_healed(const struct demo *demo)
{
    int64_t count = 0;
    for (int i = 0; i < demo->row_count; i++)
        count += is_delivered(&demo->rows[i]) && demo->rows[i].attempts > 1;
    return count;
}

bool demo_report_check(const struct demo *demo, struct buf *complaint)
{
    const struct view_status *status = &demo->status;
    int64_t events = 0;
    compare(complaint, "duplicate", demo->samples.duplicate, PLANNED_DUPLICATE);
    compare(complaint, "refused", demo->samples.refused, PLANNED_REFUSED);
    compare(complaint, "delivered, failed and skipped",
            status->delivered + status->failed + status->skipped,
            demo->samples.enqueued);
    compare(complaint, "deliveries listed", demo->row_count,
            demo->samples.enqueued);
    for (int i = 0; i < demo->row_count; i++)
        check_row(&demo->rows[i], complaint);
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++) {
        const char *name = catalog_kind((enum event_kind)k)->default_name;
        int64_t delivered = count_delivered(demo, (enum event_kind)k);
        compare(complaint, name, count_arrived(demo, name), delivered);
        events += delivered;
    }
    compare(complaint, "events that arrived", demo->arrived.events, events);
    compare(complaint, "events sent twice", demo->arrived.duplicates, 0);
    compare(complaint, "events of one user at once",
            demo->arrived.parallel_same_user, 0);
    if (count_healed(demo) == 0)
        buf_add_text(complaint, "  no delivery was healed by a retry\n");
    return complaint->length == 0;
}

/* --- showing ------------------------------------------------------------- */

static void write_heading(struct output *output, const char *heading)
{
    buf_add_byte(&output->text, '\n');
    output_role_text(output, OUTPUT_HEADING, heading);
    buf_add_byte(&output->text, '\n');
}

static void write_in(const struct demo *demo, struct output *output)
{
    write_heading(output, "IN: sample webhooks, into a temporary outbox");
    buf_add_format(&output->text,
                   "  %" PRId64 " enqueued, %" PRId64 " duplicate, %" PRId64
                   " refused (%s)\n",
                   demo->samples.enqueued, demo->samples.duplicate,
                   demo->samples.refused, demo->samples.refusal);
}

static void write_relay(const struct demo *demo, struct output *output)
{
    const struct view_status *status = &demo->status;
    char took[32];
    text_format_duration(demo->took_ms, took, sizeof(took));
    write_heading(output, "RELAY: out to a stand-in Intercom on this machine");
    buf_add_format(&output->text, "  %" PRId64 " ", status->delivered);
    output_role_text(output, OUTPUT_GOOD, "delivered");
    buf_add_format(&output->text, ", %" PRId64 " ", status->failed);
    output_role_text(output, OUTPUT_BAD, "failed");
    buf_add_format(&output->text,
                   ", %" PRId64 " skipped, in %s\n"
                   "  %" PRId64 " met an overloaded API (503) and were sent "
                   "again until they got through\n",
                   status->skipped, took, count_healed(demo));
    if (status->delivered_counted > 0)
        buf_add_format(&output->text, "  %.2f calls per delivered event\n",
                       (double)status->calls_delivered /
                           (double)status->delivered_counted);
}

static void write_arrived(const struct demo *demo, struct output *output)
{
    static const struct columns_column table[] = {
        {"  event", false, 0},
        {"name at Intercom", false, 0},
        {"arrived", true, 0}};
    struct columns columns;
    write_heading(output, "ARRIVED at Intercom");
    columns_init(&columns, table, sizeof(table) / sizeof(table[0]));
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++) {
        const struct catalog_kind *kind = catalog_kind((enum event_kind)k);
        columns_add_format(&columns, OUTPUT_PLAIN, "  %s", kind->title);
        columns_add(&columns, OUTPUT_PLAIN, kind->default_name);
        columns_add_format(&columns, OUTPUT_PLAIN, "%" PRId64,
                           count_arrived(demo, kind->default_name));
    }
    columns_write(&columns, output);
    columns_free(&columns);
    buf_add_format(&output->text,
                   "  %" PRId64 " contacts with their attributes; %" PRId64
                   " deliveries were attributes only\n",
                   demo->arrived.contacts, count_delivered(demo, KIND_NONE));
}

static void write_row(const struct view_delivery *row, struct output *output)
{
    struct buf event;
    buf_init(&event, 4096);
    words_add_event(row, &event);
    buf_add_format(&output->text, "  %" PRId64 " ", row->id);
    output_printable(output, buf_text(&event));
    if (words_lane_is_user(row->lane)) {
        buf_add_text(&output->text, " of ");
        output_printable(output, row->lane);
    }
    buf_add_text(&output->text, ": ");
    buf_free(&event);
}

static void write_not_delivered(const struct demo *demo, const char *state,
                                struct output *output)
{
    for (int i = demo->row_count - 1; i >= 0; i--) {
        const struct view_delivery *row = &demo->rows[i];
        bool is_failed = text_equals(row->state, "failed");
        if (!text_equals(row->state, state))
            continue;
        write_row(row, output);
        output_printable(output, is_failed && row->result != NULL
                                     ? row->result
                                     : mapping_explain_skip(row->reason));
        if (is_failed && row->reason != NULL)
            buf_add_format(&output->text, "\n     Next step: %s",
                           verdict_next_step(row->reason));
        buf_add_byte(&output->text, '\n');
    }
}

void demo_report_write(const struct demo *demo, struct output *output)
{
    buf_add_text(&output->text,
                 "subrelay: webhooks in, Intercom contacts and events out\n");
    write_in(demo, output);
    write_relay(demo, output);
    write_arrived(demo, output);
    write_heading(output, "FAILED, as planned for this demo");
    write_not_delivered(demo, "failed", output);
    write_heading(output, "SKIPPED");
    write_not_delivered(demo, "skipped", output);
    write_heading(output, "TRY NEXT");
    buf_add_text(
        &output->text,
        "  subrelay sandbox --listen 127.0.0.1:8080 &   a stand-in Intercom\n"
        "  subrelay init                                an outbox.db here\n"
        "  subrelay enqueue WEBHOOK.json                your own events in\n"
        "  INTERCOM_TOKEN=any subrelay run --drain --api-url "
        "http://127.0.0.1:8080\n"
        "  subrelay list; subrelay show 1; subrelay status\n");
}
