#include "outbox/lock.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct lock {
    int descriptor;
};

/* The database's real path, so that links to it are one lock, + ".lock". */
static bool name_lock(const char *database_path, char *path, size_t size,
                      struct err *err)
{
    char real[PATH_MAX];
    if (realpath(database_path, real) == NULL)
        return err_set_errno(err, errno, "%s", database_path);
    int length = snprintf(path, size, "%s.lock", real);
    if (length < 0 || (size_t)length >= size)
        return err_set(err, ERR_INVALID, "the path is too long: %s", real);
    return true;
}

/* True if the path still names the file that the descriptor has open. */
static bool is_still_there(const char *path, int descriptor)
{
    struct stat named;
    struct stat open_file;
    return stat(path, &named) == 0 && fstat(descriptor, &open_file) == 0 &&
           named.st_dev == open_file.st_dev && named.st_ino == open_file.st_ino;
}

enum attempt {
    ATTEMPT_TAKEN,
    ATTEMPT_HELD, /* by another */
    ATTEMPT_GONE, /* the file was removed meanwhile: again */
    ATTEMPT_FAILED,
};

static enum attempt try_once(const char *path, int *descriptor, struct err *err)
{
    *descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*descriptor < 0) {
        (void)err_set_errno(err, errno, "cannot open %s", path);
        return ATTEMPT_FAILED;
    }
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    enum attempt result = ATTEMPT_TAKEN;
    if (fcntl(*descriptor, F_OFD_SETLK, &whole) != 0) {
        result =
            errno == EAGAIN || errno == EACCES ? ATTEMPT_HELD : ATTEMPT_FAILED;
        if (result == ATTEMPT_FAILED)
            (void)err_set_errno(err, errno, "cannot lock %s", path);
    } else if (!is_still_there(path, *descriptor)) {
        result = ATTEMPT_GONE;
    }
    if (result != ATTEMPT_TAKEN)
        (void)close(*descriptor);
    return result;
}

bool lock_take(const char *database_path, struct lock **lock, struct err *err)
{
    char path[PATH_MAX];
    int descriptor;
    enum attempt result;
    *lock = NULL;
    if (!name_lock(database_path, path, sizeof(path), err))
        return false;
    do {
        result = try_once(path, &descriptor, err);
    } while (result == ATTEMPT_GONE);
    if (result == ATTEMPT_FAILED)
        return false;
    if (result == ATTEMPT_HELD)
        return err_set(err, ERR_BUSY, "another relay is running on %s",
                       database_path);
    *lock = mem_new(sizeof(**lock));
    (*lock)->descriptor = descriptor;
    return true;
}

bool lock_is_held(const char *database_path, bool *held, struct err *err)
{
    char path[PATH_MAX];
    if (!name_lock(database_path, path, sizeof(path), err))
        return false;
    *held = false;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0)
        return errno == ENOENT ||
               err_set_errno(err, errno, "cannot open %s", path);
    /* A lock that would be refused is held; a read lock is enough to ask. */
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    bool good = fcntl(descriptor, F_OFD_GETLK, &whole) == 0;
    if (good)
        *held = whole.l_type != F_UNLCK;
    else
        (void)err_set_errno(err, errno, "cannot ask for the lock of %s", path);
    (void)close(descriptor);
    return good;
}

void lock_release(struct lock *lock)
{
    if (lock == NULL)
        return;
    /* The file stays: removing it would let two have a lock each. */
    (void)close(lock->descriptor);
    free(lock);
}
