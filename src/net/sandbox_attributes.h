/* sandbox_attributes.h - the data attributes of the sandbox's workspace: which
 * custom attributes exist, and what values they take. Pure state. One thread.
 */
#ifndef NET_SANDBOX_ATTRIBUTES_H
#define NET_SANDBOX_ATTRIBUTES_H

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sandbox_type {
    SANDBOX_STRING,
    SANDBOX_INTEGER,
    SANDBOX_FLOAT,
    SANDBOX_BOOLEAN,
    SANDBOX_DATE, /* UTC seconds */
    SANDBOX_NO_TYPE,
};

struct sandbox_attribute {
    char *name; /* owned */
    int64_t id;
    int64_t created_s;
    enum sandbox_type type;
    bool of_company; /* else of contacts */
};

struct sandbox_attributes {
    struct sandbox_attribute *rows; /* owned */
    size_t count;
    int64_t last_id;
};

/* Intercom's name of a type to the type ("datetime" is a date), or
 * SANDBOX_NO_TYPE. NULL has no type. */
enum sandbox_type sandbox_attributes_read_type(const char *text);

/* True for a number without a fraction that a double holds exactly. */
bool sandbox_attributes_is_whole(const struct cJSON *value);

/* Add the four attributes that subrelay writes. */
void sandbox_attributes_add_needed(struct sandbox_attributes *attributes,
                                   int64_t now_s);

/* Add one; its name must not be there yet, whatever the model. The pointer
 * ends with the next change. */
struct sandbox_attribute *
sandbox_attributes_add(struct sandbox_attributes *attributes, const char *name,
                       enum sandbox_type type, int64_t now_s);

/* The attribute of this name, or NULL. The pointer ends with the next
 * change. */
struct sandbox_attribute *
sandbox_attributes_find(const struct sandbox_attributes *attributes,
                        const char *name);

/* Forget one; unknown names are fine. */
void sandbox_attributes_remove(struct sandbox_attributes *attributes,
                               const char *name);

/* Check every key and value of the object values (borrowed, NULL: nothing to
 * check). Fails with ERR_NOT_FOUND ("Custom attribute 'X' does not exist") or
 * ERR_INVALID (the type), and *name (borrowed from values) is the key. */
MUST_CHECK bool
sandbox_attributes_check(const struct sandbox_attributes *attributes,
                         const struct cJSON *values, const char **name,
                         struct err *err);

/* Write one as GET /data_attributes shows it. */
void sandbox_attributes_write(const struct sandbox_attribute *attribute,
                              struct json *json);

void sandbox_attributes_free(struct sandbox_attributes *attributes);

#endif
