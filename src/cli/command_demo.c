#include "cli/command.h"

#include "cli/demo.h"
#include "cli/demo_report.h"
#include "cli/output.h"

#include <unistd.h>

enum { COMPLAINT_BYTES = 16 * 1024 };

static enum command_exit judge(const struct command_call *call,
                               const struct demo *demo)
{
    struct output output;
    struct buf complaint;
    struct err err;
    output_init(&output, STDOUT_FILENO);
    buf_init(&complaint, COMPLAINT_BYTES);
    bool is_as_planned = demo_report_check(demo, &complaint);
    demo_report_write(demo, &output);
    buf_add_text(&output.text, is_as_planned ? "\nAll went as planned.\n"
                                             : "\nNot as planned:\n");
    buf_add_text(&output.text, buf_text(&complaint));
    buf_free(&complaint);
    if (!output_finish(&output, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    return is_as_planned ? EXIT_DONE : EXIT_DATA;
}

static enum command_exit run(const struct command_call *call)
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

const struct command command_demo = {
    .name = "demo",
    .arguments = "",
    .summary = "See it all at work on this machine, in a few seconds",
    .details =
        "Makes a temporary outbox, puts sample events of all ten kinds into "
        "it, starts a stand-in Intercom and the relay, and says what arrived, "
        "what failed (a few are meant to) and why. Needs no account, no token "
        "and no network, and leaves nothing behind.\n\n"
        "Exit 0 if all went as planned, the planned failures included.",
    .examples = "  subrelay demo\n",
    .run = run,
};
