#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 1000 };

static enum log_level lowest_level = LOG_INFO;

static void add_time(struct buf *line)
{
    int64_t now_ms = clock_wall_ms(clock_system());
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;
    char text[32] = "";
    if (gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    buf_add_format(line, "%s.%03dZ", text, (int)(now_ms % 1000));
}

void log_set_level(enum log_level level)
{
    lowest_level = level;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const words[] = {"debug", "info", "warning", "error"};
    if (level < lowest_level)
        return;

    char message[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);

    struct buf line;
    buf_init(&line, 2 * (size_t)LINE_BYTES);
    add_time(&line);
    buf_add_format(&line, " %s: ", words[level]);
    text_add_printable(&line, message, strlen(message));
    buf_add_byte(&line, '\n');
    (void)!write(STDERR_FILENO, buf_text(&line), line.length);
    buf_free(&line);
}
