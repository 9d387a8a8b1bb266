/* upkeep.h - the destination's own calls: the probe of a hold (GET /me), the
 * check of the four attributes, and their creation. At most one job at a time;
 * it belongs to no delivery and records nothing. */
#ifndef RELAY_UPKEEP_H
#define RELAY_UPKEEP_H

#include "base/buf.h"
#include "delivery/intercom.h"
#include "relay/flight.h"

#include <stdbool.h>
#include <stdint.h>

enum upkeep_job {
    UPKEEP_IDLE,
    UPKEEP_GET_ME,
    UPKEEP_CHECK_ATTRIBUTES,
    UPKEEP_CREATE_ATTRIBUTES,
};

struct upkeep {
    enum call_owner owner;
    enum upkeep_job job;
    int attribute; /* under way, of INTERCOM_ATTRIBUTE_COUNT */
    struct buf body;
    struct buf missing; /* names found by UPKEEP_CHECK_ATTRIBUTES */
    bool check_told;    /* … and whether its answer told */
};

void upkeep_init(struct upkeep *upkeep);
void upkeep_free(struct upkeep *upkeep);

/* Begin a job; none may be under way. *request is its first call. */
void upkeep_begin(struct upkeep *upkeep, enum upkeep_job job,
                  struct http_request *request);

/* Its call ended. True: *request is the next one. False: the job is over, and
 * *verdict says how (VERDICT_GO_ON: done). */
bool upkeep_take_answer(struct upkeep *upkeep, const struct http_answer *answer,
                        int64_t now_ms, struct http_request *request,
                        struct verdict *verdict);

#endif
