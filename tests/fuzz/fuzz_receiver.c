/* fuzz_receiver.c - any bytes as what a client sends to the receiver, through
 * libmicrohttpd and all of our request handling; a stand-in commits. Nothing
 * is committed that was not allowed to, and "accepted" is said exactly as often
 * as something was; all that is answered is one of our answers; nothing is left
 * when the client has gone.
 *
 * The first byte chooses the credentials that are demanded, the second one how
 * the bytes are cut into pieces, the third one what comes of the commits. */
#include "base/log.h"
#include "net/receiver_http.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { MODES = 4, CHOICE_BYTES = 3, MOST_ROUNDS = 10000 };

static struct receiver_stats stats;
static struct receiver_auth *auths[MODES];
static struct receiver_http *servers[MODES];
static int64_t now_ms = 1000000;

struct session {
    int client;
    struct receiver_http *http;
    bool may_commit; /* the credentials may be right */
    unsigned char outcomes;
    long accepted; /* by the stand-in */
    char heard[256 * 1024];
    size_t heard_length;
};

/* Unlike assert(), also there in a Release build. */
static void demand(bool truth, const char *what)
{
    if (truth)
        return;
    (void)fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void start_servers(void)
{
    log_set_level(LOG_ERROR);
    receiver_stats_init(&stats);
    for (int i = 0; i < MODES; i++) {
        struct err err;
        auths[i] = receiver_auth_new((i & 1) != 0 ? "good" : NULL,
                                     (i & 2) != 0 ? "secret" : NULL);
        const struct receiver_http_options options = {.auth = auths[i],
                                                      .stats = &stats};
        demand(receiver_http_new(&options, &servers[i], &err), "it starts");
    }
}

/* What is heard beyond the buffer is dropped. */
static void hear(struct session *session)
{
    char rest[4096];
    ssize_t got;
    do {
        size_t room = sizeof(session->heard) - 1 - session->heard_length;
        got =
            room > 0
                ? recv(session->client, session->heard + session->heard_length,
                       room, MSG_DONTWAIT)
                : recv(session->client, rest, sizeof(rest), MSG_DONTWAIT);
        if (got > 0 && room > 0)
            session->heard_length += (size_t)got;
    } while (got > 0);
    session->heard[session->heard_length] = '\0';
}

static void do_job(struct session *session, struct receiver_job *job)
{
    static const enum receiver_answer outcomes[] = {
        RECEIVER_ACCEPTED, RECEIVER_DUPLICATE, RECEIVER_REFUSED, RECEIVER_BUSY};
    struct receiver_request *request = job->request;
    demand(!request->has_answer, "a job has no answer yet");
    if (job->what == RECEIVER_NEXT_METRICS) {
        buf_init(&job->text, 64 * 1024);
        receiver_stats_write(&stats, &job->text);
        receiver_request_answer(request, RECEIVER_OK, NULL, NULL);
        return;
    }
    if (job->what == RECEIVER_NEXT_READY) {
        receiver_request_answer(request, RECEIVER_NOT_READY, "why", NULL);
        return;
    }
    demand(request->route == RECEIVER_ROUTE_WEBHOOK, "only webhooks");
    demand(session->may_commit, "only with the right credentials");
    demand(request->body.length <= RECEIVER_MOST_BODY_BYTES, "in its bounds");
    enum receiver_answer answer = outcomes[session->outcomes & 3];
    session->outcomes =
        (unsigned char)(session->outcomes >> 2 | session->outcomes << 6);
    session->accepted += answer == RECEIVER_ACCEPTED;
    receiver_request_answer(request, answer, "outbox: why", "why");
}

/* Until nothing more happens without the client. */
static void serve(struct session *session)
{
    bool has_jobs;
    int rounds = 0;
    do {
        struct receiver_jobs jobs;
        receiver_http_run(session->http, now_ms);
        receiver_http_take_jobs(session->http, &jobs);
        has_jobs = jobs.first != NULL;
        for (struct receiver_job *job = jobs.first; job != NULL;
             job = job->next)
            do_job(session, job);
        receiver_http_finish(session->http, &jobs, now_ms);
        hear(session);
        demand(++rounds < MOST_ROUNDS, "it comes to rest");
    } while (has_jobs || receiver_http_wait_ms(session->http, now_ms) == 0);
}

/* A value can be guessed, a signature cannot. */
static bool may_commit(const unsigned char *data, size_t size)
{
    int mode = data[0] % MODES;
    return mode == 0 || (mode == 1 && memmem(data, size, "good", 4) != NULL);
}

static void open_session(struct session *session, const unsigned char *data,
                         size_t size)
{
    int ends[2];
    const struct sockaddr_in peer = {.sin_family = AF_INET};
    session->http = servers[data[0] % MODES];
    session->may_commit = may_commit(data, size);
    session->outcomes = data[2];
    session->accepted = 0;
    session->heard_length = 0;
    demand(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                      ends) == 0,
           "there is a socket");
    session->client = ends[1];
    demand(receiver_http_add(session->http, ends[0],
                             (const struct sockaddr *)&peer, sizeof(peer),
                             now_ms),
           "it takes a connection");
}

static long count(const char *text, const char *word)
{
    long found = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        found++;
    return found;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct session session;
    if (servers[0] == NULL)
        start_servers();
    if (size < CHOICE_BYTES)
        return 0;
    open_session(&session, data, size);
    size_t piece = data[1] == 0 ? size : data[1];
    for (size_t at = CHOICE_BYTES; at < size;) {
        size_t take = size - at < piece ? size - at : piece;
        ssize_t sent = send(session.client, data + at, take, MSG_NOSIGNAL);
        if (sent <= 0)
            break; /* it has closed */
        at += (size_t)sent;
        serve(&session);
    }
    (void)close(session.client);
    /* The time of a connection that has gone is over, too. */
    now_ms += 100000;
    session.client = -1;
    serve(&session);
    demand(receiver_http_count(session.http) == 0, "nothing is left");
    long said = count(session.heard, "{\"status\":\"accepted\"}");
    demand(said <= session.accepted, "accepted is what was committed");
    return 0;
}
