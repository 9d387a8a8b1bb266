/* receiver_commit.h - the receiver's writing thread: what has gathered while
 * the last commit was under way is committed together.
 *
 * It has its own store, opened anew when the file was moved or broken. Jobs
 * are borrowed from receiver_commit_add() until receiver_commit_take_done()
 * returns them; their requests have an answer then. "Accepted" is set only
 * after the commit is durable. */
#ifndef NET_RECEIVER_COMMIT_H
#define NET_RECEIVER_COMMIT_H

#include "base/err.h"
#include "net/receiver_request.h"
#include "net/receiver_stats.h"

#include <stdbool.h>

struct receiver_job {
    struct receiver_job *next;
    enum receiver_next what;          /* anything but _ANSWER */
    struct receiver_request *request; /* borrowed */
    struct buf text; /* of metrics: the answer's body, whoever made the job
                      * frees it */
};

/* A list that is added to at its end. Empty: first is NULL. */
struct receiver_jobs {
    struct receiver_job *first;
    struct receiver_job *last; /* valid while first is not NULL */
};

void receiver_jobs_add(struct receiver_jobs *jobs, struct receiver_job *job);
/* Take the first; NULL: there is none. */
struct receiver_job *receiver_jobs_take(struct receiver_jobs *jobs);

struct receiver_commit; /* owned by who started it */

struct receiver_commit_options {
    const char *database_path;    /* copied */
    struct receiver_stats *stats; /* borrowed */
    /* Append the metrics of whatever stands above this floor; NULL: none. */
    void (*add_metrics)(void *context, struct buf *out);
    void *metrics_context;
    /* There are jobs to be taken back. On the writing thread. */
    void (*wake)(void *context);
    void *wake_context;
};

/* Open the store and start the thread. Fails as store_open() does. */
MUST_CHECK bool
receiver_commit_start(const struct receiver_commit_options *options,
                      struct receiver_commit **commit, struct err *err);

/* Hand jobs over, in their order; the list is empty afterwards. Any thread. */
void receiver_commit_add(struct receiver_commit *commit,
                         struct receiver_jobs *jobs);

/* Take back what is done. Any thread. */
void receiver_commit_take_done(struct receiver_commit *commit,
                               struct receiver_jobs *jobs);

/* Do what was handed over, end the thread, free it. *jobs is what was done and
 * not taken back. NULL is fine. */
void receiver_commit_stop(struct receiver_commit *commit,
                          struct receiver_jobs *jobs);

#endif
