/*
 * Times as snapshots' names tell them, in UTC, to the second: %Y, %m, %d, %H,
 * %M and %S as strftime(3) has them. Pure; depends on nothing of the room.
 *
 * Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
	FSA_SNAPSHOT_NAME_SIZE = 256, /* with the NUL */
};

/* The component of a pattern with the conversions, and what is around it. */
struct fsa_snapshot_pattern {
	char directory[FSA_SNAPSHOT_NAME_SIZE];
	char format[FSA_SNAPSHOT_NAME_SIZE];
	const char *rest; /* "/…" or ""; of the text that was read */
};

/* False if the text is no pattern. */
bool fsa_snapshot_pattern_read(const char *text,
			       struct fsa_snapshot_pattern *ret);

/* False if it does not fit, or the format has other conversions. */
bool fsa_snapshot_time_write(time_t at, const char *format, char *to,
			     size_t size);

/* False unless the text is what the format makes of one time. */
bool fsa_snapshot_time_read(const char *text, const char *format,
			    time_t *ret_time);
