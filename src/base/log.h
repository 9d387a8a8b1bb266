/* log.h - one line an occurrence, on stderr, for a person and for journald.
 *
 * "2026-08-24T12:00:58.123Z warning: Intercom held: token refused (401)". Text
 * from outside is made printable; secrets never get here (design, Security).
 * Any thread: a line is one write(). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARNING,
    LOG_ERROR,
};

/* Lines below this level are dropped. LOG_INFO at start. Call it before there
 * are threads. */
void log_set_level(enum log_level level);

/* Write one line. A message of more than 999 bytes is cut. */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
