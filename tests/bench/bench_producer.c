/* bench_producer.c - an application that commits one event at a time, and how
 * long each of its transactions took.
 *
 *   bench_producer DATABASE ROWS RATE
 *
 * Inserts the file's payloads into the outbox, RATE a second (0: as fast as it
 * goes). Prints {"p50_us": …, "p99_us": …, "longest_us": …}, from before BEGIN
 * IMMEDIATE until COMMIT has returned. */
#include "base/mem.h"
#include "base/text.h"
#include "bench/sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void wait_until(int64_t at_us)
{
    const struct timespec at = {.tv_sec = at_us / 1000000,
                                .tv_nsec = at_us % 1000000 * 1000};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void insert_all(const char *path, const struct sql_rows *rows,
                       int64_t every_us, int64_t *took_us)
{
    sqlite3 *database = sql_open(path);
    sqlite3_stmt *insert =
        sql_prepare(database, "INSERT INTO outbox (payload) VALUES (?1)");
    sqlite3_stmt *begin = sql_prepare(database, "BEGIN IMMEDIATE");
    sqlite3_stmt *commit = sql_prepare(database, "COMMIT");
    int64_t start_us = now_us();
    for (size_t i = 0; i < rows->count; i++) {
        if (every_us > 0)
            wait_until(start_us + (int64_t)i * every_us);
        int64_t before_us = now_us();
        sql_bind_text(insert, 1, rows->rows[i].payload);
        sql_step(begin);
        sql_step(insert);
        sql_step(commit);
        took_us[i] = now_us() - before_us;
    }
    sql_close(database);
}

int main(int count, char **words)
{
    int64_t rate;
    struct sql_rows rows;
    if (count != 4 || !text_parse_int64(words[3], 0, 100000, &rate)) {
        (void)fprintf(stderr, "bench_producer DATABASE ROWS RATE\n");
        return 2;
    }
    sql_read_rows(words[2], &rows);
    int64_t *took_us = mem_new_array(rows.count + 1, sizeof(*took_us));
    insert_all(words[1], &rows, rate == 0 ? 0 : 1000000 / rate, took_us);
    qsort(took_us, rows.count, sizeof(*took_us), compare);
    if (rows.count > 0)
        (void)printf("{\"p50_us\":%" PRId64 ",\"p99_us\":%" PRId64
                     ",\"longest_us\":%" PRId64 "}\n",
                     took_us[rows.count / 2], took_us[rows.count * 99 / 100],
                     took_us[rows.count - 1]);
    free(took_us);
    sql_free_rows(&rows);
    return EXIT_SUCCESS;
}
