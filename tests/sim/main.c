/* main.c - the simulation as a program: runs seeds until one fails. */
#include "base/log.h"
#include "base/text.h"
#include "sim/run.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* For a crash: which seed it was. */
static volatile sig_atomic_t seed_shown;
static char seed_text[120];

static void tell_seed(int number)
{
    if (!seed_shown)
        (void)!write(STDERR_FILENO, seed_text, strlen(seed_text));
    seed_shown = 1;
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

struct options {
    int64_t first;
    int64_t count;
    bool is_loud;
    bool twice;        /* each seed, to see that it is the same run */
    const char *seeds; /* a file of them instead; NULL: none */
};

static bool read_number(int argc, char **argv, int *at, int64_t *number)
{
    return *at + 1 < argc &&
           text_parse_int64(argv[++*at], 0, INT64_C(1) << 60, number);
}

static bool read_options(int argc, char **argv, struct options *options)
{
    *options = (struct options){.first = 1, .count = 1};
    for (int i = 1; i < argc; i++) {
        bool good = true;
        if (text_equals(argv[i], "--first"))
            good = read_number(argc, argv, &i, &options->first);
        else if (text_equals(argv[i], "--count"))
            good = read_number(argc, argv, &i, &options->count);
        else if (text_equals(argv[i], "--seeds") && i + 1 < argc)
            options->seeds = argv[++i];
        else if (text_equals(argv[i], "--verbose"))
            options->is_loud = true;
        else if (text_equals(argv[i], "--twice"))
            options->twice = true;
        else
            good = false;
        if (!good)
            return false;
    }
    return true;
}

static bool run_one(uint64_t seed, const char *path,
                    const struct options *options, struct run_result *result)
{
    struct run_result again;
    (void)snprintf(seed_text, sizeof(seed_text),
                   "seed %" PRIu64 " CRASHED\nrun it again: scripts/sim --seed "
                   "%" PRIu64 "\n",
                   seed, seed);
    run_seed(seed, path, options->is_loud, result);
    if (!options->twice)
        return true;
    run_seed(seed, path, options->is_loud, &again);
    if (again.trace_hash == result->trace_hash)
        return true;
    (void)fprintf(stderr, "seed %" PRIu64 " FAILED: two runs of it differ\n",
                  seed);
    return false;
}

struct total {
    int64_t seeds;
    struct run_result sum;
};

static bool add_seed(uint64_t seed, const char *path,
                     const struct options *options, struct total *total)
{
    struct run_result result;
    if (!run_one(seed, path, options, &result))
        return false;
    total->seeds++;
    total->sum.turns += result.turns;
    total->sum.events += result.events;
    total->sum.simulated_ms += result.simulated_ms;
    return true;
}

/* One a line; what stands behind it says what it found. */
static bool run_file(const char *path, const struct options *options,
                     struct total *total)
{
    char line[200];
    bool good = true;
    FILE *file = fopen(options->seeds, "r");
    if (file == NULL) {
        perror(options->seeds);
        return false;
    }
    while (good && fgets(line, sizeof(line), file) != NULL) {
        char *end;
        uint64_t seed = strtoull(line, &end, 10);
        good = end == line || add_seed(seed, path, options, total);
    }
    (void)fclose(file);
    return good;
}

static int run_all(const char *path, const struct options *options)
{
    struct total total = {0};
    bool good = options->seeds == NULL || run_file(path, options, &total);
    for (int64_t i = 0; good && options->seeds == NULL && i < options->count;
         i++)
        good = add_seed((uint64_t)(options->first + i), path, options, &total);
    if (!good)
        return 1;
    (void)printf(
        "%" PRId64 " seeds%s: %" PRId64 " events, %" PRId64
        " turns of relays, %" PRId64 " simulated hours; all promises kept\n",
        total.seeds, options->seeds == NULL ? "" : " of a file",
        total.sum.events, total.sum.turns, total.sum.simulated_ms / 3600000);
    return 0;
}

int main(int argc, char **argv)
{
    struct options options;
    char folder[] = "/tmp/subrelay-sim-XXXXXX";
    char path[64];
    char lock[72];
    if (!read_options(argc, argv, &options)) {
        (void)fprintf(stderr, "usage: sim [--first SEED] [--count N] "
                              "[--seeds FILE] [--twice] [--verbose]\n");
        return 2;
    }
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 3;
    }
    (void)snprintf(path, sizeof(path), "%s/app.db", folder);
    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    FILE *file = fopen(path, "w");
    if (file == NULL || fclose(file) != 0) {
        perror(path);
        return 3;
    }
    (void)signal(SIGABRT, tell_seed);
    (void)signal(SIGSEGV, tell_seed);
    log_set_level(LOG_ERROR + 1);
    int status = run_all(path, &options);
    (void)unlink(path);
    (void)unlink(lock);
    (void)rmdir(folder);
    return status;
}
