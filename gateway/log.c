/*
 * Log lines. Knows what stderr is (the journal, a terminal, something else)
 * and how a line looks there; escapes what could forge one; holds back what a
 * peer may cause without end. What is worth a line, and its keys, is for the
 * callers to know.
 */
#include "gateway/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 1024,
	PEER_LINES_A_SECOND = 10
};

enum place {
	PLACE_OTHER,
	PLACE_TERMINAL,
	PLACE_JOURNAL
};

static const struct {
	const char *word;
	const char *priority; /* of syslog(3), as the journal reads it */
} levels[] = {
	[GW_LOG_ERROR] = { "error", "<3>" },
	[GW_LOG_WARN] = { "warn", "<4>" },
	[GW_LOG_INFO] = { "info", "<6>" },
	[GW_LOG_DEBUG] = { "debug", "<7>" },
};

static _Atomic int level_max = GW_LOG_INFO;
static pthread_once_t place_once = PTHREAD_ONCE_INIT;
static enum place place;

/* The lines of gw_log_peer() in the second that `second` names. */
static struct {
	pthread_mutex_t mutex;
	time_t second;
	unsigned int count;
	uint64_t suppressed;
} peer = { .mutex = PTHREAD_MUTEX_INITIALIZER };

void gw_log_set_level(enum gw_log_level level)
{
	atomic_store_explicit(&level_max, level, memory_order_relaxed);
}

bool gw_log_level_find(const char *word, enum gw_log_level *ret_level)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(word, levels[i].word) == 0) {
			*ret_level = (enum gw_log_level)i;
			return true;
		}
	}
	return false;
}

bool gw_log_is_on(enum gw_log_level level)
{
	int max = atomic_load_explicit(&level_max, memory_order_relaxed);

	return (int)level <= max;
}

/* systemd names the journal's socket by device and inode. */
bool gw_log_is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char actual[64];
	struct stat st;

	if (!stream || fstat(fd, &st) < 0)
		return false;
	snprintf(actual, sizeof(actual), "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino);
	return strcmp(stream, actual) == 0;
}

static void find_place(void)
{
	if (gw_log_is_journal(STDERR_FILENO))
		place = PLACE_JOURNAL;
	else if (isatty(STDERR_FILENO))
		place = PLACE_TERMINAL;
	else
		place = PLACE_OTHER;
}

/* What stands before the text; the length. */
static size_t write_head(char *to, size_t size, enum gw_log_level level)
{
	struct timespec now;
	struct tm tm;
	char when[32];

	switch (place) {
	case PLACE_JOURNAL:
		return (size_t)snprintf(to, size, "%s", levels[level].priority);
	case PLACE_TERMINAL:
		return (size_t)snprintf(to, size,
					"smbgate: %s: ", levels[level].word);
	case PLACE_OTHER:
		break;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	return (size_t)snprintf(to, size, "time=%s.%03ldZ level=%s ", when,
				now.tv_nsec / 1000000, levels[level].word);
}

/*
 * Appends `text` with its control characters as \xNN: a line feed or an escape
 * sequence in a name from the network must not reach a terminal or a log.
 */
static size_t write_escaped(char *to, size_t size, const char *text)
{
	size_t length = 0;

	for (; *text && length + 4 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			length += (size_t)snprintf(to + length, size - length,
						   "\\x%02x", c);
		else
			to[length++] = (char)c;
	}
	return length;
}

static void write_line(enum gw_log_level level, const char *text)
{
	char line[LINE_MAX_BYTES];
	size_t length;

	pthread_once(&place_once, find_place);
	length = write_head(line, sizeof(line), level);
	length += write_escaped(line + length, sizeof(line) - 1 - length, text);
	line[length++] = '\n';
	if (write(STDERR_FILENO, line, length) < 0)
		return; /* nowhere is left to tell it */
}

static void write_format(enum gw_log_level level, const char *format,
			 va_list args) __attribute__((format(printf, 2, 0)));

static void write_format(enum gw_log_level level, const char *format,
			 va_list args)
{
	char text[LINE_MAX_BYTES];

	vsnprintf(text, sizeof(text), format, args);
	write_line(level, text);
}

void gw_log(enum gw_log_level level, const char *format, ...)
{
	va_list args;

	if (!gw_log_is_on(level))
		return;
	va_start(args, format);
	write_format(level, format, args);
	va_end(args);
}

/* True if one more line may go; `ret_suppressed` are owed a line first. */
static bool peer_may_speak(uint64_t *ret_suppressed)
{
	struct timespec now;
	bool may;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&peer.mutex);
	*ret_suppressed = 0;
	if (now.tv_sec != peer.second) {
		peer.second = now.tv_sec;
		peer.count = 0;
		*ret_suppressed = peer.suppressed;
		peer.suppressed = 0;
	}
	may = peer.count < PEER_LINES_A_SECOND;
	if (may)
		peer.count++;
	else
		peer.suppressed++;
	pthread_mutex_unlock(&peer.mutex);
	return may;
}

void gw_log_peer(const char *format, ...)
{
	uint64_t suppressed;
	va_list args;

	if (!gw_log_is_on(GW_LOG_WARN) || !peer_may_speak(&suppressed))
		return;
	if (suppressed > 0)
		gw_log(GW_LOG_WARN, "left out %ju warnings like these",
		       (uintmax_t)suppressed);
	va_start(args, format);
	write_format(GW_LOG_WARN, format, args);
	va_end(args);
}
