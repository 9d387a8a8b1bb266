/* bench_map.c - how many webhook bodies a second become envelopes.
 *
 * Reads a file with one body a line, made from a folder of webhooks, through
 * the whole of the map command's path, and writes to /dev/null. One thread;
 * counted is the time of the processor, the system's for us included, so that
 * the figure is that of one core whatever else runs. */
#include "base/buf.h"
#include "base/file.h"
#include "cli/map_bodies.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BODIES = 200000, ROUNDS = 5 };

static const char *const webhooks[] = {
    "billing_issue",
    "cancellation",
    "cancellation_refund",
    "expiration",
    "granted_entitlement",
    "initial_purchase",
    "non_subscription_purchase",
    "product_change",
    "renewal",
    "trial_cancelled",
    "trial_converted",
    "trial_started",
};

enum { WEBHOOKS = sizeof(webhooks) / sizeof(webhooks[0]) };

static void end_with(const char *what)
{
    (void)fprintf(stderr, "bench_map: %s\n", what);
    exit(EXIT_FAILURE);
}

/* The webhook as one line with its spaces kept, as RevenueCat sends it; owned
 * by the caller. */
static char *read_line(const char *name)
{
    char path[512];
    struct buf contents;
    struct err err;
    buf_init(&contents, EVENT_MOST_BYTES);
    (void)snprintf(path, sizeof(path), TEST_DATA "/webhooks/%s.json", name);
    if (!file_read(path, &contents, &err))
        end_with(err.text);
    for (size_t i = 0; i < contents.length; i++) {
        if (contents.bytes[i] == '\n')
            contents.bytes[i] = ' ';
    }
    return buf_take(&contents);
}

/* Write the bodies in turn; the bytes written. */
static size_t write_bodies(FILE *file)
{
    size_t bytes = 0;
    char *lines[WEBHOOKS];
    for (size_t i = 0; i < WEBHOOKS; i++)
        lines[i] = read_line(webhooks[i]);
    for (size_t i = 0; i < BODIES; i++) {
        bytes += strlen(lines[i % WEBHOOKS]) + 1;
        if (fprintf(file, "%s\n", lines[i % WEBHOOKS]) < 0)
            end_with("cannot write the bodies");
    }
    for (size_t i = 0; i < WEBHOOKS; i++)
        free(lines[i]);
    return bytes;
}

static int64_t used_ms(void)
{
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static int64_t run(const struct map_options *options)
{
    struct map_counts counts;
    struct err err;
    int64_t before_ms = used_ms();
    if (!map_bodies(options, &counts, &err))
        end_with(err.text);
    if (counts.mapped != BODIES)
        end_with("not every body was mapped");
    return used_ms() - before_ms;
}

static void report(const char *form, size_t bytes, int64_t best_ms)
{
    double seconds = (double)(best_ms == 0 ? 1 : best_ms) / 1000;
    (void)printf("%s: %.0f bodies/s, %.0f bytes each, %.1f MB/s, best of %d\n",
                 form, BODIES / seconds, (double)bytes / BODIES,
                 (double)bytes / seconds / 1e6, ROUNDS);
}

int main(void)
{
    char path[] = "/tmp/bench_map.XXXXXX";
    int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (file == NULL)
        end_with("cannot make a file");
    size_t bytes = write_bodies(file);
    if (fclose(file) != 0)
        end_with("cannot write the bodies");

    struct names names;
    names_init(&names);
    struct mapping_policy policy = {.names = &names};
    const char *const paths[] = {path};
    struct map_options options = {
        .paths = paths,
        .path_count = 1,
        .policy = &policy,
        .out = fopen("/dev/null", "w"),
        .messages = stderr,
    };
    if (options.out == NULL)
        end_with("cannot open /dev/null");
    for (int form = 1; form >= 0; form--) {
        int64_t best_ms = INT64_MAX;
        options.is_json = form == 1;
        for (int round = 0; round < ROUNDS; round++) {
            int64_t took_ms = run(&options);
            best_ms = took_ms < best_ms ? took_ms : best_ms;
        }
        report(options.is_json ? "map --json" : "map", bytes, best_ms);
    }
    (void)fclose(options.out);
    (void)unlink(path);
    return EXIT_SUCCESS;
}
