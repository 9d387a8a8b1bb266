#include "support/outbox_turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct outbox_recovery turns_begin_epoch(struct fixture *fixture,
                                         int64_t now_ms)
{
    struct outbox_epoch_options options = {
        .now_ms = now_ms, .timeout_ms = 30000, .api_url = "https://api.test"};
    struct outbox_recovery recovery;
    fixture_check(fixture, outbox_begin_epoch(fixture->store, &options,
                                              &recovery, &fixture->err));
    return recovery;
}

int turns_start(struct fixture *fixture, int64_t epoch, int64_t now_ms,
                int limit, struct outbox_claim *claims)
{
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    int count;
    fixture_check(fixture, outbox_begin_turn(store, epoch, err));
    fixture_check(fixture,
                  outbox_find_due(store, now_ms, limit, claims, &count, err));
    for (int i = 0; i < count; i++) {
        struct outbox_start start = {.claim = &claims[i],
                                     .now_ms = now_ms,
                                     .attributes = "{\"a\":1}",
                                     .event_body = "{\"e\":1}"};
        fixture_check(fixture,
                      outbox_start_attempts(store, epoch, &start, 1, err));
    }
    fixture_check(fixture, store_commit(store, err));
    return count;
}

void turns_start_as(struct fixture *fixture, int64_t epoch,
                    struct outbox_start start, struct outbox_claim *claim)
{
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    int count;
    start.claim = claim;
    fixture_check(fixture, outbox_begin_turn(store, epoch, err));
    fixture_check(fixture, outbox_find_due(store, 1, 1, claim, &count, err));
    assert_int_equal(count, 1);
    fixture_check(fixture, outbox_start_attempts(store, epoch, &start, 1, err));
    fixture_check(fixture, store_commit(store, err));
}

int64_t turns_start_annas(struct fixture *fixture, int64_t now_ms,
                          struct outbox_claim *claim)
{
    fixture_put(fixture, "a", "RENEWAL", "anna");
    int64_t epoch = turns_begin_epoch(fixture, now_ms).epoch;
    assert_int_equal(turns_start(fixture, epoch, now_ms, 1, claim), 1);
    return epoch;
}

void turns_end(struct fixture *fixture, int64_t epoch,
               const struct outbox_claim *claim, const char *outcome,
               const char *state, int64_t not_before_ms)
{
    struct outbox_end end = {.claim = claim,
                             .number = claim->attempts + 1,
                             .now_ms = 5000,
                             .outcome = outcome,
                             .state = state,
                             .reason = outcome,
                             .not_before_ms = not_before_ms,
                             .quiet_until_ms = OUTBOX_NO_TIME,
                             .costs_try = true,
                             .event_may_have_left = true};
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    fixture_check(fixture, outbox_begin_turn(store, epoch, err));
    fixture_check(fixture, outbox_end_attempts(store, epoch, &end, 1, err));
    fixture_check(fixture, store_commit(store, err));
}

void turns_free(struct outbox_claim *claims, int count)
{
    for (int i = 0; i < count; i++)
        outbox_claim_free(&claims[i]);
}

const char *turns_due(struct fixture *fixture, int64_t now_ms)
{
    static char ids[512];
    struct outbox_claim claims[64];
    int count;
    size_t used = 0;
    fixture_check(fixture, store_begin(fixture->store, &fixture->err));
    fixture_check(fixture, outbox_find_due(fixture->store, now_ms, 64, claims,
                                           &count, &fixture->err));
    store_rollback(fixture->store);
    ids[0] = '\0';
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(ids + used, sizeof(ids) - used, "%s%lld",
                                 i == 0 ? "" : " ", (long long)claims[i].id);
    turns_free(claims, count);
    return ids;
}
