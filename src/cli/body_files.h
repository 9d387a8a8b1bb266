/* body_files.h - webhook bodies out of the files that a command was given.
 *
 * One after the other, "-" or no file at all: the standard input. A file that
 * cannot be read is reported, and the next one goes on. The database itself is
 * never opened: closing a descriptor of it would drop SQLite's locks. One
 * owner, one thread. */
#ifndef CLI_BODY_FILES_H
#define CLI_BODY_FILES_H

#include "base/err.h"
#include "cli/bodies.h"

#include <stddef.h>

/* What the standard input is called in body->file. */
#define BODY_FILES_INPUT "(input)"

struct body_files;

/* paths are borrowed until body_files_free(). database is the path that must
 * not be opened, under whatever name (borrowed); NULL: there is none. */
struct body_files *body_files_new(const char *const *paths, size_t count,
                                  const char *database);
void body_files_free(struct body_files *files);

/* As bodies_on_wait(), for each of the files. */
void body_files_on_wait(struct body_files *files,
                        void (*function)(void *context), void *context);

/* The next body of all files. BODIES_UNREADABLE: err names the file, and the
 * next call goes on with the next one. */
MUST_CHECK enum bodies_result
body_files_next(struct body_files *files, struct body *body, struct err *err);

#endif
