/* operation_plans.h - plans of operations, for tests of what comes of them. */
#ifndef SUPPORT_OPERATION_PLANS_H
#define SUPPORT_OPERATION_PLANS_H

#include "outbox/operation.h"
#include "support/outbox_fixture.h"

/* Ana asks for this, at 50, of what failed. */
struct operation_request operation_plans_ask(const char *action);

/* A whole plan of deliveries 1 to count. Fails the test. */
struct operation_plan
operation_plans_make(struct fixture *fixture,
                     const struct operation_request *request, int count);

#endif
