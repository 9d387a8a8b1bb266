#include "net/sandbox_faults.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/sandbox_text.h"

#include <stdlib.h>
#include <string.h>

/* PATH of a word, and what the paths it means begin with. */
static const struct {
    const char *word;
    const char *prefix;
} paths[] = {
    {"me", "/me"},
    {"contacts", "/contacts"},
    {"events", "/events"},
    {"data_attributes", "/data_attributes"},
};

static const struct {
    const char *word;
    struct sandbox_fault fault;
} whats[] = {
    {"html", {SANDBOX_FAULT_HTML, 0}},
    {"portal", {SANDBOX_FAULT_PORTAL, 0}},
    {"timeout", {SANDBOX_FAULT_TIMEOUT, 0}},
    {"reset", {SANDBOX_FAULT_RESET, 0}},
    {"reset-after", {SANDBOX_FAULT_RESET_AFTER, 0}},
    {"truncate", {SANDBOX_FAULT_TRUNCATE, 0}},
    {"slow", {SANDBOX_FAULT_SLOW, 0}},
};

static const int statuses[] = {301, 302, 400, 401, 402, 403, 404, 408, 409, 410,
                               413, 415, 422, 425, 429, 500, 502, 503, 504};

struct sandbox_rule {
    struct sandbox_fault fault;
    const char *prefix; /* static; NULL: every path */
    double rate;        /* 0 … 1 */
};

enum target_kind {
    TARGET_REJECT,
    TARGET_DELETED,
    TARGET_ARCHIVED,
    TARGET_DOWN,
};

static const struct {
    const char *word;
    enum target_kind kind;
} target_words[] = {
    {"reject=", TARGET_REJECT},
    {"deleted=", TARGET_DELETED},
    {"archived=", TARGET_ARCHIVED},
    {"down=", TARGET_DOWN},
};

struct sandbox_target {
    enum target_kind kind;
    char *value; /* owned, decoded */
};

/* A call that came, by its hash, and how often. */
struct sandbox_seen {
    uint64_t hash;
    uint32_t times;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool refuse(const char *word, const char *why, struct err *err)
{
    return err_set(err, ERR_INVALID, "fault \"%s\": %s", word, why);
}

/* "0.05", ".5", "1" or "5%" to 0 … 1. Not strtod: that follows the locale. */
static bool read_rate(const char *text, double *rate)
{
    double value = 0;
    double unit = 1;
    bool has_point = false;
    const char *at = text;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !has_point); at++) {
        if (*at == '.') {
            has_point = true;
            continue;
        }
        value = value * 10 + (*at - '0');
        unit = has_point ? unit * 10 : unit;
    }
    if (at == text || text_equals(text, "."))
        return false;
    bool is_percent = *at == '%';
    *rate = value / unit / (is_percent ? 100 : 1);
    return at[is_percent ? 1 : 0] == '\0' && *rate <= 1;
}

static bool read_what(const char *what, struct sandbox_fault *fault)
{
    int64_t status = 0;
    for (size_t i = 0; i < COUNT(whats); i++) {
        if (text_equals(what, whats[i].word)) {
            *fault = whats[i].fault;
            return true;
        }
    }
    if (!text_parse_int64(what, 0, 999, &status))
        return false;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        if (statuses[i] == status) {
            *fault = (struct sandbox_fault){SANDBOX_FAULT_STATUS, (int)status};
            return true;
        }
    }
    return false;
}

static bool read_path(const char *path, const char **prefix)
{
    for (size_t i = 0; i < COUNT(paths); i++) {
        if (text_equals(path, paths[i].word)) {
            *prefix = paths[i].prefix;
            return true;
        }
    }
    return false;
}

/* word is WHAT[@PATH]:RATE; copy is the same, to be cut up. */
static bool read_rule(const char *word, char *copy,
                      struct sandbox_faults *faults, struct err *err)
{
    struct sandbox_rule rule = {.prefix = NULL};
    char *rate = strchr(copy, ':');
    if (rate == NULL)
        return refuse(word, "it needs a rate, as in 503:0.1", err);
    *rate++ = '\0';
    char *path = strchr(copy, '@');
    if (path != NULL)
        *path++ = '\0';
    if (!read_what(copy, &rule.fault))
        return refuse(word, "no such fault", err);
    if (path != NULL && !read_path(path, &rule.prefix))
        return refuse(word, "no such path", err);
    if (!read_rate(rate, &rule.rate))
        return refuse(word, "the rate must be from 0 to 1 or 0% to 100%", err);
    size_t size = (faults->rule_count + 1) * sizeof(rule);
    faults->rules = mem_resize(faults->rules, size);
    faults->rules[faults->rule_count++] = rule;
    return true;
}

static bool read_target(const char *word, size_t index,
                        struct sandbox_faults *faults, struct err *err)
{
    const char *value = word + strlen(target_words[index].word);
    struct sandbox_target target = {.kind = target_words[index].kind};
    int64_t seconds = 0;
    if (target.kind == TARGET_DOWN) {
        if (!text_parse_int64(value, 0, 1000000, &seconds))
            return refuse(word, "it needs a number of seconds", err);
        faults->down_ms = seconds * 1000;
        return true;
    }
    if (*value == '\0' ||
        !sandbox_text_decode(value, strlen(value), &target.value))
        return refuse(word, "it needs a name, percent-encoded", err);
    size_t size = (faults->target_count + 1) * sizeof(target);
    faults->targets = mem_resize(faults->targets, size);
    faults->targets[faults->target_count++] = target;
    return true;
}

static bool read_word(const char *word, struct sandbox_faults *faults,
                      struct err *err)
{
    for (size_t i = 0; i < COUNT(target_words); i++) {
        if (text_has_prefix(word, target_words[i].word))
            return read_target(word, i, faults, err);
    }
    char *copy = mem_copy_text(word);
    bool done = read_rule(word, copy, faults, err);
    free(copy);
    return done;
}

struct seen_key {
    const struct sandbox_seen *rows;
    uint64_t hash;
};

static bool is_same_call(const void *context, uint32_t row)
{
    const struct seen_key *key = context;
    return key->rows[row].hash == key->hash;
}

/* How often this very call came before. */
static uint32_t count_call(struct sandbox_faults *faults, uint64_t hash)
{
    struct seen_key key = {faults->seen, hash};
    uint32_t row =
        sandbox_table_find(&faults->by_call, hash, is_same_call, &key);
    if (row != SANDBOX_NO_ROW)
        return ++faults->seen[row].times;
    if (faults->seen_count == faults->seen_capacity) {
        faults->seen_capacity =
            faults->seen_capacity == 0 ? 64 : faults->seen_capacity * 2;
        faults->seen = mem_resize(faults->seen, faults->seen_capacity *
                                                    sizeof(*faults->seen));
    }
    row = faults->seen_count++;
    faults->seen[row] = (struct sandbox_seen){.hash = hash};
    sandbox_table_add(&faults->by_call, hash, row);
    return 0;
}

static uint64_t hash_call(uint64_t seed, const struct sandbox_request *request)
{
    uint64_t hash =
        sandbox_hash(seed, request->method, strlen(request->method));
    hash = sandbox_hash(hash, request->path, strlen(request->path));
    return sandbox_hash(hash, request->body, request->body_length);
}

/* A number from 0 up to 1 for rule number `index`. */
static double throw_dice(uint64_t hash, uint64_t index)
{
    return (double)(sandbox_hash(hash, &index, sizeof(index)) >> 11) * 0x1p-53;
}

static bool is_down(struct sandbox_faults *faults, int64_t monotonic_ms)
{
    if (faults->down_ms == 0)
        return false;
    if (faults->first_ms < 0)
        faults->first_ms = monotonic_ms;
    return monotonic_ms - faults->first_ms < faults->down_ms;
}

static void set_up_contact(const struct sandbox_target *target,
                           struct sandbox_contacts *contacts, int64_t now_s)
{
    uint32_t row = sandbox_contacts_find_external(contacts, target->value);
    if (row == SANDBOX_NO_ROW)
        row = sandbox_contacts_add(contacts, target->value, now_s);
    contacts->rows[row].state =
        target->kind == TARGET_DELETED ? SANDBOX_DELETED : SANDBOX_ARCHIVED;
}

bool sandbox_faults_read(const char *spec, uint64_t seed,
                         struct sandbox_faults *faults, struct err *err)
{
    struct sandbox_faults read = {.seed = seed, .first_ms = -1};
    const char *rest = spec == NULL ? "" : spec;
    bool done = true;
    while (done && *rest != '\0') {
        size_t length = strcspn(rest, ",");
        char *word = mem_copy_bytes(rest, length);
        done = read_word(word, &read, err);
        free(word);
        rest += length;
        if (*rest == ',' && *++rest == '\0' && done)
            done = refuse(",", "nothing comes behind it", err);
    }
    if (done)
        *faults = read;
    else
        sandbox_faults_free(&read);
    return done;
}

void sandbox_faults_set_up(const struct sandbox_faults *faults,
                           struct sandbox_world *world, int64_t now_s)
{
    sandbox_world_archive_name(world, NULL);
    for (size_t i = 0; i < faults->target_count; i++) {
        const struct sandbox_target *target = &faults->targets[i];
        if (target->kind == TARGET_REJECT)
            sandbox_world_archive_name(world, target->value);
        else
            set_up_contact(target, &world->contacts, now_s);
    }
}

struct sandbox_fault sandbox_faults_draw(struct sandbox_faults *faults,
                                         const struct sandbox_request *request)
{
    struct sandbox_fault none = {SANDBOX_NO_FAULT, 0};
    if (is_down(faults, request->monotonic_ms))
        return (struct sandbox_fault){SANDBOX_FAULT_STATUS, 503};
    if (faults->rule_count == 0)
        return none;
    uint64_t hash = hash_call(faults->seed, request);
    uint32_t times = count_call(faults, hash);
    hash = sandbox_hash(hash, &times, sizeof(times));
    for (size_t i = 0; i < faults->rule_count; i++) {
        const struct sandbox_rule *rule = &faults->rules[i];
        if (rule->prefix != NULL &&
            !text_has_prefix(request->path, rule->prefix))
            continue;
        if (throw_dice(hash, i) < rule->rate)
            return rule->fault;
    }
    return none;
}

void sandbox_faults_free(struct sandbox_faults *faults)
{
    for (size_t i = 0; i < faults->target_count; i++)
        free(faults->targets[i].value);
    free(faults->targets);
    free(faults->rules);
    free(faults->seen);
    sandbox_table_free(&faults->by_call);
    *faults = (struct sandbox_faults){.seed = faults->seed, .first_ms = -1};
}
