/* sandbox_answer.h - a reply of the sandbox as an answer of libmicrohttpd's.
 * Only on the thread that answers. */
#ifndef NET_SANDBOX_ANSWER_H
#define NET_SANDBOX_ANSWER_H

#include "net/sandbox_reply.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

/* Queue the reply on the connection. What of it is large is moved out of it;
 * the rest is still to be freed. is_cut: announce more than is sent, and end
 * the connection there. lock is kept, and held while a listing is read. */
enum MHD_Result sandbox_answer_queue(struct MHD_Connection *connection,
                                     struct sandbox_reply *reply, bool is_cut,
                                     pthread_mutex_t *lock);

#endif
