#include "outbox/pages.h"

#include "outbox/connection.h"
#include "outbox/page_bytes.h"

#include <inttypes.h>
#include <string.h>

/* The file's header. */
enum {
    AT_PAGE_BYTES = 16,
    AT_READ_VERSION = 19, /* 2: WAL */
    AT_RESERVED = 20,
    AT_FIRST_TRUNK = 32,
    AT_LARGEST_ROOT = 52, /* not 0: auto_vacuum */
    VERSION_WAL = 2,
    LEAST_PAGE_BYTES = 512,
};

/* Pages of other kinds begin with the number of a page: in a smaller file it
 * can't be taken for the type of a b-tree page, of which 2 is the least. */
static const sqlite3_int64 MOST_PAGES = 0x02000000;

/* The page in which SQLite keeps its locks holds nothing. */
static const sqlite3_int64 LOCK_BYTE = 0x40000000;

static bool fail(const struct pages *pages, const char *what, struct err *err)
{
    return err_set(err, ERR_IO, "%s: cannot %s a page", pages->store->path,
                   what);
}

static bool judge(const struct pages *pages, int result, const char *what,
                  struct err *err)
{
    if (result == SQLITE_OK)
        return true;
    if (result == SQLITE_FULL)
        return err_set(err, ERR_FULL, "%s: no room on the disk",
                       pages->store->path);
    if ((result & 0xff) == SQLITE_BUSY)
        return err_set(err, ERR_BUSY, "%s: another process has it locked",
                       pages->store->path);
    return fail(pages, what, err);
}

static bool read_header(struct pages *pages, const unsigned char *header,
                        struct err *err)
{
    uint32_t size = page_read_two(header + AT_PAGE_BYTES);
    pages->page_bytes = size == 1 ? UNUSED_MOST_PAGE_BYTES : size;
    if (memcmp(header, "SQLite format 3", 16) != 0 ||
        pages->page_bytes < LEAST_PAGE_BYTES ||
        (pages->page_bytes & (pages->page_bytes - 1)) != 0)
        return err_set(err, ERR_CORRUPT, "%s: the file's header is damaged",
                       pages->store->path);
    pages->usable_bytes = pages->page_bytes - header[AT_RESERVED];
    pages->first_trunk = page_read_four(header + AT_FIRST_TRUNK);
    pages->has_wal = header[AT_READ_VERSION] == VERSION_WAL;
    pages->has_maps = page_read_four(header + AT_LARGEST_ROOT) != 0;
    return true;
}

bool pages_open(struct pages *pages, const struct store *store, struct err *err)
{
    unsigned char header[UNUSED_FILE_HEADER_BYTES];
    sqlite3_int64 bytes;
    *pages = (struct pages){.store = store};
    if (sqlite3_file_control(store->database, "main", SQLITE_FCNTL_FILE_POINTER,
                             &pages->file) != SQLITE_OK)
        return fail(pages, "get at", err);
    const sqlite3_io_methods *methods = pages->file->pMethods;
    if (methods->xFileSize(pages->file, &bytes) != SQLITE_OK ||
        methods->xRead(pages->file, header, sizeof(header), 0) != SQLITE_OK)
        return fail(pages, "read", err);
    if (!read_header(pages, header, err))
        return false;
    sqlite3_int64 count = bytes / pages->page_bytes;
    if (count >= MOST_PAGES)
        return err_set(err, ERR_INVALID,
                       "%s has %" PRId64 " pages: what deleted rows left "
                       "behind can't be overwritten in a file that large; "
                       "VACUUM does it",
                       store->path, (int64_t)count);
    pages->count = (uint32_t)count;
    return true;
}

bool pages_are_whole(const struct pages *pages)
{
    sqlite3_file *log = NULL;
    sqlite3_int64 bytes;
    if (!pages->has_wal)
        return true;
    return sqlite3_file_control(pages->store->database, "main",
                                SQLITE_FCNTL_JOURNAL_POINTER,
                                (void *)&log) == SQLITE_OK &&
           log != NULL && log->pMethods != NULL &&
           log->pMethods->xFileSize(log, &bytes) == SQLITE_OK && bytes == 0;
}

static sqlite3_int64 offset_of(const struct pages *pages, uint32_t number)
{
    return (sqlite3_int64)(number - 1) * pages->page_bytes;
}

bool pages_read(const struct pages *pages, uint32_t number, unsigned char *out,
                bool *exists, struct err *err)
{
    int result = pages->file->pMethods->xRead(
        pages->file, out, (int)pages->page_bytes, offset_of(pages, number));
    *exists = result == SQLITE_OK;
    return result == SQLITE_OK || result == SQLITE_IOERR_SHORT_READ ||
           fail(pages, "read", err);
}

bool pages_may_hold_rows(const struct pages *pages, uint32_t number)
{
    uint32_t lock_page = (uint32_t)(LOCK_BYTE / pages->page_bytes) + 1;
    if (number == 0 || number > pages->count || number == lock_page)
        return false;
    if (!pages->has_maps || number == 1)
        return true;
    /* A map, of five bytes a page, and the pages that it is about. */
    uint32_t group = pages->usable_bytes / 5 + 1;
    uint32_t map = (number - 2) / group * group + 2;
    return number != (map == lock_page ? map + 1 : map);
}

bool pages_clear(const struct pages *pages, uint32_t number,
                 struct unused_range range, struct err *err)
{
    static const unsigned char zeros[UNUSED_MOST_PAGE_BYTES];
    int result = pages->file->pMethods->xWrite(
        pages->file, zeros, (int)(range.until - range.from),
        offset_of(pages, number) + range.from);
    return judge(pages, result, "write to", err);
}

bool pages_sync(const struct pages *pages, struct err *err)
{
    int result = pages->file->pMethods->xSync(pages->file, SQLITE_SYNC_NORMAL);
    return judge(pages, result, "sync", err);
}

bool pages_put_journal_first(const struct pages *pages, struct err *err)
{
    if (pages->has_wal)
        return true;
    int result = sqlite3_db_cacheflush(pages->store->database);
    return judge(pages, result, "journal", err);
}

/* A list of free pages that is being walked. */
struct free_list {
    const struct pages *pages;
    uint32_t left; /* pages that it can have still: it may be a ring */
    pages_see_fn *see;
    void *context;
};

/* One trunk: the next one, how many leaves, and their numbers. */
static bool see_trunk(struct free_list *list, const unsigned char *page,
                      uint32_t number)
{
    const struct pages *pages = list->pages;
    uint32_t leaves = page_read_four(page + 4);
    if (leaves > pages->usable_bytes / 4 - 2 || leaves >= list->left)
        return false;
    list->left -= 1 + leaves;
    list->see(list->context, number, 8 + 4 * leaves);
    for (uint32_t i = 0; i < leaves; i++) {
        uint32_t leaf = page_read_four(page + 8 + 4 * (size_t)i);
        if (leaf < 2 || !pages_may_hold_rows(pages, leaf))
            return false;
        list->see(list->context, leaf, 0);
    }
    return true;
}

bool pages_walk_free(const struct pages *pages, unsigned char *page,
                     pages_see_fn *see, void *context, bool *is_whole,
                     struct err *err)
{
    uint32_t trunk = pages->first_trunk;
    struct free_list list = {
        .pages = pages, .left = pages->count, .see = see, .context = context};
    *is_whole = true;
    while (trunk != 0 && *is_whole) {
        bool exists;
        *is_whole = trunk >= 2 && pages_may_hold_rows(pages, trunk);
        if (!*is_whole)
            break;
        if (!pages_read(pages, trunk, page, &exists, err))
            return false;
        *is_whole = exists && see_trunk(&list, page, trunk);
        trunk = page_read_four(page);
    }
    return true;
}
