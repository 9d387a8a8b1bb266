/* folder.h - a temporary folder of a test's own. */
#ifndef SUPPORT_FOLDER_H
#define SUPPORT_FOLDER_H

enum { FOLDER_BYTES = 256 };

/* Make an empty folder; path has room for FOLDER_BYTES. Fails the test. */
void folder_make(char path[FOLDER_BYTES]);

/* Remove it with all that is in it. Fine if it is gone. */
void folder_remove(const char *path);

#endif
