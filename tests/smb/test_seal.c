/*
 * The sealing transform (MS-SMB2 2.2.41, 3.1.4.3). The expected values were
 * computed with OpenSSL from the sections' rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/crypto.h"
#include "tests/fake/hex.h"

enum {
	HEAD = SMB_TRANSFORM_LENGTH,
	TEXT_MAX = 3000,
};

static const uint64_t session_id = 0x0123456789abcdef;
static const uint64_t nonce_start = 0x1122334455667788;

static struct smb_sealer *sealer_of(int cipher, uint64_t start)
{
	uint8_t key[32];

	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	return smb_sealer_new((enum smb_cipher)cipher, key, start);
}

static void fill(uint8_t *packet, size_t length)
{
	for (size_t i = 0; i < length; i++)
		packet[HEAD + i] = (uint8_t)(i * 7);
}

static void assert_text(const uint8_t *packet, size_t length)
{
	for (size_t i = 0; i < length; i++)
		assert_int_equal(packet[HEAD + i], (uint8_t)(i * 7));
}

static void sealed_packets_are_the_known_ones(void **state)
{
	static const struct {
		const char *tag, *first, *last;
	} cases[] = {
		[SMB_CIPHER_AES128_CCM] = { "8ff275104976712a98c3326cbf4a915b",
					    "31db6653d429ca7d3773398a2b05d039",
					    "59970449" },
		[SMB_CIPHER_AES128_GCM] = { "138a3b08554a6b7165ad9189a693b4fd",
					    "606507d8a2988dc2e28aa0b7e61fca06",
					    "56d3b8b6" },
		[SMB_CIPHER_AES256_CCM] = { "57cb26fcaa06b57323b4a594b931941a",
					    "3bbc50c11fceee4816826823afec4b27",
					    "2bc5fe27" },
		[SMB_CIPHER_AES256_GCM] = { "7fc8fe6a392dc6d88511a5c2638f55b1",
					    "de78e7bc7fb1607816f363296f0406a9",
					    "28f7ca6b" },
	};
	uint8_t packet[HEAD + 100 + SMB_SEAL_SPARE], expected[16];

	(void)state;
	for (int c = 1; c <= 4; c++) {
		struct smb_sealer *sealer = sealer_of(c, nonce_start);

		fill(packet, 100);
		assert_true(smb_seal(sealer, packet, 100, session_id));

		unhex(cases[c].tag, expected, 16);
		assert_memory_equal(packet + 4, expected, 16);
		unhex(cases[c].first, expected, 16);
		assert_memory_equal(packet + HEAD, expected, 16);
		unhex(cases[c].last, expected, 4);
		assert_memory_equal(packet + HEAD + 96, expected, 4);
		smb_sealer_free(sealer);
	}
}

static void a_sealed_packet_carries_its_header(void **state)
{
	uint8_t packet[HEAD + 100 + SMB_SEAL_SPARE];
	struct bytes whole = { packet, HEAD + 100 };
	struct smb_sealer *sealer = sealer_of(2, 1);
	struct smb_transform head;

	(void)state;
	fill(packet, 100);
	assert_true(smb_seal(sealer, packet, 100, session_id));

	assert_true(smb_transform_parse(whole, &head));
	assert_int_equal(head.size, 100);
	assert_int_equal(head.flags, 1);
	assert_true(head.session_id == session_id);
	smb_sealer_free(sealer);
}

static void every_length_is_sealed_and_unsealed(void **state)
{
	/* Exact allocations: a byte too far is a finding of the sanitizer. */
	(void)state;
	for (int c = 1; c <= 4; c++) {
		struct smb_sealer *sealer = sealer_of(c, 0);

		for (size_t n = 1; n <= TEXT_MAX; n++) {
			uint8_t *packet = malloc(HEAD + n + SMB_SEAL_SPARE);
			uint8_t *received = malloc(HEAD + n);

			fill(packet, n);
			assert_true(smb_seal(sealer, packet, n, session_id));
			memcpy(received, packet, HEAD + n);
			assert_true(smb_unseal(sealer, received, HEAD + n));
			assert_text(received, n);
			assert_memory_equal(received, packet, HEAD);
			free(packet);
			free(received);
		}
		smb_sealer_free(sealer);
	}
}

static void a_change_of_any_byte_is_refused(void **state)
{
	enum {
		N = 70
	};
	uint8_t packet[HEAD + N + SMB_SEAL_SPARE], changed[HEAD + N];

	(void)state;
	for (int c = 1; c <= 4; c++) {
		struct smb_sealer *sealer = sealer_of(c, 3);
		/* The field has 16 bytes; all of them are authenticated. */

		fill(packet, N);
		assert_true(smb_seal(sealer, packet, N, session_id));
		for (size_t at = 0; at < HEAD + N; at++) {
			memcpy(changed, packet, sizeof(changed));
			changed[at] ^= 1;
			assert_false(
				smb_unseal(sealer, changed, sizeof(changed)));
		}
		smb_sealer_free(sealer);
	}
}

static void a_refused_packet_leaves_no_text_behind(void **state)
{
	enum {
		N = 64
	};
	static const uint8_t nothing[N];
	uint8_t packet[HEAD + N + SMB_SEAL_SPARE];

	(void)state;
	for (int c = 1; c <= 4; c++) {
		struct smb_sealer *sealer = sealer_of(c, 3);

		fill(packet, N);
		assert_true(smb_seal(sealer, packet, N, session_id));
		packet[4] ^= 1;
		assert_false(smb_unseal(sealer, packet, HEAD + N));

		assert_memory_equal(packet + HEAD, nothing, N);
		smb_sealer_free(sealer);
	}
}

static void bad_geometry_is_refused(void **state)
{
	enum {
		N = 64
	};
	uint8_t packet[HEAD + N + SMB_SEAL_SPARE];
	struct smb_sealer *sealer = sealer_of(2, 3);
	struct smb_transform head;

	(void)state;
	fill(packet, N);
	assert_true(smb_seal(sealer, packet, N, session_id));
	for (size_t n = 0; n < HEAD + N; n++) {
		struct bytes cut = { packet, n };

		assert_false(smb_transform_parse(cut, &head));
		assert_false(smb_unseal(sealer, packet, n));
	}
	struct bytes longer = { packet, HEAD + N + 1 };

	assert_false(smb_transform_parse(longer, &head));
	smb_sealer_free(sealer);
}

/* EN-3: a nonce must never come twice. */
static void nonces_count_up_and_end(void **state)
{
	uint8_t a[HEAD + 8 + SMB_SEAL_SPARE], b[HEAD + 8 + SMB_SEAL_SPARE];
	struct smb_sealer *sealer = sealer_of(2, UINT64_MAX - 2);

	(void)state;
	fill(a, 8);
	fill(b, 8);
	assert_true(smb_seal(sealer, a, 8, session_id));
	assert_true(smb_seal(sealer, b, 8, session_id));
	assert_memory_not_equal(a + 20, b + 20, 16);
	assert_false(smb_seal(sealer, b, 8, session_id));
	assert_false(smb_seal(sealer, b, 8, session_id));
	smb_sealer_free(sealer);
	assert_null(smb_sealer_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_packets_are_the_known_ones),
		cmocka_unit_test(a_sealed_packet_carries_its_header),
		cmocka_unit_test(every_length_is_sealed_and_unsealed),
		cmocka_unit_test(a_change_of_any_byte_is_refused),
		cmocka_unit_test(a_refused_packet_leaves_no_text_behind),
		cmocka_unit_test(bad_geometry_is_refused),
		cmocka_unit_test(nonces_count_up_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
