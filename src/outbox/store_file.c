#include "outbox/store_file.h"

#include "base/buf.h"
#include "outbox/query.h"
#include "outbox/store.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* stat() of path has failed. */
static bool fail_without_file(const char *path, struct err *err)
{
    struct stat link;
    if (errno != ENOENT)
        return err_set_errno(err, errno, "%s", path);
    if (lstat(path, &link) == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "%s is a symbolic link to a file that does not exist",
                       path);
    return err_set(err, ERR_NOT_FOUND,
                   "%s does not exist; run: subrelay -d %s init", path, path);
}

bool store_file_check(const char *path, bool for_writing, char **real,
                      struct err *err)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return fail_without_file(path, err);
    if (S_ISDIR(status.st_mode))
        return err_set(err, ERR_INVALID, "%s is a directory", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_INVALID, "%s is not a file", path);
    /* SQLite names the WAL, and we the lock, after the path: under another name
     * both would be others, and two writers would ruin the file. */
    if (status.st_nlink > 1)
        return err_set(err, ERR_INVALID,
                       "%s has %ju names (hard links), under each of which it "
                       "would have another WAL and lock; leave it one",
                       path, (uintmax_t)status.st_nlink);
    if (access(path, for_writing ? R_OK | W_OK : R_OK) != 0)
        return err_set_errno(err, errno, "cannot %s %s",
                             for_writing ? "write to" : "read", path);
    *real = realpath(path, NULL);
    if (*real == NULL)
        return err_set_errno(err, errno, "%s", path);
    return true;
}

static bool has_wal(const char *real)
{
    struct buf path;
    struct stat status;
    buf_init(&path, PATH_MAX);
    buf_add_format(&path, "%s-wal", real);
    bool has = stat(buf_text(&path), &status) == 0 && status.st_size > 0;
    buf_free(&path);
    return has;
}

bool store_file_is_unchangeable(const char *real)
{
    struct statvfs system;
    return statvfs(real, &system) == 0 && (system.f_flag & ST_RDONLY) != 0 &&
           !has_wal(real);
}

/* True if it is the file of that name with the suffix. */
static bool is_file(const struct stat *about, const char *name,
                    const char *suffix)
{
    struct buf path;
    struct stat other;
    buf_init(&path, PATH_MAX + 16);
    buf_add_format(&path, "%s%s", name, suffix);
    bool is_one = stat(buf_text(&path), &other) == 0 &&
                  about->st_dev == other.st_dev &&
                  about->st_ino == other.st_ino;
    buf_free(&path);
    return is_one;
}

bool store_owns_file(const char *database_path, const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal",
                                           ".lock"};
    struct stat about;
    int failed =
        path == NULL ? fstat(STDIN_FILENO, &about) : stat(path, &about);
    char *real = failed != 0 ? NULL : realpath(database_path, NULL);
    bool owns = false;
    for (size_t i = 0;
         real != NULL && i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        owns = owns || is_file(&about, real, suffixes[i]);
    free(real);
    return owns;
}

static bool find_tables(struct store *store, bool *ours, bool *named_outbox,
                        struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_STORE_HAS_OUTBOX);
    if (!query_first(&query, err))
        return false;
    *ours = query_int64(&query, 0) > 0;
    *named_outbox = query_int64(&query, 1) > 0;
    query_close(&query);
    return true;
}

bool store_file_read_version(struct store *store, int *version, struct err *err)
{
    bool is_ours;
    bool has_outbox;
    if (!find_tables(store, &is_ours, &has_outbox, err))
        return false;
    if (!is_ours && has_outbox)
        return err_set(err, ERR_INVALID,
                       "%s has a table named outbox that is not ours",
                       store->path);
    *version = 0;
    if (!is_ours)
        return true;
    struct query query;
    query_open(&query, store, QUERY_STORE_VERSION);
    if (!query_first(&query, err))
        return false;
    *version = (int)query_int64(&query, 0);
    query_close(&query);
    return true;
}
