#include "net/receiver_commit.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/receiver_metrics.h"
#include "outbox/lock.h"
#include "outbox/outbox.h"
#include "outbox/store.h"
#include "outbox/views.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    /* RevenueCat waits for a minute; after 5 minutes it comes again. */
    BUSY_MS = 5000,
    /* A group is short enough that other writers are not kept waiting. */
    GROUP_JOBS = 256,
    GROUP_BYTES = 4 * 1024 * 1024,
    /* So long the last commit tells whether one can be made; then readiness
     * tries. */
    PROOF_MS = 5000,
    MOST_METRICS_BYTES = 1024 * 1024,
};

struct receiver_commit {
    struct receiver_commit_options options;
    char *database_path;
    pthread_t thread;
    /* the thread's */
    struct store *store;       /* NULL: to be opened */
    enum receiver_answer last; /* commit: RECEIVER_OK, or what came of it */
    int64_t last_ms;           /* monotonic; 0: there was none */
    /* shared */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct receiver_jobs todo;
    struct receiver_jobs done;
    bool is_stopping;
};

void receiver_jobs_add(struct receiver_jobs *jobs, struct receiver_job *job)
{
    job->next = NULL;
    if (jobs->first == NULL)
        jobs->first = job;
    else
        jobs->last->next = job;
    jobs->last = job;
}

struct receiver_job *receiver_jobs_take(struct receiver_jobs *jobs)
{
    struct receiver_job *job = jobs->first;
    if (job != NULL)
        jobs->first = job->next;
    return job;
}

static void append(struct receiver_jobs *jobs, struct receiver_jobs *more)
{
    if (more->first == NULL)
        return;
    if (jobs->first == NULL)
        jobs->first = more->first;
    else
        jobs->last->next = more->first;
    jobs->last = more->last;
    more->first = NULL;
}

static int64_t monotonic_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

static int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* --- the store ----------------------------------------------------------- */

static bool open_store(struct receiver_commit *commit, struct err *err)
{
    return commit->store != NULL ||
           store_open(commit->database_path, STORE_WRITE, BUSY_MS,
                      &commit->store, err);
}

/* Another file may stand in its place by now, or stand there again. */
static void close_if_broken(struct receiver_commit *commit,
                            const struct err *err)
{
    if (err->code == ERR_BUSY || err->code == ERR_FULL ||
        err->code == ERR_INVALID)
        return;
    store_close(commit->store);
    commit->store = NULL;
}

static enum receiver_answer answer_to(const struct err *err)
{
    switch (err->code) {
    case ERR_BUSY:
        return RECEIVER_BUSY;
    case ERR_FULL:
        return RECEIVER_FULL;
    default:
        return RECEIVER_UNAVAILABLE;
    }
}

/* err is that of a commit that failed. */
static void note_commit(struct receiver_commit *commit, bool has_committed,
                        const struct err *err)
{
    commit->last = has_committed ? RECEIVER_OK : answer_to(err);
    commit->last_ms = monotonic_ms();
    if (!has_committed)
        close_if_broken(commit, err);
}

/* --- webhooks ------------------------------------------------------------ */

/* What the outbox refuses, it will always refuse; anything else is about the
 * outbox, and may be better later. */
static bool is_about_the_webhook(const struct err *err)
{
    return err->code == ERR_INVALID && text_has_prefix(err->text, "outbox: ");
}

/* Into the open transaction. The answer holds once that is committed. */
static bool put(struct receiver_commit *commit, struct receiver_job *job,
                struct err *err)
{
    struct receiver_request *request = job->request;
    bool is_new;
    if (outbox_put(commit->store, buf_text(&request->body),
                   request->body.length, &is_new, err)) {
        receiver_request_answer(request,
                                is_new ? RECEIVER_ACCEPTED : RECEIVER_DUPLICATE,
                                NULL, NULL);
        return true;
    }
    if (!is_about_the_webhook(err))
        return false;
    receiver_request_answer(request, RECEIVER_REFUSED, err->text, err->text);
    return true;
}

/* Commit the jobs as one; each has an answer afterwards. *is_one_of_them: it
 * failed because of a webhook, or so it seems. */
static bool try_group(struct receiver_commit *commit,
                      struct receiver_job *const *jobs, size_t count,
                      bool *is_one_of_them, struct err *err)
{
    *is_one_of_them = false;
    if (!open_store(commit, err) || !store_begin(commit->store, err))
        return false;
    int64_t began_us = monotonic_us();
    bool done = true;
    for (size_t i = 0; done && i < count; i++)
        done = put(commit, jobs[i], err);
    if (!done) {
        *is_one_of_them = err->code != ERR_BUSY && err->code != ERR_FULL;
        store_rollback(commit->store);
        return false;
    }
    if (!store_commit(commit->store, err))
        return false;
    histogram_add(&commit->options.stats->group_events, (int64_t)count);
    histogram_add(&commit->options.stats->commit_us, monotonic_us() - began_us);
    return true;
}

static void commit_group(struct receiver_commit *commit,
                         struct receiver_job *const *jobs, size_t count)
{
    struct err err;
    bool is_one_of_them;
    bool done = try_group(commit, jobs, count, &is_one_of_them, &err);
    note_commit(commit, done, &err);
    if (done)
        return;
    receiver_stats_count(&commit->options.stats->commits_failed);
    /* One webhook must not take the others with it. */
    if (is_one_of_them && count > 1) {
        for (size_t i = 0; i < count; i++)
            commit_group(commit, &jobs[i], 1);
        return;
    }
    for (size_t i = 0; i < count; i++)
        receiver_request_answer(jobs[i]->request, answer_to(&err), NULL,
                                err.text);
}

/* --- readiness and metrics ----------------------------------------------- */

static void try_commit(struct receiver_commit *commit)
{
    struct err err;
    bool done =
        open_store(commit, &err) && store_try_commit(commit->store, &err);
    note_commit(commit, done, &err);
    if (!done)
        log_line(LOG_WARNING, "receiver: not ready: %s", err.text);
}

/* NULL: webhooks can be committed. */
static const char *why_not_committing(struct receiver_commit *commit)
{
    if (commit->last_ms == 0 || monotonic_ms() - commit->last_ms >= PROOF_MS)
        try_commit(commit);
    switch (commit->last) {
    case RECEIVER_OK:
        return NULL;
    case RECEIVER_BUSY:
        return "the outbox is locked by another process";
    case RECEIVER_FULL:
        return "there is no room on the disk";
    default:
        return "the outbox cannot be written";
    }
}

static void answer_ready(struct receiver_commit *commit,
                         struct receiver_job *job)
{
    bool is_running = false;
    struct err err;
    const char *why = why_not_committing(commit);
    if (why == NULL && !lock_is_held(commit->database_path, &is_running, &err))
        why = "whether a relay runs cannot be told";
    else if (why == NULL && !is_running)
        why = "no relay is running on the outbox";
    if (why == NULL)
        receiver_request_answer(job->request, RECEIVER_OK, NULL, NULL);
    else
        receiver_request_answer(job->request, RECEIVER_NOT_READY, why, why);
}

/* What cannot be read is left out, but for the fact. */
static void answer_metrics(struct receiver_commit *commit,
                           struct receiver_job *job)
{
    struct err err;
    struct view_status status;
    struct buf *out = &job->text;
    buf_init(out, MOST_METRICS_BYTES);
    receiver_stats_write(commit->options.stats, out);
    bool is_read =
        open_store(commit, &err) &&
        view_read_totals(commit->store, clock_wall_ms(clock_system()), &status,
                         &err);
    receiver_metrics_write(is_read ? &status : NULL, out);
    if (is_read) {
        view_status_free(&status);
    } else {
        log_line(LOG_WARNING, "receiver: metrics without the outbox: %s",
                 err.text);
        close_if_broken(commit, &err);
    }
    if (commit->options.add_metrics != NULL)
        commit->options.add_metrics(commit->options.metrics_context, out);
    receiver_request_answer(job->request, RECEIVER_OK, NULL, NULL);
}

/* --- the thread ---------------------------------------------------------- */

static void hand_back(struct receiver_commit *commit,
                      struct receiver_jobs *jobs)
{
    if (jobs->first == NULL)
        return;
    (void)pthread_mutex_lock(&commit->lock);
    append(&commit->done, jobs);
    (void)pthread_mutex_unlock(&commit->lock);
    commit->options.wake(commit->options.wake_context);
}

/* Take webhooks from the front of the list until the group is full; put aside
 * what is none. */
static size_t gather(struct receiver_jobs *todo, struct receiver_jobs *aside,
                     struct receiver_job **group)
{
    struct receiver_job *job;
    size_t count = 0;
    size_t bytes = 0;
    while (count < GROUP_JOBS && bytes < GROUP_BYTES &&
           (job = receiver_jobs_take(todo)) != NULL) {
        if (job->what == RECEIVER_NEXT_COMMIT) {
            group[count++] = job;
            bytes += job->request->body.length;
        } else {
            receiver_jobs_add(aside, job);
        }
    }
    return count;
}

static void work(struct receiver_commit *commit, struct receiver_jobs *todo)
{
    struct receiver_jobs aside = {NULL, NULL};
    struct receiver_jobs done = {NULL, NULL};
    struct receiver_job *group[GROUP_JOBS];
    struct receiver_job *job;
    while (todo->first != NULL) {
        size_t count = gather(todo, &aside, group);
        if (count > 0)
            commit_group(commit, group, count);
        for (size_t i = 0; i < count; i++)
            receiver_jobs_add(&done, group[i]);
        hand_back(commit, &done);
    }
    while ((job = receiver_jobs_take(&aside)) != NULL) {
        if (job->what == RECEIVER_NEXT_READY)
            answer_ready(commit, job);
        else
            answer_metrics(commit, job);
        receiver_jobs_add(&done, job);
        hand_back(commit, &done);
    }
}

static void *run(void *context)
{
    struct receiver_commit *commit = context;
    (void)pthread_mutex_lock(&commit->lock);
    while (!commit->is_stopping || commit->todo.first != NULL) {
        if (commit->todo.first == NULL) {
            (void)pthread_cond_wait(&commit->changed, &commit->lock);
            continue;
        }
        struct receiver_jobs todo = commit->todo;
        commit->todo.first = NULL;
        (void)pthread_mutex_unlock(&commit->lock);
        work(commit, &todo);
        (void)pthread_mutex_lock(&commit->lock);
    }
    (void)pthread_mutex_unlock(&commit->lock);
    return NULL;
}

/* --- the interface ------------------------------------------------------- */

static void free_commit(struct receiver_commit *commit)
{
    store_close(commit->store);
    (void)pthread_cond_destroy(&commit->changed);
    (void)pthread_mutex_destroy(&commit->lock);
    free(commit->database_path);
    free(commit);
}

bool receiver_commit_start(const struct receiver_commit_options *options,
                           struct receiver_commit **commit, struct err *err)
{
    struct receiver_commit *made = mem_new(sizeof(*made));
    made->options = *options;
    made->database_path = mem_copy_text(options->database_path);
    (void)pthread_mutex_init(&made->lock, NULL);
    (void)pthread_cond_init(&made->changed, NULL);
    if (!open_store(made, err)) {
        free_commit(made);
        return false;
    }
    int errnum = pthread_create(&made->thread, NULL, run, made);
    if (errnum != 0) {
        free_commit(made);
        return err_set_errno(err, errnum, "starting the receiver's thread");
    }
    *commit = made;
    return true;
}

void receiver_commit_add(struct receiver_commit *commit,
                         struct receiver_jobs *jobs)
{
    if (jobs->first == NULL)
        return;
    (void)pthread_mutex_lock(&commit->lock);
    append(&commit->todo, jobs);
    (void)pthread_cond_signal(&commit->changed);
    (void)pthread_mutex_unlock(&commit->lock);
}

void receiver_commit_take_done(struct receiver_commit *commit,
                               struct receiver_jobs *jobs)
{
    (void)pthread_mutex_lock(&commit->lock);
    append(jobs, &commit->done);
    (void)pthread_mutex_unlock(&commit->lock);
}

void receiver_commit_stop(struct receiver_commit *commit,
                          struct receiver_jobs *jobs)
{
    jobs->first = NULL;
    if (commit == NULL)
        return;
    (void)pthread_mutex_lock(&commit->lock);
    commit->is_stopping = true;
    (void)pthread_cond_signal(&commit->changed);
    (void)pthread_mutex_unlock(&commit->lock);
    (void)pthread_join(commit->thread, NULL);
    append(jobs, &commit->done);
    free_commit(commit);
}
