#include "cli/check.h"

#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void check_add(struct check_report *report, const char *name,
               enum check_level level, const char *todo, const char *format,
               ...)
{
    assert(report->count < CHECK_MOST_LINES);
    struct check_line *line = &report->lines[report->count++];
    va_list arguments;
    line->name = name;
    line->level = level;
    va_start(arguments, format);
    (void)vsnprintf(line->text, sizeof(line->text), format, arguments);
    va_end(arguments);
    text_copy(line->todo, sizeof(line->todo), todo == NULL ? "" : todo);
}
