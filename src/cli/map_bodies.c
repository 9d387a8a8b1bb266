#include "cli/map_bodies.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/body_files.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Far more than an envelope of the longest texts takes, each byte escaped. */
enum { MOST_RESULT_BYTES = 1024 * 1024 };

/* What became of one body. */
struct outcome {
    const struct body *body;
    const struct event *event;       /* NULL: it could not be read */
    const struct envelope *envelope; /* NULL: skipped or invalid */
    const char *skip;                /* NULL: not skipped */
    const char *fault;               /* NULL: not invalid */
};

/* What a run keeps from body to body. */
struct scratch {
    FILE *out;            /* borrowed */
    struct buf envelope;  /* compact */
    struct buf printable; /* the same for a terminal */
    struct buf result;
    int write_errno; /* 0: everything was written */
};

static void write_word(struct buf *out, const char *key, const char *word)
{
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    json_key_text(&json, key, word);
    json_close(&json);
}

static void write_json(const struct outcome *outcome, struct scratch *scratch)
{
    struct buf *out = &scratch->result;
    if (outcome->envelope != NULL)
        mapping_write_envelope(outcome->envelope, out);
    else if (outcome->skip != NULL)
        write_word(out, "skipped", outcome->skip);
    else
        write_word(out, "invalid", outcome->fault);
    buf_add_byte(out, '\n');
}

static void add_line_break(struct buf *out, int depth)
{
    static const char blanks[] = "                    ";
    size_t length = 2 * ((size_t)depth + 1);
    assert(length < sizeof(blanks));
    buf_add_byte(out, '\n');
    buf_add(out, blanks, length);
}

/* The length of the string, with its quotes, or of the bytes at the front that
 * are neither in one nor marks. */
static size_t measure_plain(const char *json)
{
    if (*json != '"')
        return strcspn(json, "{}[],:\"");
    size_t length = 1 + strcspn(json + 1, "\\\"");
    while (json[length] == '\\')
        length += 2 + strcspn(json + length + 2, "\\\"");
    return length + 1;
}

static void add_mark(struct buf *out, char mark, int *depth)
{
    bool opens = mark == '{' || mark == '[';
    bool closes = mark == '}' || mark == ']';
    *depth += (opens ? 1 : 0) - (closes ? 1 : 0);
    if (closes)
        add_line_break(out, *depth);
    buf_add_byte(out, mark);
    if (mark == ':')
        buf_add_byte(out, ' ');
    else if (!closes)
        add_line_break(out, *depth);
}

/* Add valid compact JSON (it ends in a bracket, and nests little) with a line
 * an item, indented. */
static void add_indented(struct buf *out, const char *json)
{
    int depth = 0;
    while (*json != '\0') {
        size_t plain = measure_plain(json);
        buf_add(out, json, plain);
        json += plain;
        if (plain == 0)
            add_mark(out, *json++, &depth);
    }
    buf_add_byte(out, '\n');
}

static void add_printable(struct buf *out, const char *text)
{
    text_add_printable(out, text, strlen(text));
}

static void write_head(const struct outcome *outcome, struct buf *out)
{
    add_printable(out, outcome->body->file);
    buf_add_format(out, ":%" PRId64 ": ", outcome->body->line);
    if (outcome->event != NULL) {
        add_printable(out, outcome->event->type);
        buf_add_text(out, " -> ");
    }
    if (outcome->fault != NULL) {
        buf_add_text(out, "invalid: ");
        add_printable(out, outcome->fault);
    } else if (outcome->skip != NULL) {
        buf_add_format(out, "skipped (%s): %s", outcome->skip,
                       mapping_explain_skip(outcome->skip));
    } else if (!outcome->envelope->has_event_payload) {
        buf_add_text(out, "the contact's attributes only");
    } else {
        add_printable(out, outcome->envelope->event_name);
    }
    buf_add_byte(out, '\n');
}

static void write_shown(const struct outcome *outcome, struct scratch *scratch)
{
    write_head(outcome, &scratch->result);
    if (outcome->envelope == NULL)
        return;
    buf_clear(&scratch->envelope);
    buf_clear(&scratch->printable);
    mapping_write_envelope(outcome->envelope, &scratch->envelope);
    add_printable(&scratch->printable, buf_text(&scratch->envelope));
    buf_add_text(&scratch->result, "  ");
    add_indented(&scratch->result, buf_text(&scratch->printable));
}

static void flush(struct scratch *scratch)
{
    if (scratch->write_errno == 0 && fflush(scratch->out) != 0)
        scratch->write_errno = errno;
}

/* The input has nothing to read right now: whoever reads the results must not
 * wait for the rest of it. */
static void flush_before_wait(void *context)
{
    flush(context);
}

static void write_outcome(const struct map_options *options,
                          const struct outcome *outcome,
                          struct scratch *scratch)
{
    buf_clear(&scratch->result);
    if (options->is_json)
        write_json(outcome, scratch);
    else
        write_shown(outcome, scratch);
    errno = 0;
    size_t written = fwrite(buf_text(&scratch->result), 1,
                            scratch->result.length, scratch->out);
    if (written < scratch->result.length)
        scratch->write_errno = errno == 0 ? EIO : errno;
}

static void refuse(const struct map_options *options, const struct body *body,
                   const struct err *err, struct scratch *scratch,
                   struct map_counts *counts)
{
    struct outcome outcome = {.body = body, .fault = err->text};
    counts->invalid++;
    write_outcome(options, &outcome, scratch);
}

static void map_event(const struct map_options *options,
                      const struct body *body, const struct event *event,
                      struct scratch *scratch, struct map_counts *counts)
{
    struct outcome outcome = {.body = body, .event = event};
    struct envelope envelope;
    struct err err = {0};
    switch (
        mapping_map(event, options->policy, &envelope, &outcome.skip, &err)) {
    case MAPPING_DONE:
        outcome.envelope = &envelope;
        counts->mapped++;
        break;
    case MAPPING_SKIPPED:
        counts->skipped++;
        break;
    case MAPPING_INVALID:
        outcome.fault = err.text;
        counts->invalid++;
        break;
    }
    write_outcome(options, &outcome, scratch);
}

static void map_body(const struct map_options *options, const struct body *body,
                     struct scratch *scratch, struct map_counts *counts)
{
    struct event event;
    struct err err = {0};
    if (!event_parse(body->bytes, body->length, &event, &err)) {
        refuse(options, body, &err, scratch, counts);
        return;
    }
    map_event(options, body, &event, scratch, counts);
    event_free(&event);
}

static void report_unreadable(const struct map_options *options,
                              const struct err *err, struct buf *line,
                              struct map_counts *counts)
{
    counts->unreadable++;
    buf_clear(line);
    add_printable(line, err->text);
    (void)fprintf(options->messages, "%s\n", buf_text(line));
}

static void map_all(const struct map_options *options, struct body_files *files,
                    struct scratch *scratch, struct map_counts *counts)
{
    while (scratch->write_errno == 0) {
        struct body body;
        struct err err = {0};
        switch (body_files_next(files, &body, &err)) {
        case BODIES_ONE:
            map_body(options, &body, scratch, counts);
            break;
        case BODIES_REFUSED:
            refuse(options, &body, &err, scratch, counts);
            break;
        case BODIES_UNREADABLE:
            report_unreadable(options, &err, &scratch->result, counts);
            break;
        case BODIES_END:
            return;
        }
    }
}

bool map_bodies(const struct map_options *options, struct map_counts *counts,
                struct err *err)
{
    struct scratch scratch = {.out = options->out};
    buf_init(&scratch.envelope, MOST_RESULT_BYTES);
    buf_init(&scratch.printable, MOST_RESULT_BYTES);
    buf_init(&scratch.result, MOST_RESULT_BYTES);
    *counts = (struct map_counts){0};
    struct body_files *files =
        body_files_new(options->paths, options->path_count, options->database);
    body_files_on_wait(files, flush_before_wait, &scratch);
    map_all(options, files, &scratch, counts);
    body_files_free(files);
    buf_free(&scratch.result);
    buf_free(&scratch.printable);
    buf_free(&scratch.envelope);
    flush(&scratch);
    if (scratch.write_errno == 0)
        return true;
    return err_set_errno(err, scratch.write_errno, "cannot write the result");
}
