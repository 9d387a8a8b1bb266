/* sandbox_look.h - the paths under /_sandbox: looking at what arrived, and
 * changing the world while it runs (sandbox.h lists them). Pure. */
#ifndef NET_SANDBOX_LOOK_H
#define NET_SANDBOX_LOOK_H

#include "net/sandbox_site.h"

/* Act and fill *reply, which is initialised. */
void sandbox_look_answer(struct sandbox_site *site,
                         const struct sandbox_request *request,
                         struct sandbox_reply *reply);

#endif
