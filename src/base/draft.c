#include "base/draft.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Make an empty file that only its owner can use. */
static bool make_file(const char *path, struct err *err)
{
    int descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return err_set_errno(err, errno, "cannot create %s", path);
    bool good = fchmod(descriptor, 0600) == 0;
    if (!good)
        (void)err_set_errno(err, errno, "cannot set the mode of %s", path);
    (void)close(descriptor);
    return good;
}

bool draft_begin(struct draft *draft, const char *name, struct err *err)
{
    draft->name = name;
    int length = snprintf(draft->path, sizeof(draft->path), "%s.new-%ld", name,
                          (long)getpid());
    if (length < 0 || (size_t)length >= sizeof(draft->path))
        return err_set(err, ERR_INVALID, "the path is too long: %s", name);
    (void)unlink(draft->path);
    return make_file(draft->path, err);
}

/* EINVAL: a file system that has nothing to bring to a disk. */
static bool sync_path(const char *path, int flags, const char *words,
                      const char *name, struct err *err)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (descriptor < 0)
        return err_set_errno(err, errno, "cannot open %s%s", words, name);
    bool good = fsync(descriptor) == 0 || errno == EINVAL;
    if (!good)
        (void)err_set_errno(err, errno, "cannot write %s%s", words, name);
    (void)close(descriptor);
    return good;
}

bool draft_sync(const struct draft *draft, struct err *err)
{
    return sync_path(draft->path, 0, "", draft->name, err);
}

/* The entry of the new file reaches the disk with its directory. */
static bool sync_directory(const char *name, struct err *err)
{
    char copy[PATH_MAX];
    text_copy(copy, sizeof(copy), name);
    return sync_path(dirname(copy), O_DIRECTORY, "the directory of ", name,
                     err);
}

/* Not every file system knows how to rename without replacing; then a second
 * name does it. */
static bool give_name(const struct draft *draft, bool replace)
{
    if (replace)
        return rename(draft->path, draft->name) == 0;
    if (renameat2(AT_FDCWD, draft->path, AT_FDCWD, draft->name,
                  RENAME_NOREPLACE) == 0)
        return true;
    return errno == EINVAL && link(draft->path, draft->name) == 0;
}

bool draft_publish(const struct draft *draft, bool replace, bool *exists,
                   struct err *err)
{
    *exists = false;
    if (!give_name(draft, replace)) {
        *exists = errno == EEXIST;
        return *exists ||
               err_set_errno(err, errno, "cannot create %s", draft->name);
    }
    draft_drop(draft); /* where it is a second name */
    return sync_directory(draft->name, err);
}

void draft_drop(const struct draft *draft)
{
    (void)unlink(draft->path);
}
