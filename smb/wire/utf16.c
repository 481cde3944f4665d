/*
 * UTF-16 and UTF-8, and names without their case. Conversions are strict:
 * overlong forms, lone surrogates and NULs inside a text are malformed. Which
 * characters a name may have is known by those who take names.
 */
#include "smb/wire/utf16.h"

#include <string.h>
#include <unistr.h>

#include "smb/wire/upcase_table.h"

enum {
	UTF8_MAX = 4, /* bytes of one character */
	UTF16_MAX = 2,
};

size_t smb_utf16_decode(struct bytes wire, uint16_t *to, size_t max)
{
	struct reader r = reader_of(wire);
	size_t count = wire.length / 2;

	if (wire.length % 2 != 0 || count > max)
		return SIZE_MAX;
	for (size_t i = 0; i < count; i++)
		to[i] = rd_u16(&r);
	return count;
}

void wr_utf16(struct writer *w, struct smb_name name)
{
	for (uint32_t i = 0; i < name.count; i++)
		wr_u16(w, name.units[i]);
}

/*
 * Takes one character of UTF-8 text. 0 at the end, negative if malformed,
 * else its bytes.
 */
static int next_utf8(const char *at, size_t length, ucs4_t *ret_c)
{
	return length ? u8_mbtoucr(ret_c, (const uint8_t *)at, length) : 0;
}

/* One character as code units: how many. */
static int units_of(ucs4_t c, uint16_t units[UTF16_MAX])
{
	return u16_uctomb(units, c, UTF16_MAX);
}

void wr_utf16_of(struct writer *w, const char *utf8)
{
	size_t left = strlen(utf8);
	uint16_t units[UTF16_MAX];
	ucs4_t c;
	int used;

	while ((used = next_utf8(utf8, left, &c)) > 0) {
		int count = units_of(c, units);

		for (int i = 0; i < count; i++)
			wr_u16(w, units[i]);
		utf8 += used;
		left -= (size_t)used;
	}
	if (used < 0)
		wr_fail(w);
}

size_t smb_utf8_to_utf16(const char *utf8, size_t length, uint16_t *to,
			 size_t max)
{
	uint16_t units[UTF16_MAX];
	size_t n = 0;
	ucs4_t c;
	int used;

	while ((used = next_utf8(utf8, length, &c)) > 0) {
		int count = units_of(c, units);

		if (c == 0 || (size_t)count > max - n)
			return SIZE_MAX;
		memcpy(to + n, units, (size_t)count * sizeof(*to));
		n += (size_t)count;
		utf8 += used;
		length -= (size_t)used;
	}
	return used < 0 ? SIZE_MAX : n;
}

/* Takes one character of a name: its units, or negative if malformed. */
static int next_utf16(struct smb_name name, uint32_t at, ucs4_t *ret_c)
{
	int used = u16_mbtoucr(ret_c, name.units + at, name.count - at);

	return used > 0 && *ret_c == 0 ? -1 : used;
}

size_t smb_utf16_to_utf8(struct smb_name name, char *to, size_t size)
{
	size_t n = 0;

	for (uint32_t at = 0; at < name.count;) {
		uint8_t text[UTF8_MAX];
		ucs4_t c;
		int used = next_utf16(name, at, &c);

		if (used < 0)
			return SIZE_MAX;
		int length = u8_uctomb(text, c, sizeof(text));

		if (!sum_fits(n, (size_t)length + 1, size))
			return SIZE_MAX;
		memcpy(to + n, text, (size_t)length);
		n += (size_t)length;
		at += (uint32_t)used;
	}
	if (n >= size)
		return SIZE_MAX;
	to[n] = 0;
	return n;
}

/* What would move the cursor or end the line does not belong in a log. */
static bool is_plain(ucs4_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x2028 &&
	       c != 0x2029;
}

void smb_utf16_show(struct smb_name name, char *to, size_t size)
{
	size_t n = 0;

	if (size == 0)
		return;
	for (uint32_t at = 0; at < name.count;) {
		uint8_t text[UTF8_MAX];
		ucs4_t c;
		int used = next_utf16(name, at, &c);

		if (used < 0 || !is_plain(c))
			c = '?';
		int length = u8_uctomb(text, c, sizeof(text));

		if (!sum_fits(n, (size_t)length + 1, size))
			break;
		memcpy(to + n, text, (size_t)length);
		n += (size_t)length;
		at += used < 0 ? 1 : (uint32_t)used;
	}
	to[n] = 0;
}

uint16_t smb_upcase(uint16_t unit)
{
	const uint16_t *page = upcase_delta[upcase_page[unit / UPCASE_PAGE]];

	return (uint16_t)(unit + page[unit % UPCASE_PAGE]);
}

bool smb_name_equal_nocase(struct smb_name a, struct smb_name b)
{
	if (a.count != b.count)
		return false;
	for (uint32_t i = 0; i < a.count; i++)
		if (smb_upcase(a.units[i]) != smb_upcase(b.units[i]))
			return false;
	return true;
}

static ucs4_t upcase_wide(ucs4_t c)
{
	return c <= UINT16_MAX ? smb_upcase((uint16_t)c) : c;
}

bool smb_utf8_equal_nocase(const char *a, const char *b)
{
	size_t a_left = strlen(a), b_left = strlen(b);
	const char *a_at = a, *b_at = b;

	while (a_left && b_left) {
		ucs4_t ca, cb;
		int a_used = next_utf8(a_at, a_left, &ca);
		int b_used = next_utf8(b_at, b_left, &cb);

		if (a_used < 0 || b_used < 0)
			return strcmp(a, b) == 0;
		if (upcase_wide(ca) != upcase_wide(cb))
			return false;
		a_at += a_used;
		a_left -= (size_t)a_used;
		b_at += b_used;
		b_left -= (size_t)b_used;
	}
	return a_left == b_left;
}
