#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void folder_make(char path[FOLDER_BYTES])
{
    const char *parent = getenv("TMPDIR");
    (void)snprintf(path, FOLDER_BYTES, "%s/subrelay-test-XXXXXX",
                   parent == NULL ? "/tmp" : parent);
    if (mkdtemp(path) == NULL)
        fail_msg("%s: can't be made", path);
}

static int remove_one(const char *path, const struct stat *status, int flag,
                      struct FTW *position)
{
    (void)status;
    (void)flag;
    (void)position;
    return remove(path);
}

void folder_remove(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
