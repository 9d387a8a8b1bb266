#include "delivery/verdict.h"

#include "base/buf.h"
#include "base/text.h"
#include "delivery/intercom_answer.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* --- the table ----------------------------------------------------------- */

#define CALLS(call) (1U << (call))
#define CREATE      CALLS(CALL_CREATE_CONTACT)
#define UPDATE      CALLS(CALL_UPDATE_CONTACT)
#define FIND        CALLS(CALL_FIND_CONTACT)
#define UNARCHIVE   CALLS(CALL_UNARCHIVE)
#define EVENT       CALLS(CALL_SEND_EVENT)
#define ATTRIBUTE   CALLS(CALL_CREATE_ATTRIBUTE)
#define ME          CALLS(CALL_GET_ME)
#define WRITE       (CREATE | UPDATE)
#define CONTACT     (WRITE | FIND | UNARCHIVE)
#define NO_CONTACT  (EVENT | ATTRIBUTE | ME)
#define ANY         (CALLS(CALL_COUNT) - 1)

/* What stands in the place of a status when there is no answer. */
#define NOT_SENT(trouble) (-100 - (int)(trouble))
#define UNKNOWN(trouble)  (-200 - (int)(trouble))
#define NOT_SENT_ALL      -199, -100
#define UNKNOWN_ALL       -299, -200

/* What stands in the place of an error's words after a success, where no error
 * is read. */
#define SAYS_HTML  "\001html"
#define SAYS_NO_ID "\001no id"

#define UNRESOLVED REASON_CONTACT_UNRESOLVED

/* Words for errors about the four attributes of ours. */
#define OUR_ATTRIBUTE                                                          \
    "custom*attribute|data attribute|latest_store|latest_entitlement|"         \
    "expires_at|subscription_status"

#define IN_FUTURE     "created_at*future|future*created_at|in the future"
#define NAME_ARCHIVED "name*archived|archived*name|event*archived"

struct rule {
    unsigned calls; /* of these */
    int from, to;   /* statuses */
    /* Found in "code field message", whatever the case: pieces with anything
     * between them where a '*' stands; '|' between alternatives. NULL: any. */
    const char *says;
    enum verdict_action action;
    const char *reason;
    bool costs_try;
    enum verdict_probe probe;
};

/* clang-format off */
#define ONLY(status)    (status), (status)
#define GO_ON           VERDICT_GO_ON, NULL,   false, PROBE_NONE
#define RETRY(reason)   VERDICT_RETRY, reason, true,  PROBE_NONE
#define FREE(reason)    VERDICT_RETRY, reason, false, PROBE_NONE
#define FAIL(reason)    VERDICT_FAIL,  reason, true,  PROBE_NONE
#define HOLD(reason)    VERDICT_HOLD,  reason, false, PROBE_DELIVERY
#define HOLD_ME(reason) VERDICT_HOLD,  reason, false, PROBE_GET_ME
#define WAIT(reason)    VERDICT_WAIT,  reason, false, PROBE_NONE
#define REPAIR(what, reason) VERDICT_##what, reason, false, PROBE_NONE

/* Design, "Verdicts". The first rule that matches counts; the last one matches
 * everything. RETRY and FAIL cost a try; FREE is a retry that does not; HOLD
 * is probed by a delivery, HOLD_ME by GET /me. */
static const struct rule rules[] = {
    /* no answer */
    {ANY, ONLY(NOT_SENT(HTTP_CERTIFICATE)), NULL, HOLD_ME("certificate")},
    {ANY, ONLY(NOT_SENT(HTTP_RECALLED)),    NULL, WAIT("recalled")},
    {ANY, NOT_SENT_ALL,                     NULL, FREE("not_connected")},
    {ANY, ONLY(UNKNOWN(HTTP_TIMED_OUT)),    NULL, RETRY("timed_out")},
    {ANY, ONLY(UNKNOWN(HTTP_STOPPED)),      NULL, FREE("interrupted")},
    {ANY, UNKNOWN_ALL,                      NULL, RETRY("connection_reset")},

    /* success, or what looks like it */
    {NO_CONTACT, 200, 299, SAYS_HTML,  HOLD("html_answer")},
    {FIND,       200, 299, SAYS_NO_ID, RETRY("unexpected_answer")},
    {ANY,        200, 299, NULL,       GO_ON},

    /* the destination as a whole */
    {ANY,   ONLY(429), NULL, WAIT("quota")},
    {ANY,   300, 399,  NULL, HOLD("redirected")},
    {ANY,   ONLY(400), "intercom_version_invalid", HOLD("wrong_version")},
    {WRITE, 400, 401,  "attribute*does not exist",
                             REPAIR(CREATE_ATTRIBUTES, "attributes_missing")},
    {ANY,   ONLY(401), NULL, HOLD_ME("token_refused")},
    {ATTRIBUTE, 402, 403, NULL, HOLD("attributes_missing")},
    {ANY,   402, 403,  "api_plan_restricted", HOLD("plan_restricted")},
    {ANY,   ONLY(402), NULL, HOLD("plan_restricted")},
    {ANY,   ONLY(403), NULL, HOLD("forbidden")},
    {CREATE | ME | ATTRIBUTE, 404, 405, NULL, HOLD("wrong_host")},
    {WRITE, ONLY(400), "too long|too large|exceed", FAIL("contact_refused")},
    {WRITE, ONLY(400), OUR_ATTRIBUTE, HOLD("attribute_refused")},

    /* POST /data_attributes: one that is there already is as good */
    {ATTRIBUTE, 400, 422,  "already", GO_ON},
    {ATTRIBUTE, ONLY(409), NULL,      GO_ON},
    {ATTRIBUTE, ONLY(400), NULL,      HOLD("attribute_refused")},
    {ATTRIBUTE, ONLY(422), NULL,      HOLD("attribute_refused")},

    /* the contact */
    {CREATE,    ONLY(409), NULL,     REPAIR(CONTACT_EXISTS, UNRESOLVED)},
    {UNARCHIVE, ONLY(400), NULL,     FAIL("contact_deleted")},
    {UNARCHIVE, 404, 500,  "delete", FAIL("contact_deleted")},
    {UPDATE | UNARCHIVE,        ONLY(404), NULL,
                                     REPAIR(CONTACT_STALE, UNRESOLVED)},
    {UPDATE | UNARCHIVE | FIND, ONLY(410), NULL,
                                     REPAIR(CONTACT_MERGED, UNRESOLVED)},
    {FIND,      ONLY(404), NULL,     RETRY(UNRESOLVED)},
    {CONTACT,   ONLY(400), NULL,     FAIL("contact_refused")},
    {CONTACT,   ONLY(415), NULL,     FAIL("contact_refused")},
    {CONTACT,   ONLY(422), NULL,     FAIL("contact_refused")},

    /* the event */
    {EVENT, ONLY(404), NULL, VERDICT_CONTACT_MISSING,
                             REASON_CONTACT_MISSING, true, PROBE_NONE},
    {EVENT, 400, 422,  IN_FUTURE,            RETRY(REASON_FUTURE_CREATED_AT)},
    {EVENT, 400, 422,  NAME_ARCHIVED,        FAIL("name_archived")},
    {EVENT, 400, 422,  "active event names", FAIL("too_many_names")},
    {EVENT, ONLY(400), NULL,                 FAIL("event_refused")},
    {EVENT, ONLY(415), NULL,                 FAIL("event_refused")},
    {EVENT, ONLY(422), NULL,                 FAIL("event_refused")},
    {EVENT | CONTACT, ONLY(413), NULL,       FAIL("too_large")},

    /* passing */
    {ANY, ONLY(408), NULL, RETRY("server_error")},
    {ANY, ONLY(425), NULL, RETRY("server_error")},
    {ANY, 500, 599,  NULL, RETRY("server_error")},
    {ANY, INT_MIN, INT_MAX, NULL, RETRY("unexpected_answer")},
};
/* clang-format on */

/* --- finding the rule ---------------------------------------------------- */

static int outcome_number(const struct http_answer *answer)
{
    if (answer->end == HTTP_NOT_SENT)
        return NOT_SENT(answer->trouble);
    if (answer->end == HTTP_UNKNOWN)
        return UNKNOWN(answer->trouble);
    return answer->status > 0 ? answer->status : 0;
}

/* Find the bytes in text, whatever the case; NULL: not there. */
static const char *find_piece(const char *text, const char *piece,
                              size_t length)
{
    for (; *text != '\0'; text++) {
        if (strncasecmp(text, piece, length) == 0)
            return text;
    }
    return NULL;
}

/* Match one alternative: its pieces in their order. */
static bool text_has_pieces(const char *text, const char *pieces, size_t length)
{
    while (length > 0) {
        const char *star = memchr(pieces, '*', length);
        size_t piece = star == NULL ? length : (size_t)(star - pieces);
        text = find_piece(text, pieces, piece);
        if (text == NULL)
            return false;
        text += piece;
        size_t used = star == NULL ? piece : piece + 1;
        pieces += used;
        length -= used;
    }
    return true;
}

static bool text_says(const char *text, const char *alternatives)
{
    while (*alternatives != '\0') {
        size_t length = strcspn(alternatives, "|");
        if (text_has_pieces(text, alternatives, length))
            return true;
        alternatives += length + (alternatives[length] == '|');
    }
    return false;
}

static const struct rule *find_rule(enum intercom_call call, int status,
                                    const char *text)
{
    const struct rule *rule = rules;
    while ((rule->calls & CALLS(call)) == 0 || status < rule->from ||
           status > rule->to ||
           (rule->says != NULL && !text_says(text, rule->says)))
        rule++;
    return rule;
}

/* --- what the answer says ------------------------------------------------ */

enum { EVIDENCE_BYTES = 512 };

static bool is_success(const struct http_answer *answer)
{
    return answer->end == HTTP_ANSWERED && answer->status >= 200 &&
           answer->status <= 299;
}

/* Write what the column "says" is looked for in. */
static void write_evidence(enum intercom_call call,
                           const struct http_answer *answer,
                           const struct intercom_error *error, char *text)
{
    char id[INTERCOM_ID_BYTES];
    text[0] = '\0';
    if (answer->end != HTTP_ANSWERED)
        return;
    if (is_success(answer) && call == CALL_FIND_CONTACT &&
        !intercom_read_contact_id(answer, id))
        text_copy(text, EVIDENCE_BYTES, SAYS_NO_ID);
    else if (answer->is_html)
        text_copy(text, EVIDENCE_BYTES, SAYS_HTML);
    else if (!is_success(answer))
        (void)snprintf(text, EVIDENCE_BYTES, "%s %s %s", error->code,
                       error->field, error->message);
}

/* --- the result in one line ---------------------------------------------- */

static const char *const trouble_words[] = {
    [HTTP_NO_TROUBLE] = "no reason given",
    [HTTP_NO_ADDRESS] = "the address was not found",
    [HTTP_REFUSED] = "no connection",
    [HTTP_HANDSHAKE] = "the TLS handshake failed",
    [HTTP_CERTIFICATE] = "the certificate is not to be trusted",
    [HTTP_TIMED_OUT] = "no answer in time",
    [HTTP_RESET] = "the connection broke",
    [HTTP_STOPPED] = "the relay stopped",
    [HTTP_RECALLED] = "Intercom could not be sent to any more",
};

/* Blank out what may be an access token: the word after "Bearer ", and words
 * that begin as Intercom's tokens do (base64 of "tok:"). */
static void hide_tokens(char *text)
{
    static const char *const marks[] = {"Bearer ", "dG9rO"};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t kept = i == 0 ? strlen(marks[i]) : 0;
        char *at = text;
        while ((at = strcasestr(at, marks[i])) != NULL) {
            at += kept;
            size_t length = strcspn(at, " \"',;");
            memset(at, '*', length);
            at += length;
        }
    }
}

/* Copy text to the result: printable, cut at a character's end. */
static void set_result(struct verdict *verdict, char *text)
{
    text_make_one_line(text);
    hide_tokens(text);
    struct buf printable;
    buf_init(&printable, 4096);
    text_add_printable(&printable, text, strlen(text));
    size_t length = printable.length;
    if (length >= sizeof(verdict->result)) {
        length = sizeof(verdict->result) - 1;
        while (length > 0 && (printable.bytes[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(verdict->result, buf_text(&printable), length);
    verdict->result[length] = '\0';
    buf_free(&printable);
}

static void write_trouble(const struct http_answer *answer,
                          struct verdict *verdict)
{
    char line[EVIDENCE_BYTES];
    bool has_words = answer->trouble_text[0] != '\0';
    (void)snprintf(line, sizeof(line), "%s: %s%s%s%s",
                   answer->end == HTTP_NOT_SENT ? "not sent" : "unknown",
                   trouble_words[answer->trouble], has_words ? " (" : "",
                   answer->trouble_text, has_words ? ")" : "");
    set_result(verdict, line);
}

/* "422 parameter_invalid: event name archived (created_at)". */
static void write_answer(const struct http_answer *answer,
                         const struct intercom_error *error,
                         struct verdict *verdict)
{
    char status[16];
    (void)snprintf(status, sizeof(status), "%d", answer->status);
    if (is_success(answer) && !answer->is_html) {
        text_copy(verdict->result, sizeof(verdict->result), status);
        return;
    }
    bool has_code = error->code[0] != '\0' && strcmp(error->code, status) != 0;
    bool has_field = error->field[0] != '\0';
    const char *message = answer->is_html ? "a web page" : error->message;
    char line[EVIDENCE_BYTES];
    (void)snprintf(line, sizeof(line), "%s%s%s%s%s%s%s%s", status,
                   has_code ? " " : "", has_code ? error->code : "",
                   message[0] != '\0' ? ": " : "", message,
                   has_field ? " (" : "", error->field, has_field ? ")" : "");
    set_result(verdict, line);
}

/* --- times --------------------------------------------------------------- */

static const int64_t MS_PER_HOUR = 60 * 60 * 1000;

enum {
    QUOTA_WAIT_MS = 10 * 1000, /* one window: when a 429 says nothing */
    QUOTA_SHORTEST_MS = 1000,
};

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* Seconds from a header as milliseconds; absurd ones are cut, not overflown. */
static int64_t seconds_to_ms(int64_t seconds)
{
    const int64_t most = INT64_C(1) << 42;
    return clamp(seconds, -most, most) * 1000;
}

/* The later of Reset and Retry-After, on our clock: Reset is on the server's,
 * which Date tells. Date is cut to the second, so this is never too early. */
static int64_t quota_returns_ms(const struct http_answer *answer,
                                int64_t now_ms)
{
    int64_t until = INT64_MIN;
    if (answer->quota_reset_s != HTTP_NONE) {
        until = seconds_to_ms(answer->quota_reset_s);
        if (answer->date_s != HTTP_NONE)
            until += now_ms - seconds_to_ms(answer->date_s);
    }
    if (answer->retry_after_s != HTTP_NONE) {
        int64_t asked = now_ms + seconds_to_ms(answer->retry_after_s);
        until = asked > until ? asked : until;
    }
    if (until == INT64_MIN)
        return now_ms + QUOTA_WAIT_MS;
    return clamp(until, now_ms + QUOTA_SHORTEST_MS, now_ms + MS_PER_HOUR);
}

static void set_times(const struct http_answer *answer, int64_t now_ms,
                      struct verdict *verdict)
{
    bool answered = answer->end == HTTP_ANSWERED;
    if (verdict->action == VERDICT_WAIT && answered)
        verdict->wait_until_ms = quota_returns_ms(answer, now_ms);
    if (verdict->action == VERDICT_RETRY && answered &&
        answer->retry_after_s != HTTP_NONE)
        verdict->floor_ms =
            clamp(seconds_to_ms(answer->retry_after_s), 0, 24 * MS_PER_HOUR);
}

/* --- the verdict --------------------------------------------------------- */

/* What we did ourselves says nothing about the way. */
static bool was_ended_by_us(const struct http_answer *answer)
{
    return answer->end != HTTP_ANSWERED && (answer->trouble == HTTP_STOPPED ||
                                            answer->trouble == HTTP_RECALLED);
}

/* Nothing got through: no answer, or one that says "not now". */
static bool failed_in_transit(const struct http_answer *answer)
{
    if (answer->end != HTTP_ANSWERED)
        return !was_ended_by_us(answer);
    return answer->status == 408 || answer->status == 425 ||
           answer->status >= 500;
}

void verdict_judge(enum intercom_call call, const struct http_answer *answer,
                   int64_t now_ms, struct verdict *verdict)
{
    assert(call < CALL_COUNT);
    bool answered = answer->end == HTTP_ANSWERED;
    struct intercom_error error = {0};
    if (answered && !is_success(answer))
        intercom_read_error(answer, &error);
    char text[EVIDENCE_BYTES];
    write_evidence(call, answer, &error, text);
    const struct rule *rule = find_rule(call, outcome_number(answer), text);
    bool unknown = answer->end == HTTP_UNKNOWN;
    *verdict = (struct verdict){
        .action = rule->action,
        .reason = rule->reason,
        .status = answered ? answer->status : 0,
        .costs_try = rule->costs_try,
        .outcome_is_unknown = unknown,
        .closed_by_us = unknown && (answer->trouble == HTTP_TIMED_OUT ||
                                    answer->trouble == HTTP_STOPPED),
        .in_transit =
            rule->action == VERDICT_RETRY && failed_in_transit(answer),
        .tells_nothing = was_ended_by_us(answer),
        .probe = rule->probe,
    };
    if (answered)
        write_answer(answer, &error, verdict);
    else
        write_trouble(answer, verdict);
    set_times(answer, now_ms, verdict);
    if (verdict->action == VERDICT_HOLD)
        text_copy(verdict->mend, sizeof(verdict->mend),
                  verdict_next_step(verdict->reason));
}
