/* sandbox_api.h - Intercom's paths: what each request does to the world, and
 * what is answered. Pure: tokens, quota and faults were settled before. */
#ifndef NET_SANDBOX_API_H
#define NET_SANDBOX_API_H

#include "net/sandbox_reply.h"
#include "net/sandbox_world.h"

#include <stddef.h>
#include <stdint.h>

/* The number of routes; the last one stands for every other path. */
enum { SANDBOX_ROUTE_COUNT = 10 };

/* What a handler of one route gets. */
struct sandbox_api_call {
    struct sandbox_world *world;
    const struct sandbox_request *request;
    struct sandbox_reply *reply;
    const char *argument;     /* decoded, from the path; NULL: none */
    const struct cJSON *body; /* an object; NULL: the route takes none */
    uint32_t calling;         /* the contact's row that an event is for, or
                               * SANDBOX_NO_ROW */
};

/* The route of a request, below SANDBOX_ROUTE_COUNT. */
size_t sandbox_api_route(const struct sandbox_request *request);

/* "POST /events": what a route is called in the statistics. */
const char *sandbox_api_route_name(size_t route);

/* Act and fill *reply, which is initialised. Returns the row of the contact
 * whose event it was: the caller owes sandbox_world_end_call for it. */
uint32_t sandbox_api_answer(struct sandbox_world *world,
                            const struct sandbox_request *request,
                            struct sandbox_reply *reply);

/* The handlers that have files of their own. */
void sandbox_api_create_contact(struct sandbox_api_call *call);
void sandbox_api_show_contact(struct sandbox_api_call *call);
void sandbox_api_update_contact(struct sandbox_api_call *call);
void sandbox_api_find_contact(struct sandbox_api_call *call);
void sandbox_api_unarchive_contact(struct sandbox_api_call *call);
void sandbox_api_list_attributes(struct sandbox_api_call *call);
void sandbox_api_create_attribute(struct sandbox_api_call *call);
void sandbox_api_create_event(struct sandbox_api_call *call);

#endif
