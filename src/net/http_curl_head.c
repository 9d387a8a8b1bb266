#include "net/http_curl_head.h"

#include "base/text.h"

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

/* Retry-After is a number of seconds or a date. */
static void take_wait(struct http_curl_head *head, struct http_answer *answer,
                      const char *value, size_t length)
{
    answer->retry_after_s = number_of(value, length);
    head->retry_at_s =
        answer->retry_after_s == HTTP_NONE ? date_of(value, length) : HTTP_NONE;
}

static bool value_has(const char *value, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    for (size_t i = 0; i + word_length <= length; i++) {
        if (strncasecmp(value + i, word, word_length) == 0)
            return true;
    }
    return false;
}

static bool is_named(const char *name, size_t length, const char *wanted)
{
    return strlen(wanted) == length && strncasecmp(name, wanted, length) == 0;
}

static void take_number(struct http_answer *answer, const char *name,
                        size_t name_length, int64_t number)
{
    if (is_named(name, name_length, "x-ratelimit-limit"))
        answer->quota_limit = number;
    else if (is_named(name, name_length, "x-ratelimit-remaining"))
        answer->quota_left = number;
    else if (is_named(name, name_length, "x-ratelimit-reset"))
        answer->quota_reset_s = number;
}

static void take_text(struct http_answer *answer, const char *name,
                      size_t name_length, const char *value, size_t length)
{
    if (is_named(name, name_length, "x-request-id"))
        copy_text(answer->request_id, sizeof(answer->request_id), value,
                  length);
    else if (is_named(name, name_length, "link"))
        copy_text(answer->link, sizeof(answer->link), value, length);
    else if (is_named(name, name_length, "content-type"))
        answer->is_html = value_has(value, length, "html");
    else if (is_named(name, name_length, "date"))
        answer->date_s = date_of(value, length);
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
    if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        http_curl_head_clear(head, answer); /* an interim one came before */
        return;
    }
    if (line[0] == '\r' || line[0] == '\n')
        head->is_whole = true;
    if (colon == NULL || head->is_whole) /* behind it: trailers */
        return;

    size_t name_length = (size_t)(colon - line);
    const char *value = colon + 1;
    const char *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    size_t value_length = (size_t)(end - value);
    take_number(answer, line, name_length, number_of(value, value_length));
    take_text(answer, line, name_length, value, value_length);
    if (is_named(line, name_length, "retry-after"))
        take_wait(head, answer, value, value_length);
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
