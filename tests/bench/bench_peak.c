/* bench_peak.c - run a program, and note how much memory it had at most.
 *
 *   bench_peak FILE PROGRAM ARGUMENT…
 *
 * Writes the greatest resident memory in KiB into FILE, and ends as the
 * program does. Linux counts to a process what the one had that it was forked
 * from, until the exec: the bench itself, which has more than the relay, would
 * measure itself (getrusage(2), ru_maxrss). This one has hardly anything. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_peak: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Who ends this process ends the program, too. */
static void become(char **arguments)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execv(arguments[0], arguments);
    fail(arguments[0]);
}

static void note(const char *path, long peak_kib)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fprintf(file, "%ld\n", peak_kib) < 0 ||
        fclose(file) != 0)
        fail(path);
}

int main(int count, char **arguments)
{
    int status;
    struct rusage usage;
    if (count < 3) {
        (void)fprintf(stderr, "usage: bench_peak FILE PROGRAM ARGUMENT...\n");
        return 2;
    }
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0)
        become(&arguments[2]);
    if (wait4(child, &status, 0, &usage) != child)
        fail("wait4");
    note(arguments[1], usage.ru_maxrss);
    if (WIFSIGNALED(status)) {
        (void)fprintf(stderr, "bench_peak: %s was ended by signal %d\n",
                      arguments[2], WTERMSIG(status));
        return EXIT_FAILURE;
    }
    return WEXITSTATUS(status);
}
