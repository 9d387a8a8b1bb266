/* check_intercom.c - the way to Intercom, and what it says of the token. */
#include "cli/check.h"

#include "base/buf.h"
#include "base/text.h"
#include "cli/token.h"
#include "delivery/intercom.h"
#include "net/http_curl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MOST_NAMES_BYTES = 4096,
    WAIT_MS = 1000,
    CLOCK_NOTE_S = 5,
    CLOCK_BAD_S = 60,
};

struct line {
    struct check_report *report;
    struct http_curl *http;
    bool has_clock;
};

/* Make one call and wait for its end. */
static void call(struct line *line, const char *path, struct http_done *done)
{
    const struct http *http = http_curl_seam(line->http);
    const struct http_request request = {.method = "GET", .path = path};
    http->start(http->context, &request, line);
    while (!http->next_done(http->context, done))
        http->wait(http->context, -1, WAIT_MS);
}

/* Their Date header is of a moment between sending and the answer. */
static void check_clock(struct line *line, const struct http_answer *answer)
{
    if (answer->end != HTTP_ANSWERED || answer->date_s == HTTP_NONE)
        return;
    int64_t ours_s = (answer->started_ms + answer->took_ms / 2) / 1000;
    int64_t ahead_s = ours_s - answer->date_s;
    int64_t away_s = ahead_s < 0 ? -ahead_s : ahead_s;
    line->has_clock = true;
    if (away_s <= CLOCK_NOTE_S)
        check_add(line->report, "clock", CHECK_OK, NULL,
                  "as Intercom's, give or take %d s", CLOCK_NOTE_S);
    else
        check_add(line->report, "clock",
                  away_s <= CLOCK_BAD_S ? CHECK_NOTE : CHECK_ENVIRONMENT,
                  "set it (timedatectl): waits are wrong by as much",
                  "%" PRId64 " s %s Intercom's", away_s,
                  ahead_s > 0 ? "ahead of" : "behind");
}

static void check_me(struct line *line, bool *is_accepted)
{
    struct http_done done;
    struct verdict verdict;
    struct intercom_me me;
    call(line, INTERCOM_ME_PATH, &done);
    verdict_judge(CALL_GET_ME, &done.answer, done.answer.started_ms, &verdict);
    *is_accepted = verdict.action == VERDICT_GO_ON;
    if (*is_accepted) {
        intercom_read_me(&done.answer, &me);
        check_add(line->report, "token", CHECK_OK, NULL,
                  "accepted%s%s%s%s in %" PRId64 " ms",
                  *me.workspace == '\0' ? "" : ", workspace ", me.workspace,
                  *me.region == '\0' ? "" : ", region ", me.region,
                  done.answer.took_ms);
    } else {
        check_add(line->report, "token", CHECK_ENVIRONMENT,
                  verdict.mend[0] != '\0' ? verdict.mend
                                          : verdict_next_step(verdict.reason),
                  "%s", verdict.result);
    }
    check_clock(line, &done.answer);
}

static void check_attributes(struct line *line)
{
    struct http_done done;
    struct buf missing;
    buf_init(&missing, MOST_NAMES_BYTES);
    call(line, INTERCOM_ATTRIBUTES_LIST_PATH, &done);
    if (!intercom_find_missing_attributes(&done.answer, &missing))
        check_add(line->report, "attributes", CHECK_NOTE,
                  "give the token the right to read data attributes, or see "
                  "in Intercom whether the four are there",
                  "the list does not tell (%d)", done.answer.status);
    else if (missing.length > 0)
        check_add(line->report, "attributes", CHECK_NOTE,
                  "the relay creates them when it first needs them, if the "
                  "token may; else create them in Intercom",
                  "missing: %s", buf_text(&missing));
    else
        check_add(line->report, "attributes", CHECK_OK, NULL,
                  "all %d are there", INTERCOM_ATTRIBUTE_COUNT);
    buf_free(&missing);
}

static bool open_line(struct line *line,
                      const struct check_intercom_options *options,
                      struct err *err)
{
    struct token token;
    if (!token_read(options->token_file, &token, err))
        return false;
    const struct http_curl_options http = {
        .api_url = options->api_url,
        .token = token.value,
        .connections = 1,
        .timeout_ms = options->timeout_ms,
        .insecure_http = options->insecure_http,
    };
    bool good = http_curl_new(&http, &line->http, err);
    token_free(&token);
    return good;
}

bool check_intercom(struct check_report *report,
                    const struct check_intercom_options *options)
{
    struct line line = {.report = report};
    struct err err;
    bool is_accepted;
    if (!open_line(&line, options, &err)) {
        check_add(report, "token", CHECK_ENVIRONMENT,
                  err.code == ERR_NOT_FOUND
                      ? "or leave Intercom out: check --offline"
                      : NULL,
                  "%s", err.text);
        return false;
    }
    const char *proxy = http_curl_proxy(line.http);
    check_add(report, "proxy", CHECK_OK, NULL, "%.200s",
              *proxy == '\0' ? "none" : proxy);
    check_add(report, "destination", CHECK_OK, NULL, "%.200s",
              options->api_url);
    check_me(&line, &is_accepted);
    if (is_accepted)
        check_attributes(&line);
    http_curl_free(line.http);
    return line.has_clock;
}
