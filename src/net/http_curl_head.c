#include "net/http_curl_head.h"

#include "base/text.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

/* No honest number in a header is larger: unix seconds pass it in the year
 * 33658, and a thousand times it is far from the end of an int64_t. */
static const int64_t MOST_NUMBER = INT64_C(1000) * 1000 * 1000 * 1000;

static void copy_text(char *out, size_t size, const char *value, size_t length)
{
    if (length >= size)
        length = size - 1;
    memcpy(out, value, length);
    out[length] = '\0';
    text_make_one_line(out);
}

static int64_t number_of(const char *value, size_t length)
{
    char digits[24];
    int64_t number;
    if (length == 0 || length >= sizeof(digits))
        return HTTP_NONE;
    copy_text(digits, sizeof(digits), value, length);
    return text_parse_int64(digits, 0, MOST_NUMBER, &number) ? number
                                                             : HTTP_NONE;
}

static int64_t date_of(const char *value, size_t length)
{
    char text[64];
    copy_text(text, sizeof(text), value, length);
    time_t when = curl_getdate(text, NULL);
    return when < 0 ? HTTP_NONE : (int64_t)when;
}

static bool value_has(const char *value, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    for (size_t i = 0; i + word_length <= length; i++) {
        if (tolower((unsigned char)value[i]) == word[0] &&
            strncasecmp(value + i, word, word_length) == 0)
            return true;
    }
    return false;
}

/* --- the headers that are read ------------------------------------------- */

/* A header's value, and where what it says goes. */
struct field {
    const char *value;
    size_t length;
    struct http_curl_head *head;
    struct http_answer *answer;
};

static void take_limit(const struct field *field)
{
    field->answer->quota_limit = number_of(field->value, field->length);
}

static void take_remaining(const struct field *field)
{
    field->answer->quota_left = number_of(field->value, field->length);
}

static void take_reset(const struct field *field)
{
    field->answer->quota_reset_s = number_of(field->value, field->length);
}

static void take_request_id(const struct field *field)
{
    copy_text(field->answer->request_id, sizeof(field->answer->request_id),
              field->value, field->length);
}

static void take_link(const struct field *field)
{
    copy_text(field->answer->link, sizeof(field->answer->link), field->value,
              field->length);
}

static void take_content_type(const struct field *field)
{
    field->answer->is_html = value_has(field->value, field->length, "html");
}

static void take_date(const struct field *field)
{
    field->answer->date_s = date_of(field->value, field->length);
}

/* A number of seconds or a date. */
static void take_retry_after(const struct field *field)
{
    int64_t wait_s = number_of(field->value, field->length);
    field->answer->retry_after_s = wait_s;
    field->head->retry_at_s =
        wait_s == HTTP_NONE ? date_of(field->value, field->length) : HTTP_NONE;
}

#define HEADER(name, take)                                                     \
    {                                                                          \
        name, sizeof(name) - 1, take                                           \
    }
static const struct {
    const char *name;
    size_t length;
    void (*take)(const struct field *field);
} headers[] = {
    HEADER("x-ratelimit-limit", take_limit),
    HEADER("x-ratelimit-remaining", take_remaining),
    HEADER("x-ratelimit-reset", take_reset),
    HEADER("x-request-id", take_request_id),
    HEADER("link", take_link),
    HEADER("content-type", take_content_type),
    HEADER("date", take_date),
    HEADER("retry-after", take_retry_after),
};
#undef HEADER

static void take_field(const char *name, size_t length,
                       const struct field *field)
{
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (headers[i].length == length &&
            strncasecmp(name, headers[i].name, length) == 0)
            headers[i].take(field);
    }
}

/* --- lines ---------------------------------------------------------------- */

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

void http_curl_head_clear(struct http_curl_head *head,
                          struct http_answer *answer)
{
    head->retry_at_s = HTTP_NONE;
    head->is_whole = false;
    answer->request_id[0] = '\0';
    answer->link[0] = '\0';
    answer->is_html = false;
    answer->quota_limit = HTTP_NONE;
    answer->quota_left = HTTP_NONE;
    answer->quota_reset_s = HTTP_NONE;
    answer->retry_after_s = HTTP_NONE;
    answer->date_s = HTTP_NONE;
}

void http_curl_head_take_line(struct http_curl_head *head,
                              struct http_answer *answer, const char *line,
                              size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (length >= 5 && line[4] == '/' && strncasecmp(line, "HTTP", 4) == 0) {
        http_curl_head_clear(head, answer); /* an interim one came before */
        return;
    }
    if (line[0] == '\r' || line[0] == '\n')
        head->is_whole = true;
    if (colon == NULL || head->is_whole) /* behind it: trailers */
        return;

    const char *value = colon + 1;
    const char *end = line + length;
    while (value < end && is_space(*value))
        value++;
    while (end > value && is_space(end[-1]))
        end--;
    const struct field field = {value, (size_t)(end - value), head, answer};
    take_field(line, (size_t)(colon - line), &field);
}

void http_curl_head_end(const struct http_curl_head *head,
                        struct http_answer *answer, int64_t now_s)
{
    if (head->retry_at_s == HTTP_NONE)
        return;
    int64_t from_s = answer->date_s != HTTP_NONE ? answer->date_s : now_s;
    answer->retry_after_s =
        head->retry_at_s > from_s ? head->retry_at_s - from_s : 0;
}
