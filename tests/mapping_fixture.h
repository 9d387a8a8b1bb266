/* mapping_fixture.h - what the tests of the mapping share: a policy, and short
 * ways to map an event and to read back what was written. */
#ifndef TESTS_MAPPING_FIXTURE_H
#define TESTS_MAPPING_FIXTURE_H

#include "event/mapping.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <cjson/cJSON.h>

/* Names stay at their defaults unless a test changes them. */
static struct names names;
static struct mapping_policy policy;

static inline int set_policy(void **state)
{
    (void)state;
    names_init(&names);
    policy = (struct mapping_policy){.names = &names};
    return 0;
}

static inline void read_event(const char *path, struct event *event)
{
    struct buf contents;
    struct err err;
    buf_init(&contents, EVENT_MOST_BYTES);
    if (!file_read(path, &contents, &err) ||
        !event_parse(buf_text(&contents), contents.length, event, &err))
        fail_msg("%s: %s", path, err.text);
    buf_free(&contents);
}

static inline enum mapping_result
map(const struct event *event, struct envelope *envelope, const char **reason)
{
    struct err err = {0};
    enum mapping_result result =
        mapping_map(event, &policy, envelope, reason, &err);
    assert_int_equal(err.code,
                     result == MAPPING_INVALID ? ERR_INVALID : ERR_NONE);
    return result;
}

static inline void map_done(const struct event *event,
                            struct envelope *envelope)
{
    const char *reason = "";
    if (map(event, envelope, &reason) != MAPPING_DONE)
        fail_msg("not mapped: %s", reason);
}

typedef void writer(const struct envelope *envelope, struct buf *out);

/* What the writer writes, parsed again; owned by the caller. */
static inline cJSON *write_tree(writer *write, const struct envelope *envelope)
{
    struct buf out;
    buf_init(&out, EVENT_MOST_BYTES);
    write(envelope, &out);
    assert_false(out.overflow);
    cJSON *tree = cJSON_Parse(buf_text(&out));
    if (tree == NULL)
        fail_msg("not JSON: %s", buf_text(&out));
    buf_free(&out);
    return tree;
}

#define TEST(function) cmocka_unit_test_setup(function, set_policy)

#endif
