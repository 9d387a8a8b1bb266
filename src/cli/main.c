#include "cli/command.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    /* Columns are counted in the reader's encoding; a locale that is not
     * installed would make every letter outside ASCII unknown. */
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    /* A closed pipe is a failed write, with a message. */
    (void)signal(SIGPIPE, SIG_IGN);
    return (int)command_main(argc, argv);
}
