#include "cli/command.h"

#include "base/file.h"
#include "cli/address.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "net/sandbox.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

struct settings {
    const char *listen;
    int64_t quota;
    int64_t latency_ms;
    const char *faults;
    int64_t seed;
    const char *token_file;
    bool attributes_missing;
};

static const struct settings defaults = {.listen = "127.0.0.1:8080", .seed = 1};

#define FIELD(name) .offset = offsetof(struct settings, name)

static const struct options_row options[] = {
    {.name = "listen",
     .type = OPTIONS_TEXT,
     FIELD(listen),
     .value = "ADDR:PORT",
     .help = "where to listen (127.0.0.1:8080); port 0 takes a free one"},
    {.name = "quota",
     .type = OPTIONS_INTEGER,
     FIELD(quota),
     .value = "N",
     .minimum = 1,
     .maximum = SANDBOX_QUOTA_UNLIMITED,
     .help = "calls allowed in each window of 10 seconds (no limit)"},
    {.name = "latency",
     .type = OPTIONS_INTEGER,
     FIELD(latency_ms),
     .value = "MS",
     .minimum = 0,
     .maximum = 600000,
     .help = "milliseconds that every answer takes at least (0)"},
    {.name = "faults",
     .type = OPTIONS_TEXT,
     FIELD(faults),
     .value = "SPEC",
     .help = "what goes wrong, see above (nothing)"},
    {.name = "seed",
     .type = OPTIONS_INTEGER,
     FIELD(seed),
     .value = "N",
     .minimum = 0,
     .maximum = INT64_MAX,
     .help = "of the faults' dice and the contacts' ids (1)"},
    {.name = "token-file",
     .type = OPTIONS_TEXT,
     FIELD(token_file),
     .value = "FILE",
     .help = "take only this token (any)"},
    OPTIONS_FLAG_ROW(
        "attributes-missing", struct settings, attributes_missing,
        "start without subrelay's four contact attributes, as a new "
        "workspace does"),
};

/* Start it; token NULL: any is taken. */
static bool start(const struct settings *settings,
                  const struct address *address, const char *token,
                  struct sandbox **sandbox, struct err *err)
{
    const struct sandbox_options sandbox_options = {
        .address = address->host,
        .port = address->port,
        .quota = settings->quota,
        .latency_ms = settings->latency_ms,
        .faults = settings->faults,
        .seed = (uint64_t)settings->seed,
        .token = token,
        .attributes_missing = settings->attributes_missing,
    };
    return sandbox_start(&sandbox_options, sandbox, err);
}

static void wait_for_signal(int descriptor)
{
    struct pollfd waited = {.fd = descriptor, .events = POLLIN};
    do {
        if (poll(&waited, 1, -1) < 0 && errno != EINTR)
            return;
    } while (signals_take(descriptor) == 0);
}

static void write_summary(struct sandbox *sandbox, struct output *output)
{
    struct sandbox_summary summary;
    sandbox_summarize(sandbox, &summary);
    buf_add_format(&output->text,
                   "%" PRId64 " calls, %" PRId64 " contacts, %" PRId64
                   " events, %" PRId64 " duplicates, %" PRId64
                   " rate limited, %" PRId64 " refused\n",
                   summary.calls, summary.contacts, summary.events,
                   summary.duplicates, summary.rate_limited, summary.refused);
    sandbox_summary_free(&summary);
}

static enum command_exit serve(const struct command_call *call,
                               const struct address *address,
                               struct sandbox *sandbox, int signals)
{
    struct output output;
    output_init(&output, STDOUT_FILENO);
    buf_add_format(&output.text, "listening on http://%s%s%s:%" PRIu16 "\n",
                   address->is_ipv6 ? "[" : "", address->host,
                   address->is_ipv6 ? "]" : "", sandbox_port(sandbox));
    if (output_flush(&output)) {
        wait_for_signal(signals);
        write_summary(sandbox, &output);
    }
    return command_finish(call, &output, EXIT_DONE);
}

static enum command_exit start_and_serve(const struct command_call *call,
                                         const struct address *address,
                                         const char *token, int signals)
{
    struct sandbox *sandbox;
    struct err err;
    if (!start(call->settings, address, token, &sandbox, &err))
        return command_fail(
            call, err.code == ERR_INVALID ? EXIT_USAGE : EXIT_ENVIRONMENT,
            &err);
    enum command_exit code = serve(call, address, sandbox, signals);
    sandbox_stop(sandbox);
    return code;
}

static enum command_exit read_and_serve(const struct command_call *call,
                                        int signals)
{
    const struct settings *settings = call->settings;
    struct address address;
    struct err err;
    char *token = NULL;
    if (!address_parse(settings->listen, &address, &err))
        return command_fail_text(call, EXIT_USAGE, "--listen: %s", err.text);
    if (settings->token_file != NULL &&
        !file_read_secret(settings->token_file, &token, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = start_and_serve(call, &address, token, signals);
    free(token);
    return code;
}

/* Signals first: however early one comes, it is an end in good order. */
static enum command_exit run(const struct command_call *call)
{
    struct err err;
    int signals;
    if (!signals_open(&signals, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    enum command_exit code = read_and_serve(call, signals);
    (void)close(signals);
    return code;
}

const struct command command_sandbox = {
    .name = "sandbox",
    .arguments = "",
    .summary = "Be a stand-in Intercom to try things on",
    .details =
        "Answers as Intercom's API does: contacts, events with its dedupe, "
        "data attributes, quota windows, errors. All in memory; gone when it "
        "ends. SIGTERM or Ctrl-C ends it.\n\n"
        "--faults takes words with commas between them: WHAT:RATE or "
        "WHAT@PATH:RATE, where RATE is 0.05 or 5%, PATH one of me, contacts, "
        "events, data_attributes, and WHAT a status (429, 503 ...), html, "
        "portal, timeout, reset, reset-after, truncate or slow; reject=NAME "
        "(an archived event name), deleted=USER, archived=USER, "
        "down=SECONDS.\n\n"
        "To look at what arrived:\n"
        "  GET /_sandbox/events    every event, in order (?user=ID: of one)\n"
        "  GET /_sandbox/contacts  every contact\n"
        "  GET /_sandbox/stats     counts",
    .examples =
        "  subrelay sandbox --listen 127.0.0.1:8080 &\n"
        "  INTERCOM_TOKEN=any subrelay run --api-url http://127.0.0.1:8080 "
        "--drain\n"
        "  curl -s http://127.0.0.1:8080/_sandbox/events\n",
    COMMAND_OPTIONS(options, defaults),
    .run = run,
};
