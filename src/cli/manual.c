#include "cli/manual.h"

#include "cli/command.h"
#include "cli/help.h"
#include "delivery/verdict.h"
#include "outbox/filter.h"

#include <string.h>

enum { LINE_COLUMNS = 72 };

static const char description[] =
    "keeps subscription events (RevenueCat webhooks) in an outbox, which is "
    "tables in a SQLite file, and delivers them to Intercom: the contact's "
    "attributes and a data event for each. A producer inserts an event in its "
    "own transaction; from then on nothing is lost. Each user's events are "
    "sent in order, many users at once; every attempt is recorded with its "
    "exact bytes before the first of them leaves.\n"
    "An event becomes a delivery. It is pending until it is sent, sending "
    "while it is, and in the end delivered, failed, skipped or discarded, with "
    "a recorded reason. What operators do is recorded as an operation and can "
    "mostly be taken back.\n"
    "What a command was asked to show goes to the standard output, words about "
    "it to the standard error. With --json lists are one object a line.\n";

struct entry {
    const char *name;
    const char *text;
};

static const struct entry environment[] = {
    {"SUBRELAY_DB", "The database file, where -d is not given."},
    {"INTERCOM_TOKEN",
     "Intercom's access token, where --token-file is not given."},
    {"CREDENTIALS_DIRECTORY",
     "Set by systemd: the token is the credential intercom-token in it, where "
     "neither of the two is given."},
    {"https_proxy",
     "The proxy on the way to Intercom, read once at the start; never used "
     "for this machine itself."},
    {"NO_COLOR", "If set and not empty, nothing is coloured."},
};

static const struct entry files[] = {
    {"outbox.db", "The database, where neither -d nor SUBRELAY_DB names one."},
    {"FILE-wal", "SQLite's write-ahead log beside the database FILE, and "
                 "FILE-shm: never to be removed while it is in use."},
    {"FILE.lock", "Held by the relay of the database FILE: one relay a file. "
                  "It stays when the relay has ended."},
    {"share/subrelay/outbox.sql",
     "The outbox as plain SQL, for sqlite3(1) on machines without subrelay."},
};

static const struct entry exits[] = {
    {"0", "Done."},
    {"1", "Done in part, or not at all for a reason about the data."},
    {"2", "Wrong usage."},
    {"3", "Something around it: a file, a lock, the network, the token."},
};

static const char examples[] =
    "subrelay -d app.db init\n"
    "subrelay -d app.db enqueue webhooks.ndjson\n"
    "subrelay -d app.db run --token-file intercom.token\n"
    "subrelay -d app.db status\n"
    "subrelay -d app.db list state:failed event:renewal 'age:<2h'\n"
    "subrelay -d app.db why 41\n"
    "subrelay -d app.db retry state:failed reason:name_archived --dry-run\n";

/* --- mdoc ---------------------------------------------------------------- */

/* Text as it is read: no macro, no escape, and a hyphen that can be copied. */
static void add_text(const char *text, size_t length, struct buf *out)
{
    if (length > 0 && (*text == '.' || *text == '\''))
        buf_add_text(out, "\\&");
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\')
            buf_add_text(out, "\\e");
        else if (text[i] == '-')
            buf_add_text(out, "\\-");
        else
            buf_add_byte(out, text[i]);
    }
}

/* mdoc wants each sentence to begin a line. */
static bool ends_sentence(const char *word, size_t length)
{
    while (length > 0 && strchr("\")'", word[length - 1]) != NULL)
        length--;
    return length > 0 && strchr(".!?:", word[length - 1]) != NULL;
}

/* One paragraph, in lines. */
static void add_paragraph(const char *text, size_t length, struct buf *out)
{
    size_t at = 0; /* of the line */
    bool ended = false;
    for (size_t i = 0; i < length;) {
        size_t word = strcspn(text + i, " \n");
        word = word > length - i ? length - i : word;
        bool breaks = ended || at + word > LINE_COLUMNS;
        if (at > 0)
            buf_add_byte(out, breaks ? '\n' : ' ');
        at = breaks ? 0 : at;
        add_text(text + i, word, out);
        ended = ends_sentence(text + i, word);
        at += word + 1;
        i += word;
        i += strspn(text + i, " ");
    }
    buf_add_byte(out, '\n');
}

static void add_literal_lines(const char *text, size_t length, struct buf *out)
{
    buf_add_text(out, ".Bd -literal -offset indent\n");
    for (size_t i = 0; i < length;) {
        size_t line = strcspn(text + i, "\n");
        size_t blanks = strspn(text + i, " ");
        blanks = blanks > 2 ? 2 : blanks;
        add_text(text + i + blanks, line - blanks, out);
        buf_add_byte(out, '\n');
        i += line + 1;
    }
    buf_add_text(out, ".Ed\n");
}

/* How far the lines of one kind reach: those that begin with a space (as they
 * are) or do not. */
static size_t find_run(const char *text, bool is_literal)
{
    size_t length = 0;
    while (text[length] != '\0' && text[length] != '\n' &&
           (text[length] == ' ') == is_literal) {
        length += strcspn(text + length, "\n");
        length += text[length] == '\n' ? 1 : 0;
        if (!is_literal)
            break;
    }
    return length;
}

/* Help text: each paragraph one line; lines that begin with a space as they
 * are. */
static void add_help_text(const char *text, struct buf *out)
{
    bool follows = false;
    while (*text != '\0') {
        text += strspn(text, "\n");
        bool is_literal = *text == ' ';
        size_t length = find_run(text, is_literal);
        size_t shown = length;
        while (shown > 0 && text[shown - 1] == '\n')
            shown--;
        if (is_literal) {
            add_literal_lines(text, shown, out);
        } else {
            if (follows)
                buf_add_text(out, ".Pp\n");
            add_paragraph(text, shown, out);
        }
        follows = !is_literal;
        text += length;
    }
}

static void add_entries(const struct entry *entries, size_t count,
                        const char *macro, struct buf *out)
{
    buf_add_text(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < count; i++) {
        buf_add_format(out, ".It %s ", macro);
        add_text(entries[i].name, strlen(entries[i].name), out);
        buf_add_byte(out, '\n');
        add_paragraph(entries[i].text, strlen(entries[i].text), out);
    }
    buf_add_text(out, ".El\n");
}

/* --- commands ------------------------------------------------------------ */

static void add_value(const struct options_row *row, struct buf *out)
{
    if (row->type == OPTIONS_FLAG)
        return;
    buf_add_text(out, " Ar \"");
    for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++) {
        buf_add_text(out, i > 0 ? "|" : "");
        add_text(row->choices[i], strlen(row->choices[i]), out);
    }
    if (row->choices == NULL)
        add_text(row->value, strlen(row->value), out);
    buf_add_byte(out, '"');
}

static void add_option(const struct options_row *row, struct buf *out)
{
    buf_add_text(out, ".It Fl ");
    if (row->letter != '\0')
        buf_add_format(out, "%c , Fl ", row->letter);
    buf_add_text(out, "\\-");
    add_text(row->name, strlen(row->name), out);
    add_value(row, out);
    buf_add_byte(out, '\n');
    add_paragraph(row->help, strlen(row->help), out);
}

static void add_options(const struct options_row *rows, size_t count,
                        struct buf *out)
{
    if (count == 0)
        return;
    buf_add_text(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < count; i++)
        add_option(&rows[i], out);
    buf_add_text(out, ".El\n");
}

static void add_command(const struct command *command, struct buf *out)
{
    struct buf usage;
    buf_init(&usage, 1000);
    help_write_usage(command, &usage);
    buf_add_format(out, ".Ss %s\n", command->name);
    add_literal_lines(buf_text(&usage), usage.length, out);
    buf_free(&usage);
    buf_add_text(out, ".Pp\n");
    add_text(command->summary, strlen(command->summary), out);
    buf_add_text(out, ".\n.Pp\n");
    add_help_text(command->details, out);
    add_options(command->options, command->option_count, out);
    if (*command->examples == '\0')
        return;
    buf_add_text(out, ".Pp\nExamples:\n");
    add_literal_lines(command->examples, strlen(command->examples), out);
}

static void add_commands(struct buf *out)
{
    size_t count;
    const struct command *const *commands = command_table(&count);
    for (size_t i = 0; i < count; i++)
        add_command(commands[i], out);
}

/* --- filters and reasons ------------------------------------------------- */

static void add_filters(struct buf *out)
{
    size_t count;
    const struct filter_key *keys = filter_keys(&count);
    buf_add_text(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < count; i++) {
        buf_add_text(out, ".It Cm \"");
        add_text(keys[i].form, strlen(keys[i].form), out);
        buf_add_text(out, "\"\n");
        add_paragraph(keys[i].meaning, strlen(keys[i].meaning), out);
    }
    buf_add_text(out, ".El\n");
}

static void add_reasons(struct buf *out)
{
    size_t count;
    const struct verdict_reason *reasons = verdict_reasons(&count);
    buf_add_text(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < count; i++) {
        buf_add_format(out, ".It Li %s\n", reasons[i].word);
        add_paragraph(reasons[i].meaning, strlen(reasons[i].meaning), out);
        buf_add_text(out, ".br\n");
        add_paragraph(reasons[i].next_step, strlen(reasons[i].next_step), out);
    }
    buf_add_text(out, ".El\n");
}

/* --- the page ------------------------------------------------------------ */

static void add_head(struct buf *out)
{
    size_t count;
    buf_add_text(out, ".\\\" Made by: subrelay help --man\n"
                      ".Dd November 25, 2026\n"
                      ".Dt SUBRELAY 1\n"
                      ".Os\n"
                      ".Sh NAME\n"
                      ".Nm subrelay\n"
                      ".Nd subscription webhooks in, Intercom contacts and "
                      "events out\n"
                      ".Sh SYNOPSIS\n"
                      ".Nm\n"
                      ".Op Fl d Ar FILE\n"
                      ".Ar COMMAND\n"
                      ".Op Ar OPTION ...\n"
                      ".Op Ar ARGUMENT ...\n"
                      ".Sh DESCRIPTION\n"
                      ".Nm\n");
    add_help_text(description, out);
    buf_add_text(out, ".Pp\nEvery command takes these options:\n");
    const struct options_row *rows = command_global_options(&count);
    add_options(rows, count, out);
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

void manual_write(struct buf *out)
{
    add_head(out);
    buf_add_text(out, ".Sh COMMANDS\n");
    add_commands(out);
    buf_add_text(out, ".Sh FILTERS\n"
                      "Words that choose deliveries; all of them have to fit.\n"
                      "A word without a key is text: the last result or the "
                      "reason contains it.\n"
                      "What stands in double quotes is one word.\n");
    add_filters(out);
    buf_add_text(out, ".Sh REASONS\n"
                      "Why something was not delivered, and what a person can "
                      "do.\n"
                      "They are what\n"
                      ".Cm reason:\n"
                      "of a filter takes.\n");
    add_reasons(out);
    buf_add_text(out, ".Sh ENVIRONMENT\n");
    add_entries(environment, COUNT(environment), "Ev", out);
    buf_add_text(out, ".Sh FILES\n");
    add_entries(files, COUNT(files), "Pa", out);
    buf_add_text(out, ".Sh EXIT STATUS\n");
    add_entries(exits, COUNT(exits), "Li", out);
    buf_add_text(out,
                 ".Sh EXAMPLES\n"
                 "From an empty directory to the first failed delivery:\n");
    add_literal_lines(examples, strlen(examples), out);
    buf_add_text(out, ".Sh SEE ALSO\n.Xr sqlite3 1 ,\n.Xr systemd.exec 5\n");
}
