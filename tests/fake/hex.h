/*
 * Bytes written as hexadecimal text, for test vectors. Spaces are passed over.
 */
#pragma once

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>

/* How many bytes there were; at most `max`. */
static inline size_t unhex(const char *text, uint8_t *to, size_t max)
{
	size_t digits = 0;

	for (; *text && digits / 2 < max; text++) {
		int c = tolower((unsigned char)*text);
		int v = c >= 'a' ? c - 'a' + 10 : c - '0';

		if (c == ' ')
			continue;
		to[digits / 2] =
			(uint8_t)(digits % 2 ? to[digits / 2] << 4 | v : v);
		digits++;
	}
	return digits / 2;
}
