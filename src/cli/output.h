/* output.h - what a command prints on stdout.
 *
 * Text is gathered in a buffer that anybody may write to with the buf_ and
 * json_ functions; output_pass() hands full pieces to the system. Failed
 * writes (a closed pipe, a full disk) are remembered and reported once, by
 * output_finish(). Text from outside goes through output_printable(). One
 * owner, one thread. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a word is, for its colour on a terminal. */
enum output_role {
    OUTPUT_PLAIN,
    OUTPUT_HEADING,
    OUTPUT_GOOD,
    OUTPUT_BAD,
    OUTPUT_WARNING,
    OUTPUT_DIM,
};

struct output {
    struct buf text; /* gathered, not yet written */
    int descriptor;
    int errnum;     /* of the first failed write; 0: none */
    bool is_colour; /* a terminal, and NO_COLOR is not set */
    int columns;    /* of the terminal; 0: none, lines may be of any length */
};

/* Start an output on the descriptor (1: stdout). Allocates nothing. */
void output_init(struct output *output, int descriptor);

/* Call after each piece: writes when enough has gathered. False: writing has
 * failed, so the rest is in vain (output_finish() says why). */
bool output_pass(struct output *output);

/* Write what is left now, for a reader that waits (a line of `sandbox`). */
bool output_flush(struct output *output);

/* Write the rest and free the buffer. Fails with the reason of the first write
 * that failed. */
MUST_CHECK bool output_finish(struct output *output, struct err *err);

/* The same behind work that may have failed: what it has written goes out. Then
 * false, too, with the work's own reason in err. */
MUST_CHECK bool output_finish_after(struct output *output, bool good,
                                    struct err *err);

/* Add text from outside, made printable. NULL adds nothing. */
void output_printable(struct output *output, const char *text);

/* Add our own text in the role's colour. */
void output_role_text(struct output *output, enum output_role role,
                      const char *text);

/* The role that a delivery's state is shown in. */
enum output_role output_state_role(const char *state);

#endif
