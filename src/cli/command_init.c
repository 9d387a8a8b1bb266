#include "cli/command.h"

#include "outbox/store.h"

#include <stddef.h>
#include <string.h>

struct settings {
    bool wal;
};

static const struct settings defaults;

static const struct options_row options[] = {
    OPTIONS_FLAG_ROW("wal", struct settings, wal,
                     "set WAL mode in a file that exists (a new one has it)"),
};

static void report_result(const struct command_call *call,
                          const struct store_init_report *report)
{
    const char *path = call->database;
    if (report->created_file)
        command_say("Created %s with an outbox (schema %d, WAL, mode 0600).",
                    path, report->version_now);
    else if (report->version_before == 0)
        command_say("Added an outbox (schema %d) to %s.", report->version_now,
                    path);
    else if (report->version_before < report->version_now)
        command_say("Upgraded the outbox in %s from schema %d to %d.", path,
                    report->version_before, report->version_now);
    else
        command_say("The outbox in %s is up to date (schema %d).", path,
                    report->version_now);
}

static enum command_exit run(const struct command_call *call)
{
    const struct settings *settings = call->settings;
    struct store_init_report report;
    struct err err;
    if (!store_init(call->database, settings->wal, &report, &err))
        return command_fail(call, EXIT_ENVIRONMENT, &err);
    report_result(call, &report);
    if (!report.created_file && settings->wal)
        command_say("The file's journal mode is WAL; auto_vacuum and "
                    "permissions are left as they were.");
    else if (!report.created_file && report.version_before == 0)
        command_say("The file's journal mode (%s), auto_vacuum and permissions "
                    "are left as they were.",
                    report.journal_mode);
    if (strcmp(report.journal_mode, "wal") != 0)
        command_say("Its journal mode is %s: in WAL producers and relay do not "
                    "wait for each other. To set it: subrelay -d %s init --wal",
                    report.journal_mode, call->database);
    return EXIT_DONE;
}

const struct command command_init = {
    .name = "init",
    .arguments = "",
    .summary = "Create or upgrade the outbox in the database file",
    .details = "Creates the file if there is none (WAL, incremental "
               "auto_vacuum, mode 0600). In a file that exists, such as your "
               "application's own database, it adds tables that are all named "
               "outbox or outbox_*, and changes nothing else. Safe to repeat; "
               "an older outbox is upgraded, a newer one refused.",
    .examples = "  subrelay -d app.db init\n"
                "  sqlite3 app.db \"INSERT INTO outbox (payload) VALUES "
                "('...')\"\n",
    COMMAND_OPTIONS(options, defaults),
    .uses_database = true,
    .run = run,
};
