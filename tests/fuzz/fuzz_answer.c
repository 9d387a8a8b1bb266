/* Any answers, in any order, to a chain of calls: it must end within its
 * twelve calls, with a verdict that is whole, and leave nothing behind. */
#include "base/text.h"
#include "delivery/intercom.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of the input. */
struct input {
    const uint8_t *at;
    size_t left;
};

static uint8_t take_byte(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

static int64_t take_number(struct input *input)
{
    int64_t number = HTTP_NONE;
    if (take_byte(input) % 2 == 0 || input->left < sizeof(number))
        return number;
    memcpy(&number, input->at, sizeof(number));
    input->at += sizeof(number);
    input->left -= sizeof(number);
    return number;
}

/* Up to most bytes, to the next 0xFF, as text of its own memory, so that a
 * step behind its end is seen. */
static char *take_text(struct input *input, size_t most)
{
    size_t length = 0;
    while (length < input->left && length < most && input->at[length] != 0xFF)
        length++;
    char *text = malloc(length + 1);
    if (text == NULL)
        abort();
    memcpy(text, input->at, length);
    text[length] = '\0';
    size_t used = length < input->left ? length + 1 : length;
    input->at += used;
    input->left -= used;
    return text;
}

static void copy_text(struct input *input, char *out, size_t size)
{
    char *text = take_text(input, size - 1);
    memcpy(out, text, strlen(text) + 1);
    free(text);
}

/* Half of the statuses are those that lead on; the others are any. */
static int take_status(struct input *input)
{
    static const int usual[] = {200, 202, 400, 401, 404, 409, 410, 500};
    uint8_t choice = take_byte(input);
    if (choice < 128)
        return usual[choice % 8];
    return take_byte(input) * 4 + choice % 4;
}

/* The body's memory is the caller's to free. */
static char *take_answer(struct input *input, struct http_answer *answer)
{
    *answer = (struct http_answer){.took_ms = take_byte(input)};
    uint8_t kind = take_byte(input);
    if (kind >= 240)
        answer->end = kind % 2 == 0 ? HTTP_NOT_SENT : HTTP_UNKNOWN;
    if (answer->end != HTTP_ANSWERED)
        answer->trouble = (enum http_trouble)(kind % (HTTP_STOPPED + 1));
    answer->status = answer->end == HTTP_ANSWERED ? take_status(input) : 0;
    answer->is_html = kind % 8 == 7;
    answer->body_was_cut = kind % 16 == 3;
    answer->quota_limit = take_number(input);
    answer->quota_left = take_number(input);
    answer->quota_reset_s = take_number(input);
    answer->retry_after_s = take_number(input);
    answer->date_s = take_number(input);
    copy_text(input, answer->link, sizeof(answer->link));
    copy_text(input, answer->trouble_text, sizeof(answer->trouble_text));
    char *body = take_text(input, HTTP_MOST_ANSWER_BYTES);
    answer->body = body;
    answer->body_length = strlen(body);
    return body;
}

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void check_verdict(const struct verdict *verdict)
{
    require(verdict->action <= VERDICT_WAIT);
    require((verdict->action == VERDICT_GO_ON) == (verdict->reason == NULL));
    require(verdict->reason == NULL ||
            verdict_find_reason(verdict->reason) != NULL);
    require((verdict->action == VERDICT_HOLD) == (verdict->mend[0] != '\0'));
    require(verdict->floor_ms >= 0 && verdict->floor_ms <= 24 * 3600 * 1000);
    require(strlen(verdict->result) < sizeof(verdict->result));
    require(text_is_utf8(verdict->result, strlen(verdict->result)));
    for (const char *at = verdict->result; *at != '\0'; at++)
        require((unsigned char)*at >= 0x20 && *at != 0x7F);
}

static void check_chain(const struct intercom_chain *chain)
{
    const char *was =
        chain->job.contact_id == NULL ? "" : chain->job.contact_id;
    require(chain->calls >= 1 && chain->calls <= INTERCOM_MOST_CALLS);
    require(chain->contact_changed == !text_equals(was, chain->contact_id));
    require(!chain->event_sent || chain->event_may_have_left);
}

static void run_chain(const struct intercom_job *job, struct input *input)
{
    const int64_t now_ms = INT64_C(1787572858123);
    struct intercom_chain chain;
    struct http_request request;
    struct verdict verdict;
    enum intercom_next next = intercom_begin(&chain, job, &request);
    while (next != INTERCOM_END) {
        require(request.method != NULL && request.path[0] == '/');
        require(strpbrk(request.path, " \t\r\n?#") == NULL);
        struct http_answer answer;
        char *body = take_answer(input, &answer);
        next =
            intercom_take_answer(&chain, &answer, now_ms, &request, &verdict);
        free(body);
        if (next == INTERCOM_ATTRIBUTES_MISSING)
            next = intercom_resume(&chain, &request, &verdict);
        check_chain(&chain);
    }
    check_verdict(&verdict);
    bool delivered = verdict.action == VERDICT_GO_ON;
    require(!delivered || job->event_body == NULL || chain.event_sent);
    require(!delivered || job->attributes == NULL || chain.attributes_written);
    intercom_free(&chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t shape = take_byte(&input);
    char *user_id = take_text(&input, 100);
    char *contact_id = take_text(&input, 200);
    char *event_body = take_text(&input, 200);
    struct intercom_job job = {
        .user_id = user_id,
        .contact_id = shape % 2 == 0 ? contact_id : NULL,
        .attributes = shape % 4 < 2 ? "{\"expires_at\":null}" : NULL,
        .newest_attributes = shape % 8 < 4 ? "{}" : NULL,
        .event_body = shape % 16 < 8 ? event_body : NULL,
    };
    if (job.attributes == NULL && job.event_body == NULL)
        job.event_body = event_body;
    run_chain(&job, &input);
    free(user_id);
    free(contact_id);
    free(event_body);
    return 0;
}
