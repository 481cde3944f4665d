/*
 * Hashing of what peers choose. Pure.
 */
#pragma once

#include <stdint.h>
#include <string.h>

/*
 * Two ids of 16 bytes, by multilinear hashing: who does not know the secret
 * can't aim.
 */
static inline uint64_t smb_hash_two(const uint64_t secret[4],
				    const uint8_t a[16], const uint8_t b[16])
{
	unsigned __int128 sum = 0;
	uint64_t words[4];

	memcpy(words, a, 16);
	memcpy(words + 2, b, 16);
	for (int i = 0; i < 4; i++)
		sum += (unsigned __int128)words[i] * (secret[i] | 1);
	return (uint64_t)(sum >> 64);
}
