/*
 * Names of snapshots. A pattern such as ".snapshots/%Y-%m-%d_%H%M%S" has
 * conversions in one of its components, those of strftime(3) that have a fixed
 * width; so a name has one time, and a time one name.
 */
#include "gateway/fsa/snapshot_name.h"

#include <stdio.h>
#include <string.h>

#include "gateway/fsa/fsa.h"

#define NAME_SIZE FSA_SNAPSHOT_NAME_SIZE

/* ---- times as text ---- */

/* The conversions of strftime(3) that have a fixed width, as a tm has them. */
static int *field_of(struct tm *tm, char conversion)
{
	switch (conversion) {
	case 'Y':
		return &tm->tm_year;
	case 'm':
		return &tm->tm_mon;
	case 'd':
		return &tm->tm_mday;
	case 'H':
		return &tm->tm_hour;
	case 'M':
		return &tm->tm_min;
	case 'S':
		return &tm->tm_sec;
	default:
		return NULL;
	}
}

/* What a tm leaves out of the number that people write. */
static int bias_of(char conversion)
{
	return conversion == 'Y' ? 1900 : conversion == 'm' ? 1 : 0;
}

static size_t width_of(char conversion)
{
	return conversion == 'Y' ? 4 : 2;
}

/* Digits only, as many as there must be. -1: others. */
static int read_digits(const char *text, size_t width)
{
	int number = 0;

	for (size_t i = 0; i < width; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

bool fsa_snapshot_time_write(time_t at, const char *format, char *to,
			     size_t size)
{
	size_t used = 0;
	struct tm tm;

	if (!gmtime_r(&at, &tm))
		return false;
	for (; *format; format++) {
		const int *field;

		if (used + 1 >= size)
			return false;
		if (*format != '%') {
			to[used++] = *format;
			continue;
		}
		field = field_of(&tm, *++format);
		if (!field)
			return false;
		used += (size_t)snprintf(to + used, size - used, "%0*d",
					 (int)width_of(*format),
					 *field + bias_of(*format));
		if (used >= size)
			return false;
	}
	to[used] = '\0';
	return true;
}

bool fsa_snapshot_time_read(const char *text, const char *format,
			    time_t *ret_time)
{
	struct tm tm = { .tm_mday = 1 };
	const char *at = text;
	char again[NAME_SIZE];
	time_t time;

	for (const char *f = format; *f; f++) {
		int number;

		if (*f != '%') {
			if (*at++ != *f)
				return false;
			continue;
		}
		if (!field_of(&tm, *++f))
			return false;
		number = read_digits(at, width_of(*f));
		if (number < 0)
			return false;
		*field_of(&tm, *f) = number - bias_of(*f);
		at += width_of(*f);
	}
	time = timegm(&tm);
	if (*at ||
	    !fsa_snapshot_time_write(time, format, again, sizeof(again)) ||
	    strcmp(text, again) != 0)
		return false;
	*ret_time = time;
	return true;
}

/* ---- patterns ---- */

static bool put(char *to, const char *from, size_t length)
{
	if (length >= NAME_SIZE)
		return false;
	memcpy(to, from, length);
	to[length] = '\0';
	return true;
}

bool fsa_snapshot_pattern_read(const char *text,
			       struct fsa_snapshot_pattern *ret)
{
	const char *percent = strchr(text, '%'), *start;
	size_t length;

	if (!percent)
		return false;
	for (start = percent; start > text && start[-1] != '/';)
		start--;
	length = strcspn(start, "/");
	ret->rest = start + length;
	return !strchr(ret->rest, '%') && put(ret->format, start, length) &&
	       put(ret->directory, text,
		   start > text ? (size_t)(start - text) - 1 : 0);
}

/* No part is empty, or a way up. */
static bool is_below(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (!path[length])
			return true;
		path += length + 1;
	}
}

bool fsa_snapshot_pattern_is_right(const char *pattern)
{
	const time_t day = 1706659200; /* 2024-01-31, midnight */
	struct fsa_snapshot_pattern p;
	char name[NAME_SIZE];
	time_t at;

	return is_below(pattern) && fsa_snapshot_pattern_read(pattern, &p) &&
	       fsa_snapshot_time_write(day, p.format, name, sizeof(name)) &&
	       fsa_snapshot_time_read(name, p.format, &at) && at == day;
}
