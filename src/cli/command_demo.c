#include "cli/command.h"

#include "cli/demo.h"
#include "cli/demo_live.h"
#include "cli/demo_report.h"
#include "cli/output.h"

#include <stddef.h>
#include <unistd.h>

enum { COMPLAINT_BYTES = 16 * 1024 };

struct settings {
    bool summary;
};

static const struct settings defaults = {.summary = false};

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW(
        "summary", struct settings, summary,
        "print a summary instead of opening the console (what happens "
        "without a terminal)"),
};

static enum command_exit judge(const struct command_call *call,
                               const struct demo *demo)
{
    struct output output;
    struct buf complaint;
    output_init(&output, STDOUT_FILENO);
    buf_init(&complaint, COMPLAINT_BYTES);
    bool is_as_planned = demo_report_check(demo, &complaint);
    demo_report_write(demo, &output);
    buf_add_text(&output.text, is_as_planned ? "\nAll went as planned.\n"
                                             : "\nNot as planned:\n");
    buf_add_text(&output.text, buf_text(&complaint));
    buf_free(&complaint);
    return command_finish(call, &output, is_as_planned ? EXIT_DONE : EXIT_DATA);
}

static enum command_exit run_summary(const struct command_call *call)
{
    struct demo demo;
    struct err err;
    switch (demo_run(&demo, &err)) {
    case DEMO_DONE:
        break;
    case DEMO_INTERRUPTED:
        return command_fail_text(call, EXIT_DATA, "interrupted");
    case DEMO_BROKEN:
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    }
    enum command_exit code = judge(call, &demo);
    demo_free(&demo);
    return code;
}

static enum command_exit run(const struct command_call *call)
{
    const struct settings *settings = call->settings;
    struct err err;
    if (settings->summary || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return run_summary(call);
    if (!demo_live_run(&err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    return EXIT_DONE;
}

const struct command command_demo = {
    .name = "demo",
    .arguments = "",
    .summary = "See it all at work on this machine, without an account",
    .details =
        "Makes a temporary outbox, puts sample events of all ten kinds into "
        "it, and starts a stand-in Intercom and the relay. On a terminal it "
        "opens the console over them, with a line that leads through it: a "
        "quota that paces, a name to change and retry, an outage that heals. "
        "Without a terminal, or with --summary, it says in a few seconds what "
        "arrived, what failed (a few are meant to) and why.\n\n"
        "Needs no account, no token and no network, and leaves nothing "
        "behind.\n\n"
        "Exit of the summary: 0 if all went as planned, the planned failures "
        "included.",
    .examples = "  subrelay demo\n  subrelay demo --summary\n",
    COMMAND_OPTIONS(options, defaults),
    .run = run,
};
