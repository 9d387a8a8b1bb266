/* members_scan.h - the quick way to read a webhook body's members.
 *
 * For members.c alone. Stricter than cJSON throughout, so that what is scanned
 * to the end is what cJSON would have read. Pure. */
#ifndef EVENT_MEMBERS_SCAN_H
#define EVENT_MEMBERS_SCAN_H

#include "event/members.h"

/* Read the members of body, which has length bytes. False: the body is out of
 * the ordinary, and nothing is said of it; *members holds nothing to free. */
bool members_scan(const char *body, size_t length, struct members *members);

#endif
