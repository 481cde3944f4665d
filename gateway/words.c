/*
 * Draws words from words_table.h; each is as likely as any other.
 */
#include "gateway/words.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "gateway/words_table.h"

enum {
	WORD_COUNT = sizeof(words) / sizeof(words[0])
};

_Static_assert((WORD_COUNT & (WORD_COUNT - 1)) == 0,
	       "a power of two, or some words would be likelier");
_Static_assert(4 * sizeof(words[0]) <= GW_WORDS_SIZE, "four words fit");

static const char *draw(void)
{
	uint16_t chance;
	ssize_t n = getrandom(&chance, sizeof(chance), 0);

	assert(n == sizeof(chance));
	return words[chance % WORD_COUNT];
}

void gw_words(char ret_password[GW_WORDS_SIZE])
{
	const char *a = draw(), *b = draw(), *c = draw(), *d = draw();

	snprintf(ret_password, GW_WORDS_SIZE, "%s-%s-%s-%s", a, b, c, d);
}
