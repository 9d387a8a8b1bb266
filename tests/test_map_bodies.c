#include "cli/map_bodies.h"

#include "base/buf.h"
#include "cli/body_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct names names;
static struct mapping_policy policy;
static char folder[] = "/tmp/test_map_bodies.XXXXXX";
static char path_a[64];
static char path_b[64];

static int make_folder(void **state)
{
    (void)state;
    names_init(&names);
    policy.names = &names;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path_a, sizeof(path_a), "%s/a", folder);
    (void)snprintf(path_b, sizeof(path_b), "%s/b", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    (void)unlink(path_a);
    (void)unlink(path_b);
    return rmdir(folder);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What a run wrote; texts are owned (free()). */
struct run {
    char *out;
    char *messages;
    struct map_counts counts;
};

static void map(const char *const *paths, size_t count, bool is_json,
                struct run *run)
{
    size_t out_length;
    size_t messages_length;
    struct err err;
    struct map_options options = {
        .paths = paths,
        .path_count = count,
        .policy = &policy,
        .is_json = is_json,
        .out = open_memstream(&run->out, &out_length),
        .messages = open_memstream(&run->messages, &messages_length),
    };
    assert_true(map_bodies(&options, &run->counts, &err));
    assert_int_equal(fclose(options.out), 0);
    assert_int_equal(fclose(options.messages), 0);
}

static void free_run(struct run *run)
{
    free(run->out);
    free(run->messages);
}

#define RENEWAL(user)                                                          \
    "{\"event\":{\"id\":\"i\",\"type\":\"RENEWAL\",\"app_user_id\":\"" user    \
    "\",\"purchased_at_ms\":5000,\"store\":\"APP_STORE\"}}"

static void json_is_one_line_an_input_in_order(void **state)
{
    (void)state;
    struct run run;
    const char *const paths[] = {path_a, path_b};
    write_file(path_a, RENEWAL("u") "\n{\"event\":{\"id\":\"i\",\"type\":"
                                    "\"TEST\"}}\nhello\n{\"event\":7}\n");
    write_file(path_b, "[{\"event\":{\"id\":\"i\",\"type\":\"EXPIRATION\","
                       "\"app_user_id\":\"u\"}},{\"a\":1]");
    map(paths, 2, true, &run);
    assert_string_equal(
        run.out,
        "{\"product_identifier\":null,\"app_id\":null,\"user_payload\":{"
        "\"user_id\":\"u\",\"custom_attributes\":{\"latest_store\":"
        "\"APP_STORE\",\"latest_entitlement\":null,\"expires_at\":null,"
        "\"subscription_status\":\"active\"}},\"event_payload\":{"
        "\"event_name\":\"rc_renewal_event\",\"user_id\":\"u\","
        "\"created_at\":5,\"metadata\":{\"product_identifier\":null,"
        "\"entitlement\":null,\"store\":\"APP_STORE\",\"expires_at\":null}}}\n"
        "{\"skipped\":\"no_intercom_event\"}\n"
        "{\"invalid\":\"not a JSON object\"}\n"
        "{\"invalid\":\"event: not an object\"}\n"
        "{\"invalid\":\"event.expiration_at_ms: missing; created_at comes "
        "from it\"}\n"
        "{\"invalid\":\"not JSON (at byte 7)\"}\n");
    assert_string_equal(run.messages, "");
    assert_int_equal(run.counts.mapped, 1);
    assert_int_equal(run.counts.skipped, 1);
    assert_int_equal(run.counts.invalid, 4);
    assert_int_equal(run.counts.unreadable, 0);
    free_run(&run);
}

static void people_read_where_what_and_the_envelope(void **state)
{
    (void)state;
    struct run run;
    struct buf expected;
    const char *const paths[] = {path_a};
    write_file(
        path_a,
        "\n" RENEWAL(
            "a\\\"{,b") "\n{\"event\":{\"id\":\"i\",\"type\":"
                        "\"TEST\"}}\n[5]\n"
                        "{\"event\":{\"id\":\"i\",\"type\":\"UNCANCELLATION\","
                        "\"app_user_id\":\"u\"}}\n"
                        "{\"event\":{\"id\":\"i\",\"type\":\"EXPIRATION\","
                        "\"app_user_id\":\"u\"}}\n");
    map(paths, 1, false, &run);
    buf_init(&expected, 10000);
    buf_add_format(&expected, "%s:2: RENEWAL -> rc_renewal_event\n", path_a);
    buf_add_text(&expected, "  {\n"
                            "    \"product_identifier\": null,\n"
                            "    \"app_id\": null,\n"
                            "    \"user_payload\": {\n"
                            "      \"user_id\": \"a\\\"{,b\",\n"
                            "      \"custom_attributes\": {\n"
                            "        \"latest_store\": \"APP_STORE\",\n"
                            "        \"latest_entitlement\": null,\n"
                            "        \"expires_at\": null,\n"
                            "        \"subscription_status\": \"active\"\n"
                            "      }\n"
                            "    },\n"
                            "    \"event_payload\": {\n"
                            "      \"event_name\": \"rc_renewal_event\",\n"
                            "      \"user_id\": \"a\\\"{,b\",\n"
                            "      \"created_at\": 5,\n"
                            "      \"metadata\": {\n"
                            "        \"product_identifier\": null,\n"
                            "        \"entitlement\": null,\n"
                            "        \"store\": \"APP_STORE\",\n"
                            "        \"expires_at\": null\n"
                            "      }\n"
                            "    }\n"
                            "  }\n");
    buf_add_format(&expected, "%s:3: TEST -> skipped (no_intercom_event): %s\n",
                   path_a, mapping_explain_skip(SKIP_NO_INTERCOM_EVENT));
    buf_add_format(&expected, "%s:4: invalid: not a JSON object\n", path_a);
    buf_add_format(&expected,
                   "%s:5: UNCANCELLATION -> the contact's attributes only\n",
                   path_a);
    assert_memory_equal(run.out, buf_text(&expected), expected.length);
    assert_non_null(strstr(run.out, ":6: EXPIRATION -> invalid: "
                                    "event.expiration_at_ms: missing; "
                                    "created_at comes from it\n"));
    buf_free(&expected);
    free_run(&run);
}

static void a_terminal_obeys_nothing_of_it(void **state)
{
    (void)state;
    struct run run;
    const char *const paths[] = {path_a};
    /* U+009B (CSI), U+202E (right to left), ESC, as text and as escape */
    write_file(
        path_a,
        RENEWAL("\xC2\x9B"
                "2J\xE2\x80\xAE\\u001b[2J\\u009b") "\n{\"event\":{\"id\":\"i\","
                                                   "\"type\":\"\\u001b["
                                                   "2J\xC2\x9B\"}}");
    map(paths, 1, false, &run);
    assert_null(strchr(run.out, '\x1B'));
    assert_null(strstr(run.out, "\xC2\x9B"));
    assert_null(strstr(run.out, "\xE2\x80\xAE"));
    assert_non_null(strstr(run.out, "\"?2J?\\u001b[2J?\""));
    assert_non_null(strstr(run.out, ":2: ?[2J? -> skipped"));
    free_run(&run);
}

static void every_json_line_is_json(void **state)
{
    (void)state;
    struct run run;
    const char *const paths[] = {path_a};
    write_file(path_a, RENEWAL("\\n\\u2028\\\"") "\n{\"event\":{\"id\":"
                                                 "\"\xFF\"}}\n\xFF\x1B\n");
    map(paths, 1, true, &run);
    char *rest = run.out;
    for (int lines = 0; lines < 3; lines++) {
        char *end = strchr(rest, '\n');
        assert_non_null(end);
        cJSON *tree = cJSON_ParseWithLength(rest, (size_t)(end - rest));
        assert_true(cJSON_IsObject(tree));
        cJSON_Delete(tree);
        rest = end + 1;
    }
    assert_string_equal(rest, "");
    free_run(&run);
}

static void the_policy_and_its_names_hold(void **state)
{
    (void)state;
    struct run run;
    struct err err;
    const char *const paths[] = {path_a};
    assert_true(names_set(&names, KIND_RENEWAL, "Renewed", &err));
    write_file(path_a, RENEWAL("u"));
    map(paths, 1, false, &run);
    assert_non_null(strstr(run.out, "RENEWAL -> Renewed\n"));
    free_run(&run);
    policy.skip_anonymous_users = true;
    write_file(path_a,
               RENEWAL("$RCAnonymousID:00000000000000000000000000000000"));
    map(paths, 1, true, &run);
    assert_string_equal(run.out, "{\"skipped\":\"anonymous_user\"}\n");
    free_run(&run);
    policy.skip_anonymous_users = false;
    names_init(&names);
}

static void a_file_that_cannot_be_read_leaves_the_others(void **state)
{
    (void)state;
    struct run run;
    char missing[80];
    (void)snprintf(missing, sizeof(missing), "%s/missing", folder);
    const char *const paths[] = {missing, folder, path_a};
    struct buf expected;
    buf_init(&expected, 1000);
    buf_add_format(&expected, "%s: No such file or directory\n", missing);
    buf_add_format(&expected, "%s: cannot read: Is a directory\n", folder);
    write_file(path_a, "5");
    map(paths, 3, true, &run);
    assert_string_equal(run.out, "{\"invalid\":\"not a JSON object\"}\n");
    assert_string_equal(run.messages, buf_text(&expected));
    assert_int_equal(run.counts.unreadable, 2);
    assert_int_equal(run.counts.invalid, 1);
    buf_free(&expected);
    free_run(&run);
}

static void the_database_is_not_opened_under_any_name(void **state)
{
    (void)state;
    const char *const paths[] = {path_b, path_a};
    write_file(path_a, "{}");
    (void)unlink(path_b);
    assert_int_equal(link(path_a, path_b), 0);
    struct body_files *files = body_files_new(paths, 2, path_a);
    for (size_t i = 0; i < 2; i++) {
        struct body body;
        struct err err = {0};
        assert_int_equal(body_files_next(files, &body, &err),
                         BODIES_UNREADABLE);
        assert_non_null(strstr(err.text, ": is the database itself"));
    }
    struct body body;
    struct err err;
    assert_int_equal(body_files_next(files, &body, &err), BODIES_END);
    body_files_free(files);
    body_files_free(NULL);
    (void)unlink(path_b);
}

/* Run check() with the file as the standard input. */
static void with_input(const char *path, void (*check)(void))
{
    int saved = dup(STDIN_FILENO);
    assert_non_null(freopen(path, "r", stdin));
    check();
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    (void)close(saved);
}

static void map_input(void)
{
    struct run run;
    map(NULL, 0, false, &run);
    assert_string_equal(run.out, "(input):1: invalid: not a JSON object\n");
    free_run(&run);
}

static void map_dash(void)
{
    struct run run;
    const char *const paths[] = {"-"};
    map(paths, 1, false, &run);
    assert_string_equal(run.out, "(input):1: invalid: not a JSON object\n");
    free_run(&run);
}

static void refuse_database_as_input(void)
{
    struct body body;
    struct err err;
    struct body_files *files = body_files_new(NULL, 0, path_a);
    assert_int_equal(body_files_next(files, &body, &err), BODIES_UNREADABLE);
    assert_string_equal(err.text, "(input): is the database itself");
    body_files_free(files);
}

static void no_file_or_a_dash_is_the_standard_input(void **state)
{
    (void)state;
    write_file(path_a, "5\n");
    with_input(path_a, map_input);
    with_input(path_a, map_dash);
    with_input(path_a, refuse_database_as_input);
}

static void a_result_that_cannot_be_written_fails(void **state)
{
    (void)state;
    const char *const paths[] = {path_a};
    struct map_counts counts;
    struct err err;
    struct map_options options = {
        .paths = paths,
        .path_count = 1,
        .policy = &policy,
        .out = fopen("/dev/full", "w"),
        .messages = stderr,
    };
    assert_non_null(options.out);
    write_file(path_a, RENEWAL("u"));
    assert_false(map_bodies(&options, &counts, &err));
    assert_int_equal(err.code, ERR_FULL);
    assert_string_equal(err.text,
                        "cannot write the result: No space left on device");
    (void)fclose(options.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_one_line_an_input_in_order),
        cmocka_unit_test(people_read_where_what_and_the_envelope),
        cmocka_unit_test(a_terminal_obeys_nothing_of_it),
        cmocka_unit_test(every_json_line_is_json),
        cmocka_unit_test(the_policy_and_its_names_hold),
        cmocka_unit_test(a_file_that_cannot_be_read_leaves_the_others),
        cmocka_unit_test(the_database_is_not_opened_under_any_name),
        cmocka_unit_test(no_file_or_a_dash_is_the_standard_input),
        cmocka_unit_test(a_result_that_cannot_be_written_fails),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
