/*
 * MD4 (RFC 1320), which GnuTLS does not offer. It is good for one thing only:
 * to turn a password into the NT hash that NTLM is built on.
 */
#include <string.h>

#include "smb/auth/auth.h"

enum {
	BLOCK = 64,
	WORDS = 16,
};

struct digest {
	uint32_t a, b, c, d;
};

static uint32_t rotated(uint32_t v, unsigned int by)
{
	return v << by | v >> (32 - by);
}

/* What the three rounds mix in: RFC 1320 3.4. */
static uint32_t mixed(unsigned int round, uint32_t b, uint32_t c, uint32_t d)
{
	switch (round) {
	case 0:
		return (b & c) | (~b & d);
	case 1:
		return ((b & c) | (b & d) | (c & d)) + 0x5a827999;
	default:
		return (b ^ c ^ d) + 0x6ed9eba1;
	}
}

static void add_block(struct digest *sum, const uint8_t block[BLOCK])
{
	static const uint8_t order[3][WORDS] = {
		{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
		{ 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 },
		{ 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 },
	};
	static const uint8_t shifts[3][4] = {
		{ 3, 7, 11, 19 },
		{ 3, 5, 9, 13 },
		{ 3, 9, 11, 15 },
	};
	struct reader r = reader_at(block, BLOCK);
	uint32_t words[WORDS];
	struct digest s = *sum;

	for (int i = 0; i < WORDS; i++)
		words[i] = rd_u32(&r);
	for (unsigned int step = 0; step < 3 * WORDS; step++) {
		unsigned int round = step / WORDS, i = step % WORDS;
		uint32_t v = s.a + mixed(round, s.b, s.c, s.d) +
			     words[order[round][i]];

		s = (struct digest){ s.d, rotated(v, shifts[round][i % 4]), s.b,
				     s.c };
	}
	sum->a += s.a;
	sum->b += s.b;
	sum->c += s.c;
	sum->d += s.d;
	explicit_bzero(words, sizeof(words));
}

void smb_md4(const uint8_t *bytes, size_t length, uint8_t ret_digest[16])
{
	struct digest sum = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	struct writer w = writer_at(ret_digest, 16);
	uint8_t last[2 * BLOCK] = { 0 };
	size_t left = length;

	for (; left >= BLOCK; left -= BLOCK, bytes += BLOCK)
		add_block(&sum, bytes);
	if (left)
		memcpy(last, bytes, left);
	last[left] = 0x80;
	size_t size = left < BLOCK - 8 ? BLOCK : 2 * BLOCK;

	wr_uint_to(last + size - 8, (uint64_t)length * 8, 8);
	for (size_t at = 0; at < size; at += BLOCK)
		add_block(&sum, last + at);
	wr_u32(&w, sum.a);
	wr_u32(&w, sum.b);
	wr_u32(&w, sum.c);
	wr_u32(&w, sum.d);
	explicit_bzero(last, sizeof(last));
}
