#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

bool signals_open(int *descriptor, struct err *err)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    int errnum = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (errnum != 0)
        return err_set_errno(err, errnum, "cannot block signals");
    *descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (*descriptor < 0)
        return err_set_errno(err, errno, "cannot wait for signals");
    return true;
}

int signals_take(int descriptor)
{
    struct signalfd_siginfo came;
    if (read(descriptor, &came, sizeof(came)) != (ssize_t)sizeof(came))
        return 0;
    return (int)came.ssi_signo;
}
