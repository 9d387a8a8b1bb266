#include "cli/progress.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/signals.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { EVERY_MS = 200, LINE_BYTES = 200, DURATION_BYTES = 32 };

bool progress_begin(struct progress *progress, struct err *err)
{
    *progress = (struct progress){
        .signals = -1,
        .is_terminal = isatty(STDERR_FILENO) == 1,
        .began_ms = clock_monotonic_ms(clock_system()),
    };
    return signals_open(&progress->signals, err);
}

void progress_end(struct progress *progress)
{
    progress_clear(progress);
    if (progress->signals >= 0)
        (void)close(progress->signals);
    progress->signals = -1;
}

void progress_show(struct progress *progress, const char *format, ...)
{
    char text[LINE_BYTES];
    char line[LINE_BYTES + 8];
    int64_t now_ms = clock_monotonic_ms(clock_system());
    if (!progress->is_terminal ||
        (progress->is_shown && now_ms - progress->shown_ms < EVERY_MS))
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    int length = snprintf(line, sizeof(line), "\r\033[K%s", text);
    if (length > 0)
        (void)!write(STDERR_FILENO, line, (size_t)length);
    progress->shown_ms = now_ms;
    progress->is_shown = true;
}

void progress_show_part(struct progress *progress, const char *verb,
                        int64_t done, int64_t all)
{
    char done_text[DURATION_BYTES];
    char all_text[DURATION_BYTES];
    char left[DURATION_BYTES] = "";
    int64_t took_ms = clock_monotonic_ms(clock_system()) - progress->began_ms;
    if (all <= 0)
        return;
    text_format_count(done, done_text, sizeof(done_text));
    text_format_count(all, all_text, sizeof(all_text));
    if (done > 0)
        text_format_duration(
            (int64_t)((double)took_ms * (double)(all - done) / (double)done),
            left, sizeof(left));
    progress_show(progress, "%s %s of %s, %" PRId64 " %%%s%s%s", verb,
                  done_text, all_text, done * 100 / all,
                  *left == '\0' ? "" : ", ", left,
                  *left == '\0' ? "" : " left");
}

void progress_clear(struct progress *progress)
{
    static const char clear[] = "\r\033[K";
    if (progress->is_shown)
        (void)!write(STDERR_FILENO, clear, sizeof(clear) - 1);
    progress->is_shown = false;
}

bool progress_is_stopped(struct progress *progress)
{
    if (progress->came == 0)
        progress->came = signals_take(progress->signals);
    return progress->came != 0;
}

bool progress_wait_for_input(struct progress *progress)
{
    struct pollfd ready[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = progress->signals, .events = POLLIN},
    };
    (void)poll(ready, 2, -1);
    return !progress_is_stopped(progress);
}
