#include "support/caught_stderr.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

static int real_stderr;
static int catcher;

void caught_stderr_begin(void)
{
    char path[] = "/tmp/caught_stderr_XXXXXX";
    catcher = mkostemp(path, O_APPEND);
    assert_true(catcher >= 0);
    assert_int_equal(unlink(path), 0);
    real_stderr = dup(STDERR_FILENO);
    assert_true(dup2(catcher, STDERR_FILENO) >= 0);
}

char *caught_stderr_end(void)
{
    static char written[1024 * 1024];
    assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
    ssize_t length = pread(catcher, written, sizeof(written) - 1, 0);
    assert_true(length >= 0);
    written[length] = '\0';
    (void)close(real_stderr);
    (void)close(catcher);
    return written;
}
