/* err.h - what went wrong, in one code and one line for a person.
 *
 * A function that can fail returns bool and takes struct err *err last. True:
 * its outputs are valid and *err is untouched. False: nothing happened, and
 * *err is filled. Bugs are asserts; the network and the disk never are. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

enum err_code {
    ERR_NONE,
    ERR_INVALID,    /* the data breaks a rule; the text says which */
    ERR_NOT_FOUND,  /* no such id, name or file */
    ERR_USAGE,      /* the command line is wrong */
    ERR_BUSY,       /* someone else holds the lock; try again */
    ERR_FULL,       /* no room on the disk */
    ERR_IO,         /* the system refused to read or write */
    ERR_CORRUPT,    /* the file is damaged, or is no database */
    ERR_NEWER,      /* the outbox was made by a newer subrelay */
    ERR_SUPERSEDED, /* a newer relay has taken over */
    ERR_ACCESS,     /* permission, read-only file system, port in use */
    ERR_STOPPED,    /* whoever asked for it wants it no more */
};

struct err {
    enum err_code code;
    char text[256]; /* one line, no final newline, no control characters */
};

/* Fill *err and return false, so that a failing function can end with
 * "return err_set(err, …)". A text that is too long is cut. err->text may be
 * an argument: that is how a caller adds where it happened. */
bool err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the system's words for errnum at the end. The code
 * is chosen from errnum: ENOSPC and EDQUOT ERR_FULL; ENOENT ERR_NOT_FOUND;
 * EACCES, EPERM, EROFS and EADDRINUSE ERR_ACCESS; all others ERR_IO. The words
 * are never cut: a text too long for both ends in "...". */
bool err_set_errno(struct err *err, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__ /* It does not look into err.c: always false. */
#define err_set(...)       ((void)err_set(__VA_ARGS__), false)
#define err_set_errno(...) ((void)err_set_errno(__VA_ARGS__), false)
#endif

#endif
