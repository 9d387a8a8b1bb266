/* fuzz_event.c - any bytes as a webhook body: parsed, mapped under every
 * policy, rendered. What is rendered must be JSON again and keep the user; what
 * is refused must have a reason. What the scan of a body reads is what the tree
 * of cJSON has. The same bytes as a stream of bodies must end, and yield
 * nothing that is no JSON. */
#include "base/json.h"
#include "base/text.h"
#include "cli/bodies.h"
#include "event/mapping.h"
#include "event/members_scan.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_RENDERED_BYTES = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Unlike assert(), also there in a Release build. */
static void demand(bool truth, const char *what)
{
    if (truth)
        return;
    (void)fprintf(stderr, "broken: %s\n", what);
    abort();
}

/* Parse what was rendered; owned by the caller. */
static cJSON *parse_again(const struct buf *out)
{
    struct err err;
    demand(!out->overflow, "what is rendered fits");
    demand(text_is_utf8(buf_text(out), out->length), "rendered is UTF-8");
    cJSON *tree = json_parse(buf_text(out), out->length, &err);
    demand(cJSON_IsObject(tree), "rendered is an object");
    return tree;
}

static void check_event(const struct envelope *envelope, struct buf *out)
{
    buf_clear(out);
    mapping_write_event(envelope, out);
    cJSON *tree = parse_again(out);
    const cJSON *metadata = cJSON_GetObjectItem(tree, "metadata");
    const cJSON *item;
    demand(cJSON_GetArraySize(metadata) <= 10, "at most ten keys");
    cJSON_ArrayForEach(item, metadata) demand(
        !cJSON_IsNull(item) && !cJSON_IsObject(item) && !cJSON_IsArray(item),
        "metadata is flat, without null");
    demand(envelope->created_at_s >= 0, "created_at is after 1970");
    cJSON_Delete(tree);
}

static void check_envelope(const struct envelope *envelope)
{
    struct buf out;
    buf_init(&out, MOST_RENDERED_BYTES);
    mapping_write_envelope(envelope, &out);
    cJSON *tree = parse_again(&out);
    const cJSON *user = cJSON_GetObjectItem(tree, "user_payload");
    const cJSON *id = cJSON_GetObjectItem(user, "user_id");
    demand(text_equals(cJSON_GetStringValue(id), envelope->event->user_id),
           "the user is the event's");
    demand(cJSON_HasObjectItem(tree, "event_payload") ==
               envelope->has_event_payload,
           "an event payload only where there is one");
    cJSON_Delete(tree);
    buf_clear(&out);
    mapping_write_attributes(envelope, &out);
    cJSON_Delete(parse_again(&out));
    if (envelope->has_event_payload)
        check_event(envelope, &out);
    buf_free(&out);
}

static void map_under_every_policy(const struct event *event)
{
    struct names names;
    names_init(&names);
    for (unsigned bits = 0; bits < 8; bits++) {
        struct mapping_policy policy = {
            .names = &names,
            .skip_anonymous_users = (bits & 1) != 0,
            .send_sandbox_events = (bits & 2) != 0,
        };
        for (int kind = 1; kind < KIND_COUNT; kind++)
            names.off[kind] = (bits & 4) != 0;
        struct envelope envelope;
        struct err err = {0};
        const char *reason = NULL;
        switch (mapping_map(event, &policy, &envelope, &reason, &err)) {
        case MAPPING_DONE:
            check_envelope(&envelope);
            break;
        case MAPPING_SKIPPED:
            demand(reason != NULL, "skipped for a reason");
            break;
        case MAPPING_INVALID:
            demand(err.code == ERR_INVALID, "invalid for a reason");
            break;
        }
    }
}

static void demand_same(const struct member_value *a,
                        const struct member_value *b)
{
    demand(a->type == b->type, "the same type");
    demand(a->type != MEMBER_TEXT || strcmp(a->text, b->text) == 0,
           "the same text");
    demand(a->type != MEMBER_NUMBER || a->number == b->number,
           "the same number");
}

/* An escape in a first key, which the scan leaves alone, brings the tree. */
static void check_scan(const char *body, size_t length)
{
    static const char odd_key[] = "{\"\\u0041\":0,";
    struct members scanned;
    struct members read;
    struct err err;
    struct buf odd;
    if (!members_scan(body, length, &scanned))
        return;
    const char *brace = memchr(body, '{', length);
    size_t before = (size_t)(brace - body) + 1;
    buf_init(&odd, length + sizeof(odd_key));
    buf_add(&odd, odd_key, sizeof(odd_key) - 1);
    buf_add(&odd, body + before, length - before);
    demand(members_read(buf_text(&odd), odd.length, &read, &err),
           "the tree takes what the scan does");
    for (int i = 0; i < MEMBER_COUNT; i++)
        demand_same(&scanned.values[i], &read.values[i]);
    demand_same(&scanned.entitlement, &read.entitlement);
    members_free(&scanned);
    members_free(&read);
    buf_free(&odd);
}

static void check_event_parse(const char *body, size_t length)
{
    struct event event;
    struct err err = {0};
    if (!event_parse(body, length, &event, &err)) {
        demand(err.code == ERR_INVALID && err.text[0] != '\0',
               "refused for a reason");
        return;
    }
    demand(event.id[0] != '\0' && event.type[0] != '\0', "id and type");
    map_under_every_policy(&event);
    event_free(&event);
}

/* The bytes as a stream; every result takes at least one byte. */
static void check_bodies(const unsigned char *data, size_t size)
{
    int file = memfd_create("input", MFD_CLOEXEC);
    demand(file >= 0 && write(file, data, size) == (ssize_t)size &&
               lseek(file, 0, SEEK_SET) == 0,
           "the input can be written");
    struct bodies *bodies = bodies_new(file);
    for (size_t results = 0;; results++) {
        struct body body;
        struct err err = {0};
        enum bodies_result result = bodies_next(bodies, &body, &err);
        if (result == BODIES_END)
            break;
        demand(results <= size, "no more results than bytes");
        demand(result != BODIES_UNREADABLE, "the input can be read");
        demand(result != BODIES_REFUSED || err.text[0] != '\0',
               "refused for a reason");
        if (result == BODIES_ONE)
            check_event_parse(body.bytes, body.length);
    }
    bodies_free(bodies);
    (void)close(file);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    /* an exact copy, so that a read behind the end is seen */
    char *body = malloc(size == 0 ? 1 : size);
    if (body == NULL)
        return 0;
    if (size > 0)
        memcpy(body, data, size);
    check_event_parse(body, size);
    check_scan(body, size);
    free(body);
    check_bodies(data, size);
    return 0;
}
