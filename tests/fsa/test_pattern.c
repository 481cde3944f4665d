/* Wildcards: MS-FSA 2.1.4.4. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "gateway/fsa/object.h"

enum {
	UNITS_MAX = 4096
};

struct text {
	uint16_t units[UNITS_MAX];
	uint32_t count;
};

static struct smb_name text_of(const char *ascii, struct text *to)
{
	to->count = (uint32_t)strlen(ascii);
	for (uint32_t i = 0; i < to->count; i++)
		to->units[i] = (uint16_t)ascii[i];
	return (struct smb_name){ to->units, to->count };
}

static bool matches(const char *pattern, const char *name)
{
	static struct text p, n;

	return fsa_pattern_matches(text_of(pattern, &p), text_of(name, &n),
				   false);
}

static void patterns_say_what_windows_says(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{ "*", "", true },
		{ "*", "a.b", true },
		{ "", "", true },
		{ "", "a", false },
		{ "a", "A", true },
		{ "abc", "abcd", false },
		{ "a*", "abc.txt", true },
		{ "*.txt", "abc.TXT", true },
		{ "*.txt", "abc.txt.bak", false },
		{ "*.*", "abc", false },
		{ "*.*", "abc.", true },
		{ "*b*c*", "xxbxxcxx", true },
		{ "*b*c", "xxbxxcxx", false },
		{ "?", "a", true },
		{ "?", "", false },
		{ "?", ".", true },
		{ "a?c", "abc", true },
		{ "a?c", "ac", false },
		{ "abc?", "abc", false },
		/* DOS_QM: "dir ????????.???" */
		{ ">>>>", "abc", true },
		{ ">>>>", "abcde", false },
		{ ">>>>>>>>\">>>", "abc", true },
		{ ">>>>>>>>\">>>", "abc.txt", true },
		{ ">>>>>>>>\">>>", "abc.text", false },
		{ ">>>>>>>>.>>>", "abc", false },
		{ ">.b", ".b", true },
		{ ">b", ".b", false },
		/* DOS_STAR: "dir *." and "dir *.txt" */
		{ "<", "abc", true },
		{ "<", "abc.txt", false },
		{ "<.txt", "abc.txt", true },
		{ "<.txt", "a.b.txt", true },
		{ "<.b", "a.b.txt", false },
		{ "<.", "abc.", true },
		{ "<\"*", "abc", true },
		{ "<\"*", "abc.txt", true },
		{ "<txt", "abc.txt", false },
		/* DOS_DOT */
		{ "abc\"", "abc", true },
		{ "abc\"", "abc.", true },
		{ "abc\"", "abcd", false },
		{ "\"abc", ".abc", true },
		{ "\"abc", "abc", false },
		{ "*\"*", "abc", true },
		{ "\"", "", true },
		{ "\"\"\"", ".", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (matches(cases[i].pattern, cases[i].name) !=
		    cases[i].matches)
			fail_msg("'%s' and '%s'", cases[i].pattern,
				 cases[i].name);
}

static void case_counts_only_where_it_is_asked_for(void **state)
{
	static const uint16_t upper[] = { 0x00c4, 0x0416 };
	static const uint16_t lower[] = { 0x00e4, 0x0436 };
	struct smb_name a = { upper, 2 }, b = { lower, 2 };

	(void)state;
	assert_true(fsa_pattern_matches(a, b, false));
	assert_false(fsa_pattern_matches(a, b, true));
	assert_true(fsa_pattern_matches(a, a, true));
}

/* The definition, word for word, by trying everything. */
static bool slow(const char *p, const char *name, size_t at)
{
	const char *n = name + at;
	const char *dot = strrchr(name, '.');

	switch (*p) {
	case '\0':
		return *n == '\0';
	case '*':
		return slow(p + 1, name, at) || (*n && slow(p, name, at + 1));
	case '<':
		return slow(p + 1, name, at) ||
		       (*n && n != dot && slow(p, name, at + 1));
	case '>':
		if (*n == '\0' || *n == '.')
			return slow(p + 1, name, at);
		return slow(p + 1, name, at + 1);
	case '"':
		if (*n == '\0')
			return slow(p + 1, name, at);
		return *n == '.' && slow(p + 1, name, at + 1);
	case '?':
		return *n && slow(p + 1, name, at + 1);
	default:
		return *n == *p && slow(p + 1, name, at + 1);
	}
}

/* The string of a number: its digits are letters of the alphabet. */
static void spell(unsigned int number, const char *alphabet, char *to)
{
	unsigned int base = (unsigned int)strlen(alphabet) + 1;

	for (; number > 0; number /= base)
		if (number % base > 0)
			*to++ = alphabet[number % base - 1];
	*to = '\0';
}

static void it_is_the_definition_for_all_short_patterns(void **state)
{
	char pattern[16], name[16];

	(void)state;
	/* Up to five of seven and up to five of two. */
	for (unsigned int p = 0; p < 8 * 8 * 8 * 8 * 8; p++) {
		spell(p, "A.*?<>\"", pattern);
		for (unsigned int n = 0; n < 3 * 3 * 3 * 3 * 3; n++) {
			spell(n, "A.", name);
			if (matches(pattern, name) != slow(pattern, name, 0))
				fail_msg("'%s' and '%s'", pattern, name);
		}
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void no_pattern_takes_long(void **state)
{
	static const char *const wild[] = { "*a",  "*?", "<a", "*>",
					    ">\"", "**", "<<", "*<" };
	char pattern[1024], name[256];

	(void)state;
	memset(name, 'a', 254);
	name[254] = 'b';
	name[255] = '\0';
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		size_t length = 0;
		double start = seconds();

		while (length < 1020) {
			memcpy(pattern + length, wild[i], 2);
			length += 2;
		}
		strcpy(pattern + length, "x");
		assert_false(matches(pattern, name));
		assert_true(seconds() - start < 0.5);
	}
}

static void a_pattern_too_long_to_mean_anything_matches_nothing(void **state)
{
	static char pattern[2048];

	(void)state;
	memset(pattern, '*', sizeof(pattern) - 1);
	assert_false(matches(pattern, "a"));
	pattern[1023] = '\0';
	assert_true(matches(pattern, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_say_what_windows_says),
		cmocka_unit_test(case_counts_only_where_it_is_asked_for),
		cmocka_unit_test(it_is_the_definition_for_all_short_patterns),
		cmocka_unit_test(no_pattern_takes_long),
		cmocka_unit_test(
			a_pattern_too_long_to_mean_anything_matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
