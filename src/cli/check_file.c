/* check_file.c - the database file from outside. */
#include "cli/check.h"

#include "base/text.h"
#include "relay/wake.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* File systems that reach over a network, by the number that statfs() gives
 * (statfs(2)). Some only may do so. */
static const struct file_system {
    uint32_t magic;
    const char *name;
    enum check_level level;
} file_systems[] = {
    {0x6969, "NFS", CHECK_ENVIRONMENT},
    {0xFF534D42, "CIFS", CHECK_ENVIRONMENT},
    {0xFE534D42, "SMB2", CHECK_ENVIRONMENT},
    {0x517B, "SMB", CHECK_ENVIRONMENT},
    {0x5346414F, "AFS", CHECK_ENVIRONMENT},
    {0x6B414653, "AFS", CHECK_ENVIRONMENT},
    {0x73757245, "Coda", CHECK_ENVIRONMENT},
    {0x00C36400, "Ceph", CHECK_ENVIRONMENT},
    {0x0BD00BD0, "Lustre", CHECK_ENVIRONMENT},
    {0x7461636F, "OCFS2", CHECK_ENVIRONMENT},
    {0x01161970, "GFS2", CHECK_ENVIRONMENT},
    {0x47504653, "GPFS", CHECK_ENVIRONMENT},
    {0x01021997, "9p", CHECK_NOTE},
    {0x65735546, "FUSE", CHECK_NOTE},
};

static const struct file_system *find_file_system(uint32_t magic)
{
    for (size_t i = 0; i < sizeof(file_systems) / sizeof(file_systems[0]);
         i++) {
        if (file_systems[i].magic == magic)
            return &file_systems[i];
    }
    return NULL;
}

static void check_there(struct check_report *report, const char *database,
                        const struct stat *status)
{
    const struct passwd *owner = getpwuid(status->st_uid);
    char number[24];
    (void)snprintf(number, sizeof(number), "%lu",
                   (unsigned long)status->st_uid);
    const char *name = owner != NULL ? owner->pw_name : number;
    if (access(database, R_OK | W_OK) != 0)
        check_add(report, "file", CHECK_ENVIRONMENT,
                  "run as the owner, or give yourself the right to write",
                  "%.200s is %s's, and you may not write to it", database,
                  name);
    else
        check_add(report, "file", CHECK_OK, NULL, "%.200s, %.1f MB, %s's",
                  database, (double)status->st_size / 1e6, name);
}

static void check_mode(struct check_report *report, const char *database,
                       const struct stat *status)
{
    unsigned mode = status->st_mode & 07777;
    char todo[CHECK_TEXT_BYTES];
    (void)snprintf(todo, sizeof(todo), "chmod 600 %.250s", database);
    if ((mode & 0007) != 0)
        check_add(report, "mode", CHECK_ENVIRONMENT, todo,
                  "%04o: everybody on this machine can get at your users' data",
                  mode);
    else if ((mode & 0070) != 0)
        check_add(report, "mode", CHECK_OK, NULL,
                  "%04o: its group can use it, too", mode);
    else
        check_add(report, "mode", CHECK_OK, NULL, "%04o", mode);
}

/* SQLite keeps its log beside the file. */
static void check_directory(struct check_report *report, const char *real)
{
    char copy[PATH_MAX];
    text_copy(copy, sizeof(copy), real);
    const char *directory = dirname(copy);
    if (access(directory, W_OK | X_OK) != 0)
        check_add(report, "directory", CHECK_ENVIRONMENT,
                  "give yourself the right to write there, or move the "
                  "database",
                  "%.200s: SQLite can't keep its log there: %s", directory,
                  strerrordesc_np(errno));
}

static void check_file_system(struct check_report *report, const char *real)
{
    struct statfs system;
    if (statfs(real, &system) != 0) {
        check_add(report, "file system", CHECK_NOTE, NULL, "unknown: %s",
                  strerrordesc_np(errno));
        return;
    }
    const struct file_system *network =
        find_file_system((uint32_t)system.f_type);
    int64_t free_bytes = (int64_t)system.f_bavail * (int64_t)system.f_bsize;
    if (network != NULL)
        check_add(report, "file system", network->level,
                  "have the database on a disk of this machine: locks and the "
                  "write-ahead log are not safe over a network",
                  "%s", network->name);
    else if (free_bytes < INT64_C(100000000))
        check_add(report, "file system", CHECK_ENVIRONMENT,
                  "make room: without it producers are refused",
                  "local, %.1f MB free", (double)free_bytes / 1e6);
    else
        check_add(report, "file system", CHECK_OK, NULL, "local, %.1f GB free",
                  (double)free_bytes / 1e9);
}

static void check_watch(struct check_report *report, const char *real)
{
    struct wake *wake;
    struct err err;
    if (!wake_new(real, NULL, &wake, &err)) {
        check_add(report, "wake-up", CHECK_ENVIRONMENT,
                  "close what holds so many files, or raise the limit", "%s",
                  err.text);
        return;
    }
    if (wake_is_watching(wake))
        check_add(report, "wake-up", CHECK_OK, NULL,
                  "inotify: a commit is seen at once");
    else
        check_add(report, "wake-up", CHECK_NOTE,
                  "raise fs.inotify.max_user_instances and max_user_watches",
                  "no inotify here: the relay looks every second");
    wake_free(wake);
}

void check_file(struct check_report *report, const char *database)
{
    struct stat status;
    char *real = realpath(database, NULL);
    if (real == NULL || stat(real, &status) != 0 || !S_ISREG(status.st_mode)) {
        free(real);
        return; /* opening it says what is wrong */
    }
    check_there(report, database, &status);
    check_mode(report, database, &status);
    check_directory(report, real);
    check_file_system(report, real);
    check_watch(report, real);
    free(real);
}
