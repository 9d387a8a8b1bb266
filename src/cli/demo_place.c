#include "cli/demo_place.h"

#include "base/text.h"
#include "demo_events.h"
#include "outbox/outbox.h"
#include "outbox/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool make_directory(struct demo_place *place, struct err *err)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || *parent == '\0')
        parent = "/tmp";
    int length = snprintf(place->directory, sizeof(place->directory),
                          "%s/subrelay-demo-XXXXXX", parent);
    if (length < 0 || (size_t)length + sizeof("/outbox.db") > PATH_MAX)
        return err_set(err, ERR_INVALID, "$TMPDIR is too long");
    if (mkdtemp(place->directory) == NULL) {
        int errnum = errno;
        place->directory[0] = '\0';
        return err_set_errno(err, errnum, "cannot make a directory in %s",
                             parent);
    }
    (void)snprintf(place->database, sizeof(place->database), "%.*s/outbox.db",
                   length, place->directory);
    return true;
}

/* Remove the directory with all that is in it. */
static void remove_directory(const struct demo_place *place)
{
    if (place->directory[0] == '\0')
        return;
    DIR *directory = opendir(place->directory);
    if (directory != NULL) {
        const struct dirent *entry;
        while ((entry = readdir(directory)) != NULL)
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
        (void)closedir(directory);
    }
    (void)rmdir(place->directory);
}

static bool put_line(struct store *store, const char *line, size_t length,
                     struct demo_samples *samples, struct err *err)
{
    bool is_new;
    struct err refusal;
    if (outbox_put(store, line, length, &is_new, &refusal)) {
        samples->enqueued += is_new ? 1 : 0;
        samples->duplicate += is_new ? 0 : 1;
        return true;
    }
    if (refusal.code != ERR_INVALID) {
        *err = refusal;
        return false;
    }
    samples->refused++;
    text_copy(samples->refusal, sizeof(samples->refusal), refusal.text);
    return true;
}

static bool put_samples(struct store *store, struct demo_samples *samples,
                        struct err *err)
{
    const char *at = demo_events;
    if (!store_begin(store, err))
        return false;
    while (*at != '\0') {
        size_t length = strcspn(at, "\n");
        if (length > 0 && !put_line(store, at, length, samples, err)) {
            store_rollback(store);
            return false;
        }
        at += length + (at[length] == '\n' ? 1 : 0);
    }
    return store_commit(store, err);
}

bool demo_place_make(struct demo_place *place,
                     const struct sandbox_options *options, struct err *err)
{
    struct store_init_report init;
    *place = (struct demo_place){.sandbox = NULL};
    return make_directory(place, err) &&
           store_init(place->database, false, &init, err) &&
           sandbox_start(options, &place->sandbox, err);
}

void demo_place_remove(struct demo_place *place)
{
    sandbox_stop(place->sandbox);
    place->sandbox = NULL;
    remove_directory(place);
}

bool demo_place_put_samples(const struct demo_place *place,
                            struct demo_samples *samples, struct err *err)
{
    struct store *store;
    *samples = (struct demo_samples){.enqueued = 0};
    if (!store_open(place->database, STORE_WRITE, DEMO_BUSY_MS, &store, err))
        return false;
    bool done = put_samples(store, samples, err);
    store_close(store);
    return done;
}

bool demo_place_start_relay(const struct demo_place *place,
                            const struct relay_policy *policy,
                            struct relay_thread **thread, struct err *err)
{
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%" PRIu16,
                   sandbox_port(place->sandbox));
    const struct relay_thread_options options = {
        .database_path = place->database,
        .api_url = url,
        .token = "demo",
        .policy = *policy,
    };
    return relay_thread_start(&options, thread, err);
}
