#include "relay/upkeep.h"

#include <assert.h>

enum { MOST_BODY_BYTES = 4 * 1024 };

static void request_path(const char *path, struct http_request *request)
{
    *request = (struct http_request){.method = "GET", .path = path};
}

static void request_attribute(struct upkeep *upkeep,
                              struct http_request *request)
{
    buf_clear(&upkeep->body);
    intercom_write_attribute(upkeep->attribute, &upkeep->body);
    *request = (struct http_request){
        .method = "POST",
        .path = INTERCOM_ATTRIBUTES_PATH,
        .body = buf_text(&upkeep->body),
        .body_length = upkeep->body.length,
    };
}

void upkeep_init(struct upkeep *upkeep)
{
    *upkeep = (struct upkeep){.owner = OWNER_UPKEEP, .job = UPKEEP_IDLE};
    buf_init(&upkeep->body, MOST_BODY_BYTES);
    buf_init(&upkeep->missing, MOST_BODY_BYTES);
}

void upkeep_free(struct upkeep *upkeep)
{
    buf_free(&upkeep->body);
    buf_free(&upkeep->missing);
}

void upkeep_begin(struct upkeep *upkeep, enum upkeep_job job,
                  struct http_request *request)
{
    assert(upkeep->job == UPKEEP_IDLE && job != UPKEEP_IDLE);
    upkeep->job = job;
    upkeep->attribute = 0;
    switch (job) {
    case UPKEEP_GET_ME:
        request_path(INTERCOM_ME_PATH, request);
        break;
    case UPKEEP_CHECK_ATTRIBUTES:
        request_path(INTERCOM_ATTRIBUTES_LIST_PATH, request);
        break;
    default:
        request_attribute(upkeep, request);
        break;
    }
}

bool upkeep_take_answer(struct upkeep *upkeep, const struct http_answer *answer,
                        int64_t now_ms, struct http_request *request,
                        struct verdict *verdict)
{
    if (upkeep->job == UPKEEP_GET_ME) {
        verdict_judge(CALL_GET_ME, answer, now_ms, verdict);
    } else if (upkeep->job == UPKEEP_CHECK_ATTRIBUTES) {
        buf_clear(&upkeep->missing);
        upkeep->check_told =
            intercom_find_missing_attributes(answer, &upkeep->missing);
        verdict_judge(CALL_GET_ME, answer, now_ms, verdict);
    } else {
        intercom_judge_attribute(answer, now_ms, verdict);
        bool done = verdict->action == VERDICT_GO_ON;
        if (done && ++upkeep->attribute < INTERCOM_ATTRIBUTE_COUNT) {
            request_attribute(upkeep, request);
            return true;
        }
    }
    upkeep->job = UPKEEP_IDLE;
    return false;
}
