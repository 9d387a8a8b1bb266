#include "support/operation_plans.h"

struct operation_request operation_plans_ask(const char *action)
{
    return (struct operation_request){
        .action = action, .who = "ana", .filter = "state:failed", .now_ms = 50};
}

struct operation_plan
operation_plans_make(struct fixture *fixture,
                     const struct operation_request *request, int count)
{
    struct operation_plan plan;
    struct store *store = fixture->store;
    struct err *err = &fixture->err;
    fixture_check(fixture, operation_plan_begin(store, request, &plan, err));
    for (int64_t id = 1; id <= count; id++)
        fixture_check(fixture, operation_plan_add(store, &plan, &id, 1, err));
    fixture_check(fixture, operation_plan_finish(store, &plan, err));
    return plan;
}
