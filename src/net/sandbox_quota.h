/* sandbox_quota.h - Intercom's rate limit: so many calls in each window of a
 * fixed ten-second grid. Pure: the caller tells the time. One thread. */
#ifndef NET_SANDBOX_QUOTA_H
#define NET_SANDBOX_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct sandbox_quota {
    int64_t limit;   /* calls a window; > 0 */
    int64_t used;    /* calls in the window that ends at reset_s */
    int64_t reset_s; /* UTC seconds, a multiple of ten; 0 at start */
};

/* Count one call at now_ms. False: the window's calls are used up, and this
 * one is not counted. used and reset_s are of the window now either way. */
bool sandbox_quota_take(struct sandbox_quota *quota, int64_t now_ms);

#endif
