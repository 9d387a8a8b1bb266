#include "cli/command.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* A caller may have closed the standard descriptors. The next file or socket
 * opened would get such a number, and what is said on stderr would go into it.
 * So each is filled: with something that refuses what it is used for, because
 * to read or write one that was closed is to fail. */
static void fill_standard_descriptors(void)
{
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
        if (fcntl(number, F_GETFD) < 0)
            (void)open("/dev/null",
                       number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    /* Columns are counted in the reader's encoding; a locale that is not
     * installed would make every letter outside ASCII unknown. */
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    /* A closed pipe is a failed write, with a message. */
    (void)signal(SIGPIPE, SIG_IGN);
    return (int)command_main(argc, argv);
}
