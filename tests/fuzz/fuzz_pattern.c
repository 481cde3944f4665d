/*
 * Wildcards: the machine against a table that follows the definition of MS-FSA
 * 2.1.4.4. Input: the length of the pattern, then its units and the name's,
 * one byte each; short ones are compared, long ones must end soon.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gateway/fsa/object.h"

enum {
	UNITS_MAX = 2048,
	TABLE_MAX = 64
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether what is left of the pattern at `p` matches the name from `n` on. */
static bool cell(struct smb_name pattern, struct smb_name name, uint32_t dot,
		 bool table[TABLE_MAX + 1][TABLE_MAX + 1], uint32_t p,
		 uint32_t n)
{
	bool is_end = n == name.count;

	if (p == pattern.count)
		return is_end;
	switch (pattern.units[p]) {
	case '*':
		return table[p + 1][n] || (!is_end && table[p][n + 1]);
	case '<':
		return table[p + 1][n] ||
		       (!is_end && n != dot && table[p][n + 1]);
	case '>':
		return is_end || name.units[n] == '.' ? table[p + 1][n]
						      : table[p + 1][n + 1];
	case '"':
		return is_end ? table[p + 1][n]
			      : name.units[n] == '.' && table[p + 1][n + 1];
	case '?':
		return !is_end && table[p + 1][n + 1];
	default:
		return !is_end && pattern.units[p] == name.units[n] &&
		       table[p + 1][n + 1];
	}
}

static bool reference(struct smb_name pattern, struct smb_name name)
{
	static bool table[TABLE_MAX + 1][TABLE_MAX + 1];
	uint32_t dot = UINT32_MAX;

	for (uint32_t n = 0; n < name.count; n++)
		if (name.units[n] == '.')
			dot = n;
	for (uint32_t p = pattern.count + 1; p-- > 0;)
		for (uint32_t n = name.count + 1; n-- > 0;)
			table[p][n] = cell(pattern, name, dot, table, p, n);
	return table[0][0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint16_t units[UNITS_MAX];
	struct smb_name pattern = { .units = units };
	struct smb_name name;

	if (size < 2)
		return 0;
	pattern.count = data[0] * 8u + data[1] % 8u;
	size -= 2;
	if (size > UNITS_MAX)
		size = UNITS_MAX;
	if (pattern.count > size)
		pattern.count = (uint32_t)size;
	for (size_t i = 0; i < size; i++)
		units[i] = data[2 + i];
	name = (struct smb_name){ units + pattern.count,
				  (uint32_t)size - pattern.count };

	bool is_match = fsa_pattern_matches(pattern, name, true);

	(void)fsa_pattern_matches(pattern, name, false);
	if (pattern.count <= TABLE_MAX && name.count <= TABLE_MAX)
		assert(is_match == reference(pattern, name));
	return 0;
}
