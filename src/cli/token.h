/* token.h - where Intercom's access token comes from (design, Security): a
 * file, the environment or a systemd credential; never an argument. */
#ifndef CLI_TOKEN_H
#define CLI_TOKEN_H

#include "base/err.h"

#include <stdbool.h>

struct token {
    char *value; /* owned */
    char *file;  /* owned; it is read again before probes; NULL: none */
};

/* Read the token from the file (NULL: not given), else $INTERCOM_TOKEN, else
 * $CREDENTIALS_DIRECTORY/intercom-token. Fails as file_read_secret() does, and
 * with ERR_NOT_FOUND if there is none of them. */
MUST_CHECK bool token_read(const char *file, struct token *token,
                           struct err *err);

/* Free it; the value is overwritten first. */
void token_free(struct token *token);

#endif
