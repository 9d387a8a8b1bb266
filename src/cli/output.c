#include "cli/output.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    PIECE_BYTES = 64 * 1024,
    /* The largest thing shown at once: a delivery with all that is kept. */
    MOST_BYTES = 256 * 1024 * 1024,
};

static const char *const colours[] = {
    [OUTPUT_PLAIN] = "",           [OUTPUT_HEADING] = "\033[1m",
    [OUTPUT_GOOD] = "\033[32m",    [OUTPUT_BAD] = "\033[1;31m",
    [OUTPUT_WARNING] = "\033[33m", [OUTPUT_DIM] = "\033[2m",
};

void output_init(struct output *output, int descriptor)
{
    *output = (struct output){.descriptor = descriptor};
    buf_init(&output->text, MOST_BYTES);
    if (!isatty(descriptor))
        return;
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    output->is_colour = (no_colour == NULL || *no_colour == '\0') &&
                        terminal != NULL && !text_equals(terminal, "dumb");
    struct winsize size;
    output->columns = 80;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        output->columns = size.ws_col;
}

static void write_all(struct output *output)
{
    const char *bytes = output->text.bytes;
    size_t left = output->text.length;
    while (left > 0 && output->errnum == 0) {
        ssize_t wrote = write(output->descriptor, bytes, left);
        if (wrote >= 0) {
            bytes += wrote;
            left -= (size_t)wrote;
        } else if (errno != EINTR) {
            output->errnum = errno;
        }
    }
    if (output->text.overflow && output->errnum == 0)
        output->errnum = EFBIG;
    buf_clear(&output->text);
}

bool output_pass(struct output *output)
{
    if (output->text.length >= PIECE_BYTES)
        write_all(output);
    return output->errnum == 0;
}

bool output_flush(struct output *output)
{
    write_all(output);
    return output->errnum == 0;
}

bool output_finish(struct output *output, struct err *err)
{
    write_all(output);
    buf_free(&output->text);
    if (output->errnum == 0)
        return true;
    return err_set_errno(err, output->errnum, "cannot write the output");
}

bool output_finish_after(struct output *output, bool good, struct err *err)
{
    struct err output_err;
    bool written = output_finish(output, &output_err);
    if (good && !written)
        *err = output_err;
    return good && written;
}

void output_printable(struct output *output, const char *text)
{
    if (text != NULL)
        text_add_printable(&output->text, text, strlen(text));
}

void output_role_text(struct output *output, enum output_role role,
                      const char *text)
{
    bool coloured = output->is_colour && role != OUTPUT_PLAIN;
    if (coloured)
        buf_add_text(&output->text, colours[role]);
    buf_add_text(&output->text, text);
    if (coloured)
        buf_add_text(&output->text, "\033[0m");
}

enum output_role output_state_role(const char *state)
{
    static const struct {
        const char *state;
        enum output_role role;
    } roles[] = {
        {"delivered", OUTPUT_GOOD},  {"failed", OUTPUT_BAD},
        {"sending", OUTPUT_WARNING}, {"skipped", OUTPUT_DIM},
        {"discarded", OUTPUT_DIM},
    };
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (text_equals(roles[i].state, state))
            return roles[i].role;
    }
    return OUTPUT_PLAIN;
}
