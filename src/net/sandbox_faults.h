/* sandbox_faults.h - what the sandbox does wrong on purpose, from one line of
 * text. Pure: the caller tells the time. One thread.
 *
 * The line is a list of words with commas between them:
 *   WHAT:RATE, WHAT@PATH:RATE
 *       RATE of the calls (0.05 or 5%) fail as WHAT says; with PATH (me,
 *       contacts, events, data_attributes) only calls under that path. The
 *       first word that strikes wins. WHAT is one of
 *       301 302 400 401 402 403 404 408 409 410 413 415 422 425 429
 *       500 502 503 504  that answer, and nothing is done
 *       html             502 with an HTML page, and nothing is done
 *       portal           200 with an HTML page, and nothing is done
 *       timeout          no answer ever, and nothing is done
 *       reset            the connection is cut, and nothing is done
 *       reset-after      it is done, then the connection is cut
 *       truncate         it is done, and the answer ends too early
 *       slow             it is done, and answered 3 s later than usual
 *   reject=NAME      events of that name get 422 "event name archived"
 *   deleted=USER     that user's contact was permanently deleted
 *   archived=USER    that user's contact is archived
 *   down=SECONDS     503 for so long from the first call on
 * NAME and USER may be percent-encoded (a comma is %2C).
 *
 * Who is struck hangs on the seed, the word's place, the call's method, path
 * and body, and how often that very call came before: the same load meets the
 * same faults however its calls interleave, and a repeated call throws anew. */
#ifndef NET_SANDBOX_FAULTS_H
#define NET_SANDBOX_FAULTS_H

#include "base/err.h"
#include "net/sandbox_table.h"
#include "net/sandbox_world.h"

#include <stddef.h>
#include <stdint.h>

enum sandbox_fault_kind {
    SANDBOX_NO_FAULT,
    SANDBOX_FAULT_STATUS,
    SANDBOX_FAULT_HTML,
    SANDBOX_FAULT_PORTAL,
    SANDBOX_FAULT_TIMEOUT,
    SANDBOX_FAULT_RESET,
    SANDBOX_FAULT_RESET_AFTER,
    SANDBOX_FAULT_TRUNCATE,
    SANDBOX_FAULT_SLOW,
};

enum { SANDBOX_SLOW_MS = 3000 };

struct sandbox_fault {
    enum sandbox_fault_kind kind;
    int status; /* of SANDBOX_FAULT_STATUS */
};

struct sandbox_faults {
    uint64_t seed;
    struct sandbox_rule *rules; /* owned; in the order of the line */
    size_t rule_count;
    struct sandbox_target *targets; /* owned */
    size_t target_count;
    int64_t down_ms;           /* 0: never down */
    int64_t first_ms;          /* when the first call came; -1: none yet */
    struct sandbox_seen *seen; /* owned; the calls that came, while needed */
    uint32_t seen_count;
    uint32_t seen_capacity;
    struct sandbox_table by_call;
};

/* Read the line; NULL and "" are no faults. Free *faults with
 * sandbox_faults_free. Fails with ERR_INVALID, naming the word. */
MUST_CHECK bool sandbox_faults_read(const char *spec, uint64_t seed,
                                    struct sandbox_faults *faults,
                                    struct err *err);

/* Bring the users and names that the line speaks of into the world. Names that
 * an earlier line rejected are taken again. */
void sandbox_faults_set_up(const struct sandbox_faults *faults,
                           struct sandbox_world *world, int64_t now_s);

/* Decide what happens to this call. Counts it. */
struct sandbox_fault sandbox_faults_draw(struct sandbox_faults *faults,
                                         const struct sandbox_request *request);

void sandbox_faults_free(struct sandbox_faults *faults);

#endif
