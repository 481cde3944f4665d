/*
 * Wildcards of MS-FSA 2.1.4.4: * ? < (DOS_STAR) > (DOS_QM) " (DOS_DOT). The
 * pattern is run as a nondeterministic machine whose states are positions in
 * it, kept as a set: each character of the name moves the set on once, so that
 * no pattern takes longer than its length times that of the name.
 *
 *   *  any run of characters, also none
 *   ?  one character
 *   <  any run that does not take the name's last dot
 *   >  one character that is no dot; nothing before a dot or at the end
 *   "  a dot, or nothing at the end
 */
#include <string.h>

#include "gateway/fsa/object.h"
#include "smb/wire/utf16.h"

enum {
	/* Four times the longest name: what is longer means nothing. */
	PATTERN_MAX = 1023,
	SET_WORDS = (PATTERN_MAX + 1) / 64,
};

/* Positions 0 … PATTERN_MAX; the pattern's length is the accepting one. */
struct set {
	uint64_t words[SET_WORDS];
};

static void set_add(struct set *s, uint32_t at)
{
	s->words[at / 64] |= UINT64_C(1) << at % 64;
}

static bool set_has(const struct set *s, uint32_t at)
{
	return s->words[at / 64] >> at % 64 & 1;
}

struct machine {
	uint16_t units[PATTERN_MAX + 1]; /* of the pattern */
	uint32_t count;
	struct set now, next;
};

/* One state meets one character. */
static void step(struct machine *m, uint32_t at, uint16_t c, bool is_last_dot)
{
	switch (m->units[at]) {
	case '*':
		set_add(&m->next, at);
		set_add(&m->now, at + 1);
		break;
	case '<':
		if (!is_last_dot)
			set_add(&m->next, at);
		set_add(&m->now, at + 1);
		break;
	case '>':
		if (c == '.')
			set_add(&m->now, at + 1);
		else
			set_add(&m->next, at + 1);
		break;
	case '"':
		if (c == '.')
			set_add(&m->next, at + 1);
		break;
	case '?':
		set_add(&m->next, at + 1);
		break;
	default:
		if (c == m->units[at])
			set_add(&m->next, at + 1);
	}
}

/* False once no state is left. */
static bool feed(struct machine *m, uint16_t c, bool is_last_dot)
{
	uint64_t any = 0;

	m->next = (struct set){};
	for (uint32_t at = 0; at < m->count; at++) {
		if (m->now.words[at / 64] == 0)
			at |= 63;
		else if (set_has(&m->now, at))
			step(m, at, c, is_last_dot);
	}
	m->now = m->next;
	for (size_t i = 0; i < SET_WORDS; i++)
		any |= m->now.words[i];
	return any != 0;
}

/* At the name's end: whatever can match nothing does. */
static bool accepts(struct machine *m)
{
	for (uint32_t at = 0; at < m->count; at++) {
		uint16_t p = m->units[at];

		if (set_has(&m->now, at) &&
		    (p == '*' || p == '<' || p == '>' || p == '"'))
			set_add(&m->now, at + 1);
	}
	return set_has(&m->now, m->count);
}

static uint32_t last_dot(struct smb_name name)
{
	for (uint32_t i = name.count; i > 0; i--)
		if (name.units[i - 1] == '.')
			return i - 1;
	return UINT32_MAX;
}

bool fsa_pattern_matches(struct smb_name pattern, struct smb_name name,
			 bool is_case_sensitive)
{
	struct machine m;
	uint32_t dot = last_dot(name);

	if (pattern.count == 1 && pattern.units[0] == '*')
		return true;
	if (pattern.count > PATTERN_MAX)
		return false;
	m.count = pattern.count;
	m.now = (struct set){};
	for (uint32_t i = 0; i < pattern.count; i++)
		m.units[i] = is_case_sensitive ? pattern.units[i]
					       : smb_upcase(pattern.units[i]);
	set_add(&m.now, 0);
	for (uint32_t i = 0; i < name.count; i++) {
		uint16_t c = name.units[i];

		if (!feed(&m, is_case_sensitive ? c : smb_upcase(c), i == dot))
			return false;
	}
	return accepts(&m);
}
