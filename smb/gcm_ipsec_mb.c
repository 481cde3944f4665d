/*
 * AES-GCM by libipsec-mb, if the program was built with it: its code for VAES
 * and VPCLMULQDQ, four blocks an instruction, has no equal in GnuTLS. Its
 * functions for one message at once are all that is used; the manager is the
 * table in which they are found, and never changes.
 */
#include "smb/gcm.h"

#ifdef SMB_HAS_IPSEC_MB

#include <gnutls/gnutls.h>
#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

/* For one length of keys. */
struct suite {
	aes_gcm_pre_t pre;
	aes_gcm_enc_dec_t seal, open;
	aes_gmac_init_t mac_init;
	aes_gmac_update_t mac_update;
	aes_gmac_finalize_t mac_end;
};

struct smb_gcm_key {
	struct gcm_key_data data; /* first: aligned */
	struct gcm_context_data context;
	const struct suite *suite;
};

enum {
	KEY_ALIGNMENT = 64,
};

static struct suite suites[2]; /* for 16 and 32 bytes; frozen */

static struct smb_gcm_key *mb_key_new(const uint8_t *bytes, size_t length)
{
	size_t size = (sizeof(struct smb_gcm_key) + KEY_ALIGNMENT - 1) /
		      KEY_ALIGNMENT * KEY_ALIGNMENT;
	struct smb_gcm_key *key = aligned_alloc(KEY_ALIGNMENT, size);

	if (!key)
		return NULL;
	key->suite = &suites[length == 32];
	key->suite->pre(bytes, &key->data);
	return key;
}

static void mb_key_free(struct smb_gcm_key *key)
{
	explicit_bzero(key, sizeof(*key));
	free(key);
}

static void mb_seal(struct smb_gcm_key *key, const uint8_t nonce[12],
		    struct bytes aad, uint8_t *text, size_t length,
		    uint8_t ret_tag[SMB_GCM_TAG])
{
	key->suite->seal(&key->data, &key->context, text, text, length, nonce,
			 aad.at, aad.length, ret_tag, SMB_GCM_TAG);
}

static bool mb_open(struct smb_gcm_key *key, const uint8_t nonce[12],
		    struct bytes aad, uint8_t *text, size_t length,
		    const uint8_t tag[SMB_GCM_TAG])
{
	uint8_t right[SMB_GCM_TAG];

	key->suite->open(&key->data, &key->context, text, text, length, nonce,
			 aad.at, aad.length, right, SMB_GCM_TAG);
	return gnutls_memcmp(right, tag, SMB_GCM_TAG) == 0;
}

static void mb_mac(struct smb_gcm_key *key, const uint8_t nonce[12],
		   struct bytes first, struct bytes rest,
		   uint8_t ret_tag[SMB_GCM_TAG])
{
	const struct suite *s = key->suite;

	s->mac_init(&key->data, &key->context, nonce, SMB_GCM_NONCE);
	if (first.length)
		s->mac_update(&key->data, &key->context, first.at,
			      first.length);
	if (rest.length)
		s->mac_update(&key->data, &key->context, rest.at, rest.length);
	s->mac_end(&key->data, &key->context, ret_tag, SMB_GCM_TAG);
}

static const struct smb_gcm_library ipsec_mb = {
	.name = "ipsec-mb",
	.key_new = mb_key_new,
	.key_free = mb_key_free,
	.seal = mb_seal,
	.open = mb_open,
	.mac = mb_mac,
};

/* The library asks the CPU alone; AVX-512 needs the system's consent, too. */
static bool cpu_gains(const IMB_MGR *manager)
{
	const uint64_t wanted = IMB_FEATURE_VAES | IMB_FEATURE_VPCLMULQDQ;

	return (manager->features & wanted) == wanted &&
	       __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512vl");
}

static void take_suites(const IMB_MGR *m)
{
	suites[0] = (struct suite){
		.pre = m->gcm128_pre,
		.seal = m->gcm128_enc,
		.open = m->gcm128_dec,
		.mac_init = m->gmac128_init,
		.mac_update = m->gmac128_update,
		.mac_end = m->gmac128_finalize,
	};
	suites[1] = (struct suite){
		.pre = m->gcm256_pre,
		.seal = m->gcm256_enc,
		.open = m->gcm256_dec,
		.mac_init = m->gmac256_init,
		.mac_update = m->gmac256_update,
		.mac_end = m->gmac256_finalize,
	};
}

const struct smb_gcm_library *smb_gcm_ipsec_mb(void)
{
	static bool was_asked, gains;
	IMB_MGR *manager;

	if (was_asked)
		return gains ? &ipsec_mb : NULL;
	was_asked = true;
	manager = alloc_mb_mgr(0);
	if (!manager)
		return NULL;
	init_mb_mgr_auto(manager, NULL);
	gains = cpu_gains(manager);
	if (gains)
		take_suites(manager);
	free_mb_mgr(manager);
	return gains ? &ipsec_mb : NULL;
}

#else

const struct smb_gcm_library *smb_gcm_ipsec_mb(void)
{
	return NULL;
}

#endif
