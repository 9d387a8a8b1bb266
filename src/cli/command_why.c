#include "cli/command.h"

#include "cli/lookup.h"
#include "cli/output.h"
#include "outbox/story.h"
#include "outbox/words.h"

#include <inttypes.h>
#include <stddef.h>
#include <unistd.h>

struct settings {
    bool json;
};

static const struct settings defaults;

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("json", struct settings, json,
                     "one JSON object: id, state, reason, why, next_step"),
};

static void write_json(const struct story *story, struct output *output)
{
    struct json json;
    json_begin(&json, &output->text);
    json_open_object(&json);
    json_key_int64(&json, "id", story->row.id);
    json_key_text(&json, "state", story->row.state);
    json_key_text(&json, "reason", story->row.reason);
    json_key_text(&json, "why", buf_text(&story->why));
    json_key_text(&json, "next_step", story->next_step);
    json_close(&json);
    buf_add_byte(&output->text, '\n');
}

static void write_text(const struct story *story, struct output *output)
{
    buf_add_format(&output->text, "%" PRId64 " is ", story->row.id);
    output_role_text(output, output_state_role(story->row.state),
                     story->row.state);
    buf_add_text(&output->text, ". ");
    output_printable(output, buf_text(&story->why));
    buf_add_byte(&output->text, '\n');
    if (story->next_step != NULL)
        buf_add_format(&output->text, "Next step: %s\n", story->next_step);
}

static enum command_exit print(const struct command_call *call,
                               const struct story *story)
{
    const struct settings *settings = call->settings;
    struct output output;
    output_init(&output, STDOUT_FILENO);
    if (settings->json)
        write_json(story, &output);
    else
        write_text(story, &output);
    return command_finish(call, &output, EXIT_DONE);
}

static bool read_story(struct store *store, int64_t id, int64_t now_ms,
                       void *what, struct err *err)
{
    return story_read(store, id, now_ms, what, err);
}

static enum command_exit run(const struct command_call *call)
{
    struct story story;
    enum command_exit code;
    if (!lookup_delivery(call, read_story, &story, &code))
        return code;
    code = print(call, &story);
    story_free(&story);
    return code;
}

const struct command command_why = {
    .name = "why",
    .arguments = "ID",
    .summary = "Say in a sentence why a delivery is where it is",
    .details = "Why it is there and what happens next, from the state that the "
               "relay itself goes by; where a person can do something about "
               "it, the next step.",
    .examples = "  subrelay why 41\n",
    COMMAND_OPTIONS(options, defaults),
    .least_words = 1,
    .most_words = 1,
    .uses_database = true,
    .run = run,
};
