#include "net/sandbox_quota.h"

enum { WINDOW_S = 10 };

bool sandbox_quota_take(struct sandbox_quota *quota, int64_t now_ms)
{
    int64_t reset_s = (now_ms / 1000 / WINDOW_S + 1) * WINDOW_S;
    if (reset_s != quota->reset_s) {
        quota->reset_s = reset_s;
        quota->used = 0;
    }
    if (quota->used >= quota->limit)
        return false;
    quota->used++;
    return true;
}
