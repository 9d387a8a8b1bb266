#include "net/receiver_answer.h"

#include "base/json.h"

#include <stddef.h>

#define ROW(constant, status, word, retry, text)                               \
    [RECEIVER_##constant] = {status, word, retry, text},
const struct receiver_answer_row receiver_answers[RECEIVER_ANSWER_COUNT] = {
    RECEIVER_ANSWERS(ROW)};
#undef ROW

void receiver_answer_write(enum receiver_answer answer, const char *detail,
                           struct buf *out)
{
    const struct receiver_answer_row *row = &receiver_answers[answer];
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    if (row->status == 200) {
        json_key_text(&json, "status", row->word);
    } else {
        json_key_text(&json, "error", row->word);
        json_key_text(&json, "message", row->text == NULL ? detail : row->text);
    }
    json_close(&json);
    buf_add_byte(out, '\n');
}
