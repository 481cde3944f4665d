/*
 * Nearest words, by the optimal string alignment distance: insertions,
 * deletions, replacements and swaps of neighbours cost one each. Knows nothing
 * of what the words are for.
 */
#include "gateway/suggest.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum {
	WORD_MAX = 40
};

static unsigned int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned int)(c - 'A' + 'a')
				    : (unsigned char)c;
}

/* '-' and '_' are the same key to those who guess. */
static bool is_same(char a, char b)
{
	bool both_join = (a == '-' || a == '_') && (b == '-' || b == '_');

	return both_join || lower(a) == lower(b);
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Both words have at most WORD_MAX letters. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	size_t b_length = strlen(b);

	for (size_t j = 0; j <= b_length; j++)
		last[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t cost = is_same(a[i - 1], b[j - 1]) ? 0 : 1;

			now[j] = least(last[j] + 1, now[j - 1] + 1,
				       last[j - 1] + cost);
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]) &&
			    before[j - 2] + cost < now[j])
				now[j] = before[j - 2] + cost;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[b_length];
}

static const char *only_abbreviated(const char *typed, const char *const *words,
				    size_t count)
{
	const char *found = NULL;
	size_t length = strlen(typed);

	if (length < 2)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (strncasecmp(typed, words[i], length) != 0)
			continue;
		if (found)
			return NULL;
		found = words[i];
	}
	return found;
}

const char *gw_suggest(const char *typed, const char *const *words,
		       size_t count)
{
	const char *best = NULL;
	size_t length = strlen(typed);
	size_t best_distance = length < 3 ? 2 : length / 3 + 1;

	if (length == 0 || length > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t d;

		if (strlen(words[i]) > WORD_MAX)
			continue;
		d = distance(typed, words[i]);
		if (d < best_distance && d < strlen(words[i])) {
			best_distance = d;
			best = words[i];
		}
	}
	return best ? best : only_abbreviated(typed, words, count);
}
