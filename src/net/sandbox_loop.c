#include "net/sandbox_loop.h"

#include "base/thread.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void wake(const struct sandbox_loop *loop)
{
    uint64_t one = 1;
    (void)!write(loop->woken, &one, sizeof(one));
}

static void wait_for_work(struct sandbox_loop *loop)
{
    MHD_UNSIGNED_LONG_LONG ignored;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd waited[] = {
        {.fd = info->epoll_fd, .events = POLLIN},
        {.fd = loop->woken, .events = POLLIN},
    };
    /* There are no timeouts: this is about bytes that it has read already. */
    bool has_work = loop->has_room_again ||
                    MHD_get_timeout(loop->daemon, &ignored) == MHD_YES;
    loop->has_room_again = false;
    (void)poll(waited, 2, has_work ? 0 : -1);
    if (waited[1].revents != 0) {
        uint64_t count;
        (void)!read(loop->woken, &count, sizeof(count));
    }
}

static void *run(void *context)
{
    struct sandbox_loop *loop = context;
    while (!atomic_load(&loop->is_ending)) {
        wait_for_work(loop);
        (void)MHD_run(loop->daemon);
    }
    return NULL;
}

bool sandbox_loop_start(struct sandbox_loop *loop, struct MHD_Daemon *daemon,
                        struct err *err)
{
    loop->woken = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->woken < 0)
        return err_set_errno(err, errno, "eventfd");
    loop->daemon = daemon;
    int errnum = thread_start(&loop->thread, run, loop);
    if (errnum == 0)
        return true;
    loop->daemon = NULL;
    (void)close(loop->woken);
    return err_set_errno(err, errnum, "cannot start a thread");
}

void sandbox_loop_resume(const struct sandbox_loop *loop,
                         struct MHD_Connection *connection)
{
    MHD_resume_connection(connection);
    /* Its own wake-up can get lost: MHD_run() looks for who is resumed before
     * it takes the wake-ups in. This one is taken in before MHD_run(). */
    wake(loop);
}

void sandbox_loop_make_room(struct sandbox_loop *loop)
{
    /* Where it could take no more, because of its limit or for want of
     * descriptors, it does not wait for new ones; only the next MHD_run() after
     * one has ended begins to. */
    loop->has_room_again = true;
}

void sandbox_loop_stop(struct sandbox_loop *loop)
{
    if (loop->daemon == NULL)
        return;
    atomic_store(&loop->is_ending, true);
    wake(loop);
    (void)pthread_join(loop->thread, NULL);
    (void)close(loop->woken);
    loop->daemon = NULL;
}
