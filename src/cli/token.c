#include "cli/token.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_file(const char *file, struct token *token, struct err *err)
{
    if (!file_read_secret(file, &token->value, err))
        return false;
    token->file = mem_copy_text(file);
    return true;
}

static bool read_credential(const char *directory, struct token *token,
                            struct err *err)
{
    struct buf path;
    buf_init(&path, PATH_MAX);
    buf_add_format(&path, "%s/intercom-token", directory);
    bool done = read_file(buf_text(&path), token, err);
    buf_free(&path);
    return done;
}

bool token_read(const char *file, struct token *token, struct err *err)
{
    *token = (struct token){.value = NULL};
    if (file != NULL)
        return read_file(file, token, err);

    const char *value = getenv("INTERCOM_TOKEN");
    if (value != NULL && *value != '\0') {
        if (!file_check_secret(value, strlen(value), "$INTERCOM_TOKEN", err))
            return false;
        token->value = mem_copy_text(value);
        return true;
    }
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (directory != NULL && *directory != '\0')
        return read_credential(directory, token, err);
    return err_set(err, ERR_NOT_FOUND,
                   "no token for Intercom: give --token-file FILE, or set "
                   "$INTERCOM_TOKEN, or a systemd credential intercom-token");
}

void token_free(struct token *token)
{
    if (token->value != NULL)
        explicit_bzero(token->value, strlen(token->value));
    free(token->value);
    free(token->file);
    *token = (struct token){.value = NULL};
}
