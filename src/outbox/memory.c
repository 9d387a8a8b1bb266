#include "outbox/memory.h"

#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP_BYTES = 64, /* from size to size; heads are counted in */
    SIZES = 10,      /* small ones; the others are malloc()'s alone */
    MOST_KEPT = 32,  /* of each size */
};

/* Stands before the bytes that SQLite gets, which begin at a multiple of 8. */
struct head {
    uint32_t bytes; /* behind it, all of them for SQLite to use */
    uint32_t size;  /* counted from 0; from SIZES on: it is no small one */
};

/* A piece while it is kept: the first bytes lead to the next. */
struct piece {
    struct head head;
    struct piece *next;
};

static _Thread_local struct {
    struct piece *first;
    int count;
} kept[SIZES];
static _Thread_local bool has_end; /* at_end frees what is kept */
static pthread_key_t at_end;

static uint32_t size_for(uint32_t bytes)
{
    return (bytes + (uint32_t)sizeof(struct head) - 1) / STEP_BYTES;
}

static uint32_t bytes_of(uint32_t size)
{
    return (size + 1) * STEP_BYTES - (uint32_t)sizeof(struct head);
}

/* What must not be touched while the piece is kept. */
static void hide(struct piece *piece)
{
    ASAN_POISON_MEMORY_REGION(
        piece + 1, piece->head.bytes + sizeof(piece->head) - sizeof(*piece));
}

static void show(struct piece *piece)
{
    ASAN_UNPOISON_MEMORY_REGION(
        piece + 1, piece->head.bytes + sizeof(piece->head) - sizeof(*piece));
}

/* --- pieces that are kept ------------------------------------------------ */

static struct piece *take_kept(uint32_t size)
{
    struct piece *piece = kept[size].first;
    if (piece == NULL)
        return NULL;
    kept[size].first = piece->next;
    kept[size].count--;
    show(piece);
    return piece;
}

/* False: there are enough. */
static bool keep(struct piece *piece)
{
    uint32_t size = piece->head.size;
    if (kept[size].count == MOST_KEPT)
        return false;
    if (!has_end)
        has_end = pthread_setspecific(at_end, kept) == 0;
    piece->next = kept[size].first;
    kept[size].first = piece;
    kept[size].count++;
    hide(piece);
    return true;
}

/* The thread ends. */
static void free_kept(void *unused)
{
    struct piece *piece;
    (void)unused;
    has_end = false;
    for (uint32_t size = 0; size < SIZES; size++) {
        while ((piece = take_kept(size)) != NULL)
            free(piece);
    }
}

/* --- what SQLite calls --------------------------------------------------- */

static void *take(int bytes)
{
    uint32_t size = size_for((uint32_t)bytes);
    struct piece *piece = size < SIZES ? take_kept(size) : NULL;
    if (piece != NULL)
        return &piece->head + 1;
    struct head *head = malloc(bytes_of(size) + sizeof(*head));
    if (head == NULL)
        return NULL;
    *head = (struct head){bytes_of(size), size};
    return head + 1;
}

static void give_back(void *bytes)
{
    struct head *head = (struct head *)bytes - 1;
    if (head->size >= SIZES || !keep((struct piece *)(void *)head))
        free(head);
}

static int usable_bytes(void *bytes)
{
    return bytes == NULL ? 0 : (int)((struct head *)bytes - 1)->bytes;
}

static void *resize(void *bytes, int wanted)
{
    void *resized = take(wanted);
    if (resized == NULL)
        return NULL;
    int now = usable_bytes(bytes);
    memcpy(resized, bytes, (size_t)(now < wanted ? now : wanted));
    give_back(bytes);
    return resized;
}

static int round_up(int bytes)
{
    return (int)bytes_of(size_for((uint32_t)bytes));
}

static int begin(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static void end(void *unused)
{
    (void)unused;
}

void memory_configure(void)
{
    static const struct sqlite3_mem_methods methods = {
        .xMalloc = take,
        .xFree = give_back,
        .xRealloc = resize,
        .xSize = usable_bytes,
        .xRoundup = round_up,
        .xInit = begin,
        .xShutdown = end,
    };
    if (pthread_key_create(&at_end, free_kept) == 0)
        (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}
