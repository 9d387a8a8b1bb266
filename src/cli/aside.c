#include "cli/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_BYTES = 64 * 1024 };

bool aside_begin(struct aside *aside, struct err *err)
{
    aside->terminal = -1;
    if (!isatty(STDERR_FILENO))
        return true;
    int memory = memfd_create("subrelay-log", MFD_CLOEXEC);
    if (memory < 0)
        return err_set_errno(err, errno, "cannot keep the log aside");
    int terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    bool good = terminal >= 0 && dup2(memory, STDERR_FILENO) >= 0;
    int errnum = errno;
    (void)close(memory);
    if (good) {
        aside->terminal = terminal;
        return true;
    }
    if (terminal >= 0)
        (void)close(terminal);
    return err_set_errno(err, errnum, "cannot keep the log aside");
}

void aside_end(struct aside *aside)
{
    static char kept[MOST_BYTES];
    if (aside->terminal < 0)
        return;
    off_t size = lseek(STDERR_FILENO, 0, SEEK_END);
    off_t from = size > MOST_BYTES ? size - MOST_BYTES : 0;
    ssize_t length = pread(STDERR_FILENO, kept, sizeof(kept), from);
    (void)dup2(aside->terminal, STDERR_FILENO);
    (void)close(aside->terminal);
    aside->terminal = -1;
    const char *text = kept;
    const char *first =
        from > 0 && length > 0 ? memchr(kept, '\n', (size_t)length) : NULL;
    if (first != NULL) { /* whole lines only */
        length -= first + 1 - kept;
        text = first + 1;
    }
    if (length > 0)
        (void)!write(STDERR_FILENO, text, (size_t)length);
}
