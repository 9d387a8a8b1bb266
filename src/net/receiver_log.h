/* receiver_log.h - a line in the log for each request that was not taken, and
 * no more of one kind than a person would read: anybody who reaches the port
 * can cause them. One thread. */
#ifndef NET_RECEIVER_LOG_H
#define NET_RECEIVER_LOG_H

#include "net/receiver_answer.h"

#include <stdint.h>

/* One kind of line. Zeroed: none was written. */
struct receiver_log_kind {
    int64_t window_ms; /* when the window began; monotonic */
    int lines;         /* written in it */
    int64_t left_out;  /* since the last line written */
};

struct receiver_log {
    struct receiver_log_kind answers[RECEIVER_ANSWER_COUNT];
    struct receiver_log_kind malformed;
};

/* Say that this was answered to the peer; nothing for an answer of 200. cause
 * "": the answer says all. */
void receiver_log_answer(struct receiver_log *log, enum receiver_answer answer,
                         const char *peer, const char *cause, int64_t now_ms);

/* Say that something was no request that could be read, and was answered with
 * this status. */
void receiver_log_malformed(struct receiver_log *log, unsigned status,
                            int64_t now_ms);

#endif
