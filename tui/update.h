/* update.h - what a key does to the model. Reads no database, draws nothing. */
#ifndef TUI_UPDATE_H
#define TUI_UPDATE_H

#include "tui/model.h"

#include <stdint.h>

/* Take a key (keys.h): the question that is open, then what it means
 * everywhere, then the view. With a click model->mouse_… are set. */
void update_key(struct model *model, uint32_t code);

/* The terminal has this size now. */
void update_size(struct model *model, int columns, int lines);

#endif
