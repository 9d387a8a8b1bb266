/* intercom_attributes.h - the four custom attributes that have to exist.
 *
 * Checked at start, created once when they are missing, by calls that belong to
 * no delivery. Pure. Source: facts on Intercom, "Custom attributes". */
#ifndef DELIVERY_INTERCOM_ATTRIBUTES_H
#define DELIVERY_INTERCOM_ATTRIBUTES_H

#include "base/buf.h"
#include "delivery/http.h"
#include "delivery/verdict.h"

#include <stdbool.h>
#include <stdint.h>

enum { INTERCOM_ATTRIBUTE_COUNT = 4 };

/* Where they are created; and listed. */
#define INTERCOM_ATTRIBUTES_PATH      "/data_attributes"
#define INTERCOM_ATTRIBUTES_LIST_PATH "/data_attributes?model=contact"

/* The body of POST /data_attributes for the attribute number index. */
void intercom_write_attribute(int index, struct buf *out);

/* Judge the answer to POST /data_attributes: an attribute that exists already
 * is a success; 403 is a hold "create these by hand". */
void intercom_judge_attribute(const struct http_answer *answer, int64_t now_ms,
                              struct verdict *verdict);

/* Look for the four in the answer to the list, and write the missing ones'
 * names to missing, a comma between them ("" when all are there). False: the
 * answer does not tell (an error, a web page, or cut before the end). */
bool intercom_find_missing_attributes(const struct http_answer *answer,
                                      struct buf *missing);

#endif
